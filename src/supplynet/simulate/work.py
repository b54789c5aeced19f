"""The lines at work: who is in a shift, who is stopped, what they draw, and for what they wait."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.backlog import Backlog
from supplynet.simulate.hooks import BoolArray, Disruptions
from supplynet.simulate.indexing import GroupSum
from supplynet.simulate.model import Crew, PlantModel
from supplynet.simulate.record import Record
from supplynet.simulate.serving import Served, Serving


class Work:
    """Plays the lines of a plant slot by slot.

    Args:
        model: The compiled plant.
        by_shift: Demand, shape (shift, replication or 1, series).
        halted: Parts that each line which stands at the start waits for.
        luck: Number of each replication, shape (replication,).
        trouble: What stops lines; None = nothing.

    Attributes:
        halted, missing: Now, shape (replication, line) and (replication, series).
        backlog: What lines owe; None where all of them lose what they do not build.
    """

    def __init__(
        self,
        model: PlantModel,
        by_shift: IntArray,
        halted: Mapping[str, frozenset[str]],
        luck: IntArray,
        trouble: Disruptions | None,
    ) -> None:
        self._model, self._luck, self._trouble = model, luck, trouble
        self._planned = _planned(by_shift, model)
        self.serving = Serving(model)
        self.halted = np.zeros((len(luck), len(model.lines)), dtype=bool)
        self.missing = np.zeros((len(luck), len(model.series)), dtype=bool)
        for index, (line, part) in enumerate(model.series):
            self.missing[:, index] = part in halted.get(line, ())
        for index, line in enumerate(model.lines):
            self.halted[:, index] = line in halted
        keeps = bool((model.catches_up | model.builds_short).any())
        self.backlog = Backlog(model, len(luck)) if keeps else None

    def play(
        self, slot: int, wanted: IntArray, on_hand: IntArray, record: Record
    ) -> tuple[Served, FloatArray, IntArray]:
        """Play one slot.

        Args:
            slot: The slot.
            wanted: Demand, shape (replication or 1, series).
            on_hand: Stock of the pairs, changed in place.
            record: Notes it.

        Returns:
            What was served, starved minutes of shape (replication, line), and the demand without
            that of stopped lines.
        """
        crews = self._model.crews
        running = [(crew, int(crew.shift_of_slot[slot])) for crew in crews]
        running = [(crew, shift) for crew, shift in running if shift >= 0]
        if not running:
            return self._nothing(), np.zeros(self.halted.shape), wanted
        for crew, shift in running:
            if slot == 0 or crew.shift_of_slot[slot - 1] != shift:
                record.standing[shift][:, crew.lines] = self.halted[:, crew.lines]
        planned, active = self._who(slot, running)
        if active is not None:
            wanted = wanted * active[:, self._model.line_of_series]
        minutes = int(self._model.slots.edges[slot + 1] - self._model.slots.edges[slot])
        served, starved = self._serve(wanted, on_hand, planned, active, minutes)
        for crew, shift in running:
            record.served(shift, crew, served, starved, minutes)
        return served, starved, wanted

    def _serve(
        self,
        wanted: IntArray,
        on_hand: IntArray,
        planned: BoolArray,
        active: BoolArray | None,
        minutes: int,
    ) -> tuple[Served, FloatArray]:
        if self.backlog is None:
            served = self.serving.serve(on_hand, wanted, self.halted, self.missing, active=active)
            return served, served.idle * planned * minutes
        there = np.ones((1, planned.shape[1]), dtype=bool) if active is None else active
        has_work = planned | self.backlog.waits
        extra = self.backlog.to_make_up(planned, there, minutes)
        served = self.serving.serve(
            on_hand, wanted, self.halted, self.missing, extra=extra, active=active
        )
        self.backlog.settle(wanted, served, planned, there, minutes)
        return served, served.idle * has_work * minutes

    def _who(
        self, slot: int, running: list[tuple[Crew, int]]
    ) -> tuple[BoolArray, BoolArray | None]:
        """Lines with work in their shift, and lines that run; shape (replication or 1, line).

        The second is None where all of them do.
        """
        stopped = None if self._trouble is None else self._trouble.stopped(slot, self._luck)
        if len(self._model.crews) == 1:
            planned = self._planned[running[0][1]]
            return planned, None if stopped is None or not stopped.any() else ~stopped
        planned = np.zeros(self._planned.shape[1:], dtype=bool)
        active = np.zeros((1, len(self._model.lines)), dtype=bool)
        for crew, shift in running:
            planned[:, crew.lines] = self._planned[shift][:, crew.lines]
            active[:, crew.lines] = True
        return planned, active if stopped is None else active & ~stopped

    def _nothing(self) -> Served:
        return Served(
            drawn=np.zeros(self.missing.shape, dtype=np.int32),
            idle=np.zeros(self.halted.shape),
            begun=np.zeros(self.halted.shape, dtype=bool),
            blame=np.zeros(self.missing.shape, dtype=np.float32),
        )


def _planned(by_shift: IntArray, model: PlantModel) -> BoolArray:
    """Whether a line has anything to build, shape (shift, replication or 1, line).

    Only then can it be starved: a line that was not to run loses nothing.
    """
    shifts, replications, series = by_shift.shape
    total = GroupSum(model.line_of_series)(by_shift.reshape(-1, series))
    return total.reshape(shifts, replications, len(model.lines)) > 0
