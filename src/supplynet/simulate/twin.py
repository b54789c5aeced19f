"""The twin of a plant: steps slot by slot, many replications at once.

The order of things at an edge between two slots: parts that have arrived become usable; then
decisions whose cut-off falls into the coming slot are taken; then vehicles of that slot leave and
the warehouse buys; then the lines work. Parts that arrive inside a slot are usable from its end.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import DecisionState, Observed
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.decide import Supply
from supplynet.simulate.departures import Batch, SlotDeparture, transit_minutes
from supplynet.simulate.due import Due, UnderWay, due_of
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import PlantModel
from supplynet.simulate.pipeline import Pipeline, inbound_minutes, released_departure
from supplynet.simulate.record import Dispatch, Record, RunResult
from supplynet.simulate.serving import BoolArray, Served, Serving
from supplynet.simulate.slot_demand import SlotDemand
from supplynet.simulate.state import PlantState
from supplynet.simulate.warehouse import Warehouse


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
        left: Goods that left a warehouse at the begin of the slot.
        bought: Parts ordered from suppliers at the begin, shape (replication, source).
        arrived: Parts usable from the end of the slot on, shape (replication, pair).
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
    left: tuple[Dispatch, ...]
    bought: IntArray
    arrived: IntArray
    received: IntArray


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
    ) -> None:
        count = demand.shape[0] if replications is None else replications
        if demand.shape[0] not in (1, count):
            raise InvalidInput(f"demand has {demand.shape[0]} replications, the twin {count}")
        self.model, self.seed, self.replications = model, seed, count
        self.slot = 0
        self.demand = SlotDemand(model, demand, seed)
        self.serving = Serving(model)
        self.on_hand = _repeat(np.maximum(state.on_hand, 0), count)
        self.halted = np.zeros((count, len(model.lines)), dtype=bool)
        self.missing = np.zeros((count, len(model.series)), dtype=bool)
        self.pipeline = Pipeline(model, count)
        self.warehouse = Warehouse(model, state, seed, count)
        self._record = Record(model, count, slots=record_slots)
        self._leaving: dict[int, list[Dispatch]] = defaultdict(list)
        self._on_road: list[UnderWay] = []
        self._working = _working(self.demand.by_shift, model)
        self._take_over(state)

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

    def state_of(self, pairs: IntArray) -> DecisionState:
        """Stock and orders of some pairs now, shape (replication, pair)."""
        return DecisionState(
            now=self.now,
            on_hand=self.on_hand[:, pairs],
            on_order=self.pipeline.on_order[:, pairs],
            due=self.due_of(pairs).quantities,
        )

    def due_of(self, pairs: IntArray) -> Due:
        """What is loaded for or on the road to some pairs now, vehicle by vehicle."""
        self._on_road = [
            goods
            for goods in self._on_road
            if goods.edge is None or bool((goods.edge > self.slot).any())
        ]
        loaded = (
            UnderWay(
                lane=goods.departure.lane,
                departure_at=goods.departure.departure_at,
                pairs=goods.pairs,
                quantities=goods.quantities,
            )
            for leaving in self._leaving.values()
            for goods in leaving
        )
        return due_of(self.model, [*self._on_road, *loaded], pairs, self.slot, self.replications)

    def supply_of(self, batch: Batch) -> Supply:
        """What a batch may take now."""
        return Supply(
            available=self.warehouse.available,
            source_of_pair=batch.source_of_pair,
            trip_of_pair=batch.departure_of_pair,
            room_litres=tuple(each.lane.volume_litres for each in batch.departures),
            litres=self.model.litres[batch.pairs],
        )

    def dispatch_batch(self, batch: Batch, quantities: IntArray) -> None:
        """Reserve what was granted to a batch, shape (replication, pair of the batch)."""
        for index, departure in enumerate(batch.departures):
            self.dispatch(departure, quantities[:, batch.departure_of_pair == index])

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
            InsufficientStock: A warehouse has less free stock than that.
        """
        if departure.depart_slot < self.slot:
            raise InvalidInput(f"{departure.lane.lane_id} left at {departure.departure_at}")
        chosen = departure.pairs if pairs is None else pairs
        amount = np.broadcast_to(quantities, (self.replications, len(chosen))).astype(np.int32)
        self.warehouse.reserve(chosen, amount)
        self.pipeline.on_order[:, chosen] += amount
        goods = Dispatch(departure=departure, pairs=chosen, quantities=amount)
        self._leaving[departure.depart_slot].append(goods)
        self._record.dispatches.append(goods)

    def step(self) -> SlotReport:
        """Advance by one slot.

        Raises:
            InvalidInput: The horizon is over.
        """
        if self.done:
            raise InvalidInput(f"the horizon ended at {self.model.slots.end}")
        slot, start = self.slot, self.now
        left = self._leave(slot)
        self._record.stock(self.on_hand, self.pipeline.in_transit)
        bought = self.warehouse.buy(slot)
        wanted = self.demand.of(slot)
        served, starved = self._work(slot, wanted)
        self.slot += 1
        arrived = self.pipeline.arrive(self.slot)
        self.on_hand += arrived
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
            left=left,
            bought=bought,
            arrived=arrived,
            received=self.warehouse.receive(self.slot),
        )

    def observed(self, replication: int = 0) -> Observed:
        """What could be seen of demand so far: consumption, NaN where the line was starved.

        Nor is a shift observed that began before the horizon did.
        """
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
        return self._record.result(self.demand.by_shift)

    def _work(self, slot: int, wanted: IntArray) -> tuple[Served, FloatArray]:
        shift = int(self.model.slots.shift_of_slot[slot])
        if shift < 0:
            return _nothing(self.halted.shape, self.missing.shape), np.zeros(self.halted.shape)
        if slot == 0 or self.model.slots.shift_of_slot[slot - 1] != shift:
            self._record.standing[shift] = self.halted
        served = self.serving.serve(self.on_hand, wanted, self.halted, self.missing)
        minutes = int(self.model.slots.edges[slot + 1] - self.model.slots.edges[slot])
        starved = served.idle * self._working[shift] * minutes
        self._record.served(shift, served, starved, minutes)
        return served, starved

    def _leave(self, slot: int) -> tuple[Dispatch, ...]:
        leaving = tuple(self._leaving.pop(slot, ()))
        for goods in leaving:
            departure = goods.departure
            self.warehouse.ship(goods.pairs, goods.quantities)
            transit = transit_minutes(
                departure.lane, departure.departure_at, self.seed, self.replications
            )
            begin = self.model.slots.minutes(departure.departure_at)
            arrival = begin + transit
            edge = self.pipeline.ship(goods.pairs, goods.quantities, arrival, after=slot)
            self._on_road.append(
                UnderWay(
                    lane=departure.lane,
                    departure_at=departure.departure_at,
                    pairs=goods.pairs,
                    quantities=goods.quantities,
                    edge=edge,
                )
            )
        return leaving

    def _take_over(self, state: PlantState) -> None:
        """Put what is under way and who is halted into place."""
        model = self.model
        for order in state.inbound:
            index = model.pair_index.get((order.stock_point_id, order.part_id))
            if index is None:
                continue
            pair = np.array([index], dtype=np.int32)
            amount = np.full((self.replications, 1), order.quantity, dtype=np.int32)
            self.pipeline.on_order[:, pair] += amount
            if order.departure_at > model.slots.start:
                departure = released_departure(model, order, pair)
                self.warehouse.reserve(pair, amount, check=False)
                goods = Dispatch(departure=departure, pairs=pair, quantities=amount)
                self._leaving[departure.depart_slot].append(goods)
            else:
                arrival = inbound_minutes(model, order, self.seed, self.replications)
                edge = self.pipeline.ship(pair, amount, arrival, after=0)
                self._on_road.append(
                    UnderWay(
                        lane=model.plant.lane_by_id[order.lane_id],
                        departure_at=order.departure_at,
                        pairs=pair,
                        quantities=amount,
                        edge=edge,
                    )
                )
        for index, (line, part) in enumerate(model.series):
            self.missing[:, index] = part in state.halted.get(line, ())
        for index, line in enumerate(model.lines):
            self.halted[:, index] = line in state.halted


def _repeat(row: IntArray, count: int) -> IntArray:
    return np.repeat(np.asarray(row, dtype=np.int32)[None, :], count, axis=0)


def _working(by_shift: IntArray, model: PlantModel) -> BoolArray:
    """Whether a line has anything to build, shape (shift, replication or 1, line).

    Only then can it be starved: a line that was not to run loses nothing.
    """
    shifts, replications, series = by_shift.shape
    total = GroupSum(model.line_of_series)(by_shift.reshape(-1, series))
    return total.reshape(shifts, replications, len(model.lines)) > 0


def _nothing(lines: tuple[int, ...], series: tuple[int, ...]) -> Served:
    return Served(
        drawn=np.zeros(series, dtype=np.int32),
        idle=np.zeros(lines),
        begun=np.zeros(lines, dtype=bool),
        blame=np.zeros(series, dtype=np.float32),
    )
