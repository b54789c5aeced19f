"""What a simulated plant went through, shift by shift."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.backlog import Backlog, lost_minutes
from supplynet.simulate.departures import SlotDeparture
from supplynet.simulate.model import NO_LIMIT, Crew, PlantModel
from supplynet.simulate.serving import BoolArray, Served


@dataclass(frozen=True, kw_only=True, eq=False)
class Dispatch:
    """Goods of one departure.

    Attributes:
        pairs: Indices of the pairs on board, shape (pair,).
        quantities: Parts, shape (replication, pair).
    """

    departure: SlotDeparture
    pairs: IntArray
    quantities: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Load:
    """Goods of vehicles that are decided together.

    Attributes:
        departures: The vehicles.
        pairs: What is on board, one vehicle after the other, shape (pair,).
        quantities: Parts, shape (replication, pair).
        vehicle_of_pair: Index into ``departures``, ascending, shape (pair,).
    """

    departures: tuple[SlotDeparture, ...]
    pairs: IntArray
    quantities: IntArray
    vehicle_of_pair: IntArray

    @cached_property
    def goods(self) -> tuple[Dispatch, ...]:
        """What is on each vehicle."""
        ends = np.searchsorted(self.vehicle_of_pair, np.arange(len(self.departures) + 1)).tolist()
        return tuple(
            Dispatch(
                departure=departure,
                pairs=self.pairs[first:last],
                quantities=self.quantities[:, first:last],
            )
            for departure, (first, last) in zip(self.departures, pairwise(ends), strict=True)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class RunResult:
    """Everything that a scorecard or a risk grid reads.

    Attributes:
        demand: What the lines would have drawn, shape (replication or 1, series, shift).
        consumed: What they drew, shape (replication, series, shift).
        starved_minutes: Shape (replication, line, shift).
        halts: Halts that began, shape (replication, line, shift).
        standing: Whether the line stood halted when the shift began, same shape.
        blamed_minutes: Starved minutes by missing part, shape (replication, series, shift).
        on_hand, in_transit: In each slot, before the lines draw, shape (slot, replication, pair);
            empty when the twin did not record slots.
        at_warehouse: Parts in all warehouses likewise, shape (slot, replication); without those
            that are never short.
        loads: What was decided, in order of the decisions.
        lost_minutes: Minutes of production lost for good, shape (replication, line); see
            ``backlog``. The starved minutes where every line loses what it does not build.
        owed: Parts that lines still owe at the end, shape (replication, series).
    """

    model: PlantModel
    demand: IntArray
    consumed: IntArray
    starved_minutes: FloatArray
    halts: IntArray
    standing: BoolArray
    blamed_minutes: npt.NDArray[np.float32]
    on_hand: IntArray
    in_transit: IntArray
    at_warehouse: FloatArray
    loads: tuple[Load, ...]
    lost_minutes: FloatArray
    owed: IntArray

    @cached_property
    def dispatches(self) -> tuple[Dispatch, ...]:
        """What was decided by vehicle, in order of the decisions."""
        return tuple(goods for load in self.loads for goods in load.goods)


class Record:
    """Collects a run; arrays have the shift first while they grow."""

    def __init__(self, model: PlantModel, replications: int, *, slots: bool) -> None:
        shifts, series, lines = len(model.shifts), len(model.series), len(model.lines)
        self.consumed = np.zeros((shifts, replications, series), dtype=np.int32)
        self.starved = np.zeros((shifts, replications, lines))
        self.halts = np.zeros((shifts, replications, lines), dtype=np.int32)
        self.standing = np.zeros((shifts, replications, lines), dtype=bool)
        self.blamed = np.zeros((shifts, replications, series), dtype=np.float32)
        self.loads: list[Load] = []
        self._model, self._slots = model, slots
        self._on_hand: list[IntArray] = []
        self._in_transit: list[IntArray] = []
        self._at_warehouse: list[FloatArray] = []

    def stock(self, on_hand: IntArray, in_transit: IntArray, sources: IntArray) -> None:
        """Note the stock of a slot, before the lines draw."""
        if self._slots:
            self._on_hand.append(on_hand.copy())
            self._in_transit.append(in_transit.copy())
            counted = np.where(sources < NO_LIMIT // 2, sources, 0)
            self._at_warehouse.append(counted.sum(axis=1, dtype=np.float64))

    def served(
        self, shift: int, crew: Crew, served: Served, starved_minutes: FloatArray, minutes: int
    ) -> None:
        """Note one slot of production of the lines that share a shift."""
        lines, series = crew.lines, crew.series
        self.consumed[shift][:, series] += served.drawn[:, series]
        if starved_minutes.any():
            self.starved[shift][:, lines] += starved_minutes[:, lines]
            self.halts[shift][:, lines] += served.begun[:, lines]
            self.blamed[shift][:, series] += served.blame[:, series] * np.float32(minutes)

    def result(self, demand: IntArray, backlog: Backlog | None) -> RunResult:
        """The record so far.

        Args:
            demand: With the shift first.
            backlog: What lines owe; None = they lose what they do not build.
        """
        nothing = np.zeros((0, 0, 0), dtype=np.int32)
        return RunResult(
            model=self._model,
            demand=np.moveaxis(demand, 0, 2),
            consumed=np.moveaxis(self.consumed, 0, 2),
            starved_minutes=np.moveaxis(self.starved, 0, 2),
            halts=np.moveaxis(self.halts, 0, 2),
            standing=np.moveaxis(self.standing, 0, 2),
            blamed_minutes=np.moveaxis(self.blamed, 0, 2),
            on_hand=np.stack(self._on_hand) if self._on_hand else nothing,
            in_transit=np.stack(self._in_transit) if self._in_transit else nothing,
            at_warehouse=np.stack(self._at_warehouse) if self._at_warehouse else np.zeros((0, 0)),
            loads=tuple(self.loads),
            lost_minutes=lost_minutes(self._model, self.starved, backlog),
            owed=np.zeros_like(self.consumed[0]) if backlog is None else backlog.owed.copy(),
        )
