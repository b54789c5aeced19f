"""What a simulated plant went through, shift by shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.departures import SlotDeparture
from supplynet.simulate.model import PlantModel
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
        dispatches: What was decided, in order of the decisions.
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
    dispatches: tuple[Dispatch, ...]


class Record:
    """Collects a run; arrays have the shift first while they grow."""

    def __init__(self, model: PlantModel, replications: int, *, slots: bool) -> None:
        shifts, series, lines = len(model.shifts), len(model.series), len(model.lines)
        self.consumed = np.zeros((shifts, replications, series), dtype=np.int32)
        self.starved = np.zeros((shifts, replications, lines))
        self.halts = np.zeros((shifts, replications, lines), dtype=np.int32)
        self.standing = np.zeros((shifts, replications, lines), dtype=bool)
        self.blamed = np.zeros((shifts, replications, series), dtype=np.float32)
        self.dispatches: list[Dispatch] = []
        self._model, self._slots = model, slots
        self._on_hand: list[IntArray] = []
        self._in_transit: list[IntArray] = []

    def stock(self, on_hand: IntArray, in_transit: IntArray) -> None:
        """Note the stock of a slot, before the lines draw."""
        if self._slots:
            self._on_hand.append(on_hand.copy())
            self._in_transit.append(in_transit.copy())

    def served(self, shift: int, served: Served, starved_minutes: FloatArray, minutes: int) -> None:
        """Note one slot of production."""
        self.consumed[shift] += served.drawn
        if starved_minutes.any():
            self.starved[shift] += starved_minutes
            self.halts[shift] += served.begun
            self.blamed[shift] += served.blame * np.float32(minutes)

    def result(self, demand: IntArray) -> RunResult:
        """The record so far; ``demand`` has the shift first."""
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
            dispatches=tuple(self.dispatches),
        )
