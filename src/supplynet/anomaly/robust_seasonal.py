"""Robust seasonal: the median of the same shift in weeks before, and how far values stray from it.

One screen of code that needs no training: the baseline that every other detector must beat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from supplynet.anomaly.detector import Judged, Progress
from supplynet.anomaly.medians import median_seen
from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.model import check_history
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState
from supplynet.learning.timelines import Timeline, timeline
from supplynet.learning.windows import Index, Occurrences, gather

_BAND = 3.0  # spreads to each side that are taken for usual
_MOST = 1e4  # spreads: beyond it one is as odd as another
_SERIES_AT_ONCE = 256  # bounds the memory


@dataclass(frozen=True, kw_only=True)
class RobustSeasonal:
    """``|y - median| / spread``: median of the slot, spread by the median absolute deviation.

    The slot is the same shift on the same weekday; where it was seen too seldom, the same shift.

    Args:
        weeks: Occurrences of the slot that the median is taken of.
        least: Occurrences below which the slot says nothing.
        errors: Last deviations of the same shift that the spread is taken of.
    """

    weeks: int = 8
    least: int = 3
    errors: int = 28

    def fit(self, panel: Panel, *, progress: Progress | None = None) -> FittedRobustSeasonal:  # noqa: ARG002
        """Note the season; there is nothing else to learn.

        Raises:
            HistoryTooShort: Fewer than ``least + 1`` periods.
        """
        check_history(panel, self.least + 1)
        line = timeline(panel.periods)
        return FittedRobustSeasonal(
            settings=self,
            season=line.season_length,
            shifts=len(np.unique(_times_of_day(line))),
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedRobustSeasonal:
        """Bring a saved detector back."""
        return FittedRobustSeasonal(
            settings=cls(**state.settings),
            season=state.scaler["season"],
            shifts=state.scaler["shifts"],
        )


@dataclass(frozen=True, kw_only=True)
class FittedRobustSeasonal:
    """Settings, and the calendar that they were fitted on: periods in a season, shifts in a day."""

    settings: RobustSeasonal
    season: int
    shifts: int

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at."""
        return self._slot_age + self._error_age

    @property
    def _slot_age(self) -> int:
        return (self.settings.weeks + 2) * max(self.season, 2 * self.settings.least)

    @property
    def _error_age(self) -> int:
        return 2 * self.settings.errors * self.shifts

    def judge(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Judged:  # noqa: ARG002
        """How many spreads each value is from its median; see ``detector.FittedDetector``."""
        total = len(panel.periods)
        last = total if last is None else min(last, total)
        near = panel.tail(last + self.context)
        total_near, line = len(near.periods), timeline(near.periods)
        slots = Occurrences.of(line.slot_codes(line.shift_names, self.season))
        shifts = Occurrences.of(_times_of_day(line))
        parts = [
            self._some(replace(near, series=names, demand=rows), slots, shifts)
            for names, rows in _shards(near)
        ]
        found = (np.concatenate(each)[:, total_near - last :] for each in zip(*parts, strict=True))
        strangeness, expected, low, high = found
        return Judged(strangeness=strangeness, expected=expected, low=low, high=high)

    def _some(
        self, panel: Panel, slots: Occurrences, shifts: Occurrences
    ) -> tuple[FloatArray, ...]:
        now, own = np.arange(len(panel.periods)), self.settings
        usual = self._before(panel.demand, slots, now, own.weeks, self._slot_age)
        middle, seen = median_seen(usual)
        coarse, _ = median_seen(self._before(panel.demand, shifts, now, own.weeks, self._slot_age))
        expected = np.where(seen >= own.least, middle, coarse)
        error = panel.demand - expected
        before = np.abs(self._before(error, shifts, now, own.errors, self._error_age))
        typical, count = median_seen(before)
        mean = np.nansum(before, axis=-1) / np.maximum(count, 1)
        spread = np.sqrt((1.4826 * typical) ** 2 + (0.3 * mean) ** 2 + (0.02 * expected) ** 2)
        spread = np.where(count >= own.least, spread, np.nan)
        far = np.abs(error) / np.maximum(spread, 1e-12)  # of what never strayed from 0 as well
        band = _BAND * spread
        low, high = np.maximum(expected - band, 0.0), expected + band
        return np.minimum(far, _MOST), expected, low, high

    def _before(
        self, values: FloatArray, codes: Occurrences, now: Index, count: int, age: int
    ) -> FloatArray:
        return gather(values, codes.previous(now, now, count, age))

    def state(self) -> ModelState:
        """The detector as plain data."""
        return ModelState(
            model="robust_seasonal",
            settings=asdict(self.settings),
            scaler={"season": self.season, "shifts": self.shifts},
        )


def _times_of_day(line: Timeline) -> Index:
    """Number of each period's shift, or of its time of day where shifts have no name."""
    if line.frequency != "hour":
        return line.shift_codes(line.shift_names)
    return np.asarray(np.unique(line.minutes_of_day, return_inverse=True)[1], dtype=np.int64)


def _shards(panel: Panel) -> Iterator[tuple[tuple[tuple[str, str], ...], FloatArray]]:
    for first in range(0, max(1, len(panel.series)), _SERIES_AT_ONCE):
        rows = slice(first, first + _SERIES_AT_ONCE)
        yield panel.series[rows], panel.demand[rows]
