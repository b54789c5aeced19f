"""Where a series moved to another level and stayed there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.row_statistics import NORMAL, row_means, row_medians

WINDOW = 6
"""Weeks on each side that are compared."""
SURE = 6.0
"""Least difference of the two means in standard errors; a straight line has 5.6 everywhere."""
NOTABLE = 0.25
"""Least change as a share of the higher of the two levels."""
_FEWEST = 3  # observed weeks on each side
_LONG = 12  # weeks on each side in which the change must last


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """One change of one series.

    Attributes:
        series: Place of the series.
        week: Index of the first week at the new level.
        before, after: Mean of the weeks before and after.
        score: Difference in standard errors.
    """

    series: int
    week: int
    before: float
    after: float
    score: float

    @property
    def change(self) -> float:
        """Share by which it went up or down; 9.99 from nothing."""
        return self.after / self.before - 1 if self.before > 0 else 9.99


def level_changes(weekly: FloatArray, most: int = 2) -> list[LevelChange]:
    """The clearest lasting changes of each row of ``weekly``, shape (series, week).

    The mean of the six weeks before each week is compared with that of the six weeks from it on,
    in standard errors; the noise is the larger of the median absolute difference of neighbouring
    weeks and the standard deviation within the two windows, so that neither a calm series with one
    wild month nor one of many zeros looks sure of itself. At least half of the change must be left
    in the medians of the twelve weeks on either side, so a campaign or a holiday week is none.
    """
    weeks = weekly.shape[1]
    if weeks < 2 * _FEWEST:
        return []
    before, many_before = _means(weekly, np.arange(weeks) - WINDOW, np.arange(weeks))
    after, many_after = _means(weekly, np.arange(weeks), np.arange(weeks) + WINDOW)
    both = (many_before >= _FEWEST) & (many_after >= _FEWEST)
    spread = _spread(weekly, before, many_before, after, many_after)
    noise = np.maximum(_noise(weekly)[:, None], spread)
    error = noise * np.sqrt(1 / np.maximum(1, many_before) + 1 / np.maximum(1, many_after))
    score = np.where(both, (after - before) / error, 0.0)
    size = np.abs(after - before) / np.maximum(np.maximum(before, after), 1e-12)
    score[(np.abs(score) < SURE) | (size < NOTABLE)] = 0.0
    found: list[LevelChange] = []
    for row in np.flatnonzero(np.abs(score).max(axis=1) > 0):
        found += _of_row(int(row), weekly[row], score[row].copy(), before[row], after[row], most)
    return found


def _of_row(
    row: int,
    weekly: FloatArray,
    score: FloatArray,
    before: FloatArray,
    after: FloatArray,
    most: int,
) -> list[LevelChange]:
    """The best weeks of one series, each further from the last than the window."""
    found: list[LevelChange] = []
    while len(found) < most and np.abs(score).max() > 0:
        week = int(np.abs(score).argmax())
        if _lasts(weekly, week, after[week] - before[week]):
            change = LevelChange(
                series=row,
                week=week,
                before=float(before[week]),
                after=float(after[week]),
                score=float(abs(score[week])),
            )
            found.append(change)
        score[max(0, week - WINDOW) : week + WINDOW + 1] = 0.0
    return sorted(found, key=lambda change: change.week)


def _lasts(weekly: FloatArray, week: int, jump: float) -> bool:
    sides = weekly[max(0, week - _LONG) : week], weekly[week : week + _LONG]
    low, high = (float(np.median(side[np.isfinite(side)])) for side in sides)
    return bool((high - low) * np.sign(jump) >= abs(jump) / 2)


def _noise(weekly: FloatArray) -> FloatArray:
    """Standard deviation of a week's mean around its level, at least 2 % of the mean."""
    steps = NORMAL * np.nan_to_num(row_medians(np.abs(np.diff(weekly, axis=1)))) / np.sqrt(2)
    made: FloatArray = np.maximum(np.maximum(steps, 0.02 * np.abs(row_means(weekly))), 1e-12)
    return made


def _spread(
    weekly: FloatArray,
    before: FloatArray,
    many_before: np.ndarray,
    after: FloatArray,
    many_after: np.ndarray,
) -> FloatArray:
    """Pooled standard deviation of the weeks in the two windows around each week."""
    at = np.arange(weekly.shape[1])
    squares = weekly**2
    low, _ = _means(squares, at - WINDOW, at)
    high, _ = _means(squares, at, at + WINDOW)
    total = many_before * (low - before**2) + many_after * (high - after**2)
    freedom = np.maximum(1, many_before + many_after - 2)
    made: FloatArray = np.sqrt(np.maximum(total, 0.0) / freedom)
    return made


def _means(weekly: FloatArray, low: np.ndarray, high: np.ndarray) -> tuple[FloatArray, np.ndarray]:
    """Mean and number of the observed weeks in ``[low, high)`` for each pair of bounds."""
    weeks = weekly.shape[1]
    low, high = np.clip(low, 0, weeks), np.clip(high, 0, weeks)
    seen = np.isfinite(weekly)
    total = np.pad(np.cumsum(np.where(seen, weekly, 0.0), axis=1), ((0, 0), (1, 0)))
    many = np.pad(np.cumsum(seen, axis=1), ((0, 0), (1, 0)))
    count = many[:, high] - many[:, low]
    mean = np.zeros(count.shape)
    np.divide(total[:, high] - total[:, low], count, out=mean, where=count > 0)
    return np.maximum(mean, 0.0), count
