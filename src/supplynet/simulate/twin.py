"""The twin of a plant: steps slot by slot, many replications at once.

The order of things at an edge between two slots: parts that have arrived become usable; then
decisions whose cut-off falls into the coming slot are taken; then vehicles of that slot leave and
the warehouse buys; then the lines work. Parts that arrive inside a slot are usable from its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import DecisionState, Observed
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.decide import Supply
from supplynet.simulate.departures import Batch, SlotDeparture
from supplynet.simulate.due import Due, due_of
from supplynet.simulate.hooks import Disruptions
from supplynet.simulate.indexing import as_slice
from supplynet.simulate.model import NO_LIMIT, PlantModel
from supplynet.simulate.origins import Origins
from supplynet.simulate.pipeline import Pipeline
from supplynet.simulate.record import Dispatch, Load, Record, RunResult
from supplynet.simulate.serving import BoolArray
from supplynet.simulate.slot_demand import SlotDemand
from supplynet.simulate.stakes import window_minutes
from supplynet.simulate.state import PlantState
from supplynet.simulate.vehicles import Vehicles
from supplynet.simulate.warehouse import Warehouse
from supplynet.simulate.work import Work


@dataclass(frozen=True, kw_only=True, eq=False)
class SlotReport:
    """What happened in one slot, for a player that turns it into events.

    Attributes:
        slot, start, end: The slot; ``start`` and ``end`` are aware.
        wanted: Parts that the lines would have drawn, shape (replication or 1, series); nobody
            in the plant can see this.
        drawn: Parts drawn, shape (replication, series).
        starved_minutes: Shape (replication, line).
        halted, missing: At the end of the slot, shape (replication, line) and (.., series).
        begun: Halts that began, shape (replication, line).
        loads: Goods that left where they were stored at the begin of the slot.
        bought: Parts ordered from suppliers at the begin, shape (replication, source).
        arrived: Parts usable from the end of the slot on, shape (replication, pair).
        scrapped: Parts that arrived damaged or not at all, same shape.
        received: Purchased parts at warehouses from the end on, shape (replication, source).
    """

    slot: int
    start: datetime
    end: datetime
    wanted: IntArray
    drawn: IntArray
    starved_minutes: FloatArray
    halted: BoolArray
    missing: BoolArray
    begun: BoolArray
    loads: tuple[Load, ...]
    bought: IntArray
    arrived: IntArray
    scrapped: IntArray
    received: IntArray

    @property
    def left(self) -> tuple[Dispatch, ...]:
        """The same by vehicle."""
        return tuple(goods for load in self.loads for goods in load.goods)


class Twin:
    """A plant in time. Only ``dispatch`` and ``step`` change it.

    Args:
        model: The compiled plant.
        demand: Parts that the lines would draw, shape (replication or 1, series, shift). Of a
            shift that began before the horizon only what is left of it.
        state: The start, the same for all replications.
        seed: Of transit times, purchase lead times and the phases of demand. The same seed
            gives the same to every policy (common random numbers).
        replications: At least those of ``demand``; None = those of ``demand``.
        record_slots: Keep stock slot by slot (for scorecards).
        luck: Number that keys the transit and lead times of each replication, shape
            (replication,); equal numbers have equal luck. None = each its own.
        trouble: What goes wrong; None = nothing.
    """

    def __init__(
        self,
        model: PlantModel,
        demand: npt.NDArray[np.integer],
        state: PlantState,
        *,
        seed: int,
        replications: int | None = None,
        record_slots: bool = True,
        luck: IntArray | None = None,
        trouble: Disruptions | None = None,
    ) -> None:
        count = demand.shape[0] if replications is None else replications
        _check(demand, model, count)
        self.model, self.seed, self.replications = model, seed, count
        self._luck = np.arange(count, dtype=np.int32) if luck is None else luck
        self.slot = 0
        self.demand = SlotDemand(model, demand, seed)
        self.on_hand = _repeat(np.maximum(state.on_hand, 0), count)
        self.pipeline = Pipeline(model, count)
        self.warehouse = Warehouse(model, state, seed, self._luck, trouble)
        self.origins = Origins(model, self.warehouse, self.on_hand)
        self._vehicles = Vehicles(
            model, self.origins, self.pipeline, seed=seed, luck=self._luck, trouble=trouble
        )
        self._trouble = trouble
        self.work = Work(model, self.demand.by_shift, state.halted, self._luck, trouble)
        self.serving, self.halted, self.missing = (
            self.work.serving,
            self.work.halted,
            self.work.missing,
        )
        self._record = Record(model, count, slots=record_slots)
        self._due: tuple[IntArray, Due] | None = None
        self._vehicles.take_over(state.inbound)
        self._book_error = self._read_books()

    @property
    def now(self) -> datetime:
        """The moment at which the next slot begins."""
        return self.model.slots.moment(self.slot)

    @property
    def done(self) -> bool:
        """Whether the horizon is over."""
        return self.slot >= len(self.model.slots)

    def due(self) -> tuple[Batch, ...]:
        """Decisions to be taken now, before the next step, one batch after the other."""
        return () if self.done else self.model.batches.get(self.slot, ())

    def state_of(self, pairs: IntArray, *, vehicles: bool = True) -> DecisionState:
        """Stock and orders of some pairs now as the books have them, shape (replication, pair).

        Args:
            pairs: Shape (pair,).
            vehicles: Whether anybody asks on which vehicle what is.
        """
        columns = as_slice(pairs)
        return DecisionState(
            now=self.now,
            on_hand=self._seen(columns),
            on_order=self.pipeline.on_order[:, columns].copy(),
            due=self.due_of(pairs).quantities if vehicles else None,
        )

    def due_of(self, pairs: IntArray) -> Due:
        """What is loaded for or on the road to some pairs now, vehicle by vehicle.

        Kept until a load or a step changes it: state, outlook and explanation of one decision all
        ask for the same pairs. Its quantities are read-only.
        """
        if self._due is None or self._due[0] is not pairs:
            under_way = self._vehicles.under_way(self.slot)
            found = due_of(self.model, under_way, pairs, self.slot, self.replications)
            found.quantities.flags.writeable = False
            self._due = pairs, found
        return self._due[1]

    def supply_of(self, batch: Batch, *, stakes: bool = True) -> Supply:
        """What a batch may take now.

        Args:
            batch: Decided now.
            stakes: Whether anybody asks what a shortage would cost.
        """
        return Supply(
            available=self.origins.available,
            source_of_pair=batch.source_of_pair,
            trip_of_pair=batch.departure_of_pair,
            room_litres=tuple(each.lane.volume_litres for each in batch.departures),
            litres=self.model.litres[batch.pairs],
            minimum_litres=tuple(each.lane.minimum_trip_litres for each in batch.departures),
            window_minutes=window_minutes(batch) if stakes else None,
            line_weight=self.model.line_weight[batch.pairs] if stakes else None,
        )

    def dispatch_batch(self, batch: Batch, quantities: IntArray) -> None:
        """Reserve what was granted to a batch, shape (replication, pair of the batch)."""
        amount = self._amount(quantities, len(batch.pairs))
        self._load(
            Load(
                departures=batch.departures,
                pairs=batch.pairs,
                quantities=amount,
                vehicle_of_pair=batch.departure_of_pair,
            )
        )

    def dispatch(
        self, departure: SlotDeparture, quantities: IntArray, pairs: IntArray | None = None
    ) -> None:
        """Reserve goods for a departure; they leave with it.

        Args:
            departure: Of the model, not yet gone.
            quantities: Parts, >= 0, shape (replication or 1, pair).
            pairs: Their pairs; None = the pairs of the departure.

        Raises:
            InvalidInput: The vehicle has left.
            InsufficientStock: A warehouse or store has less free stock than that.
        """
        chosen = departure.pairs if pairs is None else pairs
        amount = self._amount(quantities, len(chosen))
        nobody_else = np.zeros(len(chosen), dtype=np.int32)
        self._load(
            Load(
                departures=(departure,),
                pairs=chosen,
                quantities=amount,
                vehicle_of_pair=nobody_else,
            )
        )

    def step(self) -> SlotReport:
        """Advance by one slot.

        Raises:
            InvalidInput: The horizon is over.
        """
        if self.done:
            raise InvalidInput(f"the horizon ended at {self.model.slots.end}")
        slot, start = self.slot, self.now
        self._due = None
        left = self._vehicles.leave(slot)
        self._record.stock(self.on_hand, self.pipeline.in_transit, self.warehouse.on_hand)
        bought = self.warehouse.buy(slot)
        served, starved, wanted = self.work.play(
            slot, self.demand.of(slot), self.on_hand, self._record
        )
        self.slot += 1
        arrived, scrapped = self.pipeline.arrive(self.slot)
        if arrived.flags.writeable:  # else nothing arrives
            self.on_hand += arrived
        received = self.warehouse.receive(self.slot)
        self._book_error = self._read_books()
        return SlotReport(
            slot=slot,
            start=start,
            end=self.now,
            wanted=wanted,
            drawn=served.drawn,
            starved_minutes=starved,
            halted=self.halted.copy(),
            missing=self.missing.copy(),
            begun=served.begun,
            loads=left,
            bought=bought,
            arrived=arrived,
            scrapped=scrapped,
            received=received,
        )

    def observed(self, replication: int = 0) -> Observed:
        """What could be seen of demand so far: consumption, NaN where the line was starved.

        Nor is a shift observed that began before the horizon did.

        Raises:
            InvalidInput: Lines have different shifts: forecasts have one grid of periods.
        """
        if len(self.model.crews) > 1:
            raise InvalidInput(
                "a forecast needs lines with the same shifts; use a policy without a forecast, or "
                "simulate lines with different shifts as separate plants"
            )
        slots, record = self.model.slots, self._record
        finished = sum(shift.end <= self.now for shift in slots.shifts)
        starved = record.starved[:, replication][:, self.model.line_of_series] > 0
        seen = np.where(starved, np.nan, record.consumed[:, replication])
        if slots.shifts[0].start < slots.start:
            seen[0] = np.nan
        running = finished < len(slots.shifts) and slots.shifts[finished].start < self.now
        return Observed(
            series=self.model.series,
            period_starts=tuple(shift.start for shift in slots.shifts[:finished]),
            period_ends=tuple(shift.end for shift in slots.shifts[:finished]),
            demand=seen[:finished].T.astype(np.float64),
            running=seen[finished].astype(np.float64) if running else None,
        )

    def result(self) -> RunResult:
        """The record so far."""
        return self._record.result(self.demand.by_shift, self.work.backlog)

    def _amount(self, quantities: IntArray, pairs: int) -> IntArray:
        return np.broadcast_to(quantities, (self.replications, pairs)).astype(np.int32)

    def _load(self, load: Load) -> None:
        for departure in load.departures:
            if departure.depart_slot < self.slot:
                raise InvalidInput(f"{departure.lane.lane_id} left at {departure.departure_at}")
        self._due = None
        self._vehicles.load(load)
        self._record.loads.append(load)

    def _read_books(self) -> IntArray | None:
        """By how much the books are wrong in this slot; None = nobody disturbs them."""
        if self._trouble is None or self.done:
            return None
        return self._trouble.book(self.slot, self.on_hand) - self.on_hand

    def _seen(self, columns: IntArray | slice) -> IntArray:
        """Stock as decisions see it, a copy."""
        if self._book_error is None:
            return self.on_hand[:, columns].copy()
        booked = self.on_hand[:, columns] + self._book_error[:, columns]
        return np.asarray(np.maximum(booked, 0), dtype=np.int32)


def _check(demand: npt.NDArray[np.integer], model: PlantModel, count: int) -> None:
    if demand.shape[0] not in (1, count):
        raise InvalidInput(f"demand has {demand.shape[0]} replications, the twin {count}")
    if demand.shape[1:] != (len(model.series), len(model.shifts)):
        raise InvalidInput(
            f"demand has shape {demand.shape}, the plant {len(model.series)} series and "
            f"{len(model.shifts)} shifts"
        )
    whole = np.issubdtype(demand.dtype, np.integer)
    if not whole or int(demand.min(initial=0)) < 0 or int(demand.max(initial=0)) > NO_LIMIT:
        raise InvalidInput(f"demand must be whole parts from 0 to {NO_LIMIT} in every shift")


def _repeat(row: IntArray, count: int) -> IntArray:
    return np.repeat(np.asarray(row, dtype=np.int32)[None, :], count, axis=0)
