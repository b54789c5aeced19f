"""What every anomaly detector is: settings that fit, and a fitted detector that judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState

Progress = Callable[[int, int, float], None]
"""Called with the rounds done, the most rounds, and the loss so far."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """How odd every value of some periods is. All arrays have shape (series, period).

    Attributes:
        strangeness: The higher the odder, in the detector's own unit, which is the same for all
            series; NaN where it cannot tell: nothing was observed, or too little came before.
        expected: What it would have thought usual, in parts; NaN where it has no opinion.
        low, high: Between them lies what it takes for usual, about 99 of 100 values.
    """

    strangeness: FloatArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray

    def tail(self, count: int) -> Judged:
        """The last ``count`` periods, or all when there are fewer."""
        first = max(0, self.strangeness.shape[1] - count)
        return Judged(
            strangeness=self.strangeness[:, first:],
            expected=self.expected[:, first:],
            low=self.low[:, first:],
            high=self.high[:, first:],
        )

    def with_strangeness(self, strangeness: FloatArray) -> Judged:
        """The same expectation, judged otherwise."""
        return replace(self, strangeness=strangeness)


class FittedDetector(Protocol):
    """A detector that has learnt what is usual. Judging changes nothing in it."""

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at; more change nothing."""

    def judge(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Judged:
        """Judge the last periods of a panel.

        A value is judged by what was known when its period was over: later values change nothing,
        unless ``hindsight`` lets the detector look at both sides.

        Args:
            panel: Of the series that it was fitted on or of others. NaN = not observed.
            last: How many periods at the end; None = all.
            hindsight: Whether later values may be looked at too, which places an anomaly better.

        Returns:
            Shape (series, ``last``). What is judged of a line does not depend on other lines.
        """

    def state(self) -> ModelState:
        """The detector as plain data, for ``learning.artifacts``."""


class Detector(Protocol):
    """Settings of a detector; a frozen dataclass that can be fitted any number of times."""

    def fit(self, panel: Panel, *, progress: Progress | None = None) -> FittedDetector:
        """Learn what is usual, from a history in which some values may be odd.

        Raises:
            HistoryTooShort: Fewer periods than the detector needs.
        """

    @classmethod
    def restore(cls, state: ModelState) -> FittedDetector:
        """Bring a saved detector back.

        Raises:
            ModelError: It was made with other inputs.
        """
