"""Production that a shortage put off: made up later, or built short and owed.

What the figures of a run mean for each kind of line:

============  ===============================  ==========================  ====================
line          starved minutes                  halt                        lost for good
============  ===============================  ==========================  ====================
lost          stood for want of a part         contiguous standstill       what it did not build
catch_up      the same                         the same                    what it still owes
build_short   ran while it owed some part      contiguous time of owing    nothing
============  ===============================  ==========================  ====================

A line is starved only in shifts in which it has work; to a ``catch_up`` line what it owes is work.
"""

from __future__ import annotations

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.simulate.hooks import BoolArray
from supplynet.simulate.model import PlantModel
from supplynet.simulate.serving import Served


class Backlog:
    """What lines owe, vectorised over replications.

    A ``catch_up`` line that was starved owes the minutes and the parts that it missed. In later
    slots of its shifts it works off minutes on top of its plan: at most the model's
    ``catch_up_percent`` of a slot in which it has work (a whole minute at least), at most the
    whole slot in a shift without. With the minutes goes the same share of each part, rounded
    down, so that the last minute brings what is left.

    A ``build_short`` line draws what is there and owes the rest, which goes first when it comes.

    Attributes:
        owed: Parts, shape (replication, series).
        minutes: Work that ``catch_up`` lines owe, shape (replication, line).
    """

    def __init__(self, model: PlantModel, replications: int) -> None:
        self.owed = np.zeros((replications, len(model.series)), dtype=np.int32)
        self.minutes = np.zeros((replications, len(model.lines)), dtype=np.int32)
        self._line_of_series = model.line_of_series
        self._catches_up, self._percent = model.catches_up, model.catch_up_percent
        self._keeps = (model.catches_up | model.builds_short)[model.line_of_series]
        self._short = model.builds_short[model.line_of_series]
        self._made = np.zeros_like(self.minutes)

    @property
    def waits(self) -> BoolArray:
        """Lines that have work to make up, shape (replication, line)."""
        return self.minutes > 0

    def to_make_up(self, planned: BoolArray, active: BoolArray, minutes: int) -> IntArray:
        """Parts that lines want in a slot on top of its demand, shape (replication, series).

        Args:
            planned: Whether the line has work in the shift, shape (replication or 1, line).
            active: Whether it is in a shift and not stopped, same shape.
            minutes: Of the slot.
        """
        overtime = max(minutes * self._percent // 100, 1) if self._percent else 0
        room = np.where(planned, overtime, minutes) * (active & self._catches_up)
        self._made = np.minimum(self.minutes, room).astype(np.int32)
        made = self._made[:, self._line_of_series].astype(np.int64)
        owing = np.maximum(self.minutes, 1)[:, self._line_of_series]
        caught_up = self.owed * made // owing
        owes = self._short & active[:, self._line_of_series]
        return np.where(owes, self.owed, caught_up).astype(np.int32)

    def settle(
        self, demand: IntArray, served: Served, planned: BoolArray, active: BoolArray, minutes: int
    ) -> None:
        """Book what a slot brought; arguments as there, ``demand`` without the extra."""
        runs = active[:, self._line_of_series] & self._keeps
        self.owed += np.where(runs, demand - served.drawn, 0)
        work = np.where(planned, minutes, 0) + self._made
        # Minutes are whole; an idle share is a fraction of parts, so far above what is taken off.
        missed = np.ceil(served.idle * work - 1e-9).astype(np.int32)
        change = np.where(active & self._catches_up, missed - self._made, 0)
        self.minutes += change.astype(np.int32)


def lost_minutes(model: PlantModel, starved: FloatArray, backlog: Backlog | None) -> FloatArray:
    """Minutes of production lost for good, shape (replication, line).

    Args:
        model: The compiled plant.
        starved: Starved minutes of the run, shape (shift, replication, line).
        backlog: What is owed at its end.
    """
    total = starved.sum(axis=0)
    if backlog is None:
        return np.asarray(total)
    total = np.where(model.catches_up, backlog.minutes, total)
    return np.where(model.builds_short, 0.0, total)
