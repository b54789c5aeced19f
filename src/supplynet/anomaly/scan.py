"""Scanning: single surprises, and sums of several, each as rare as it is.

A shift of level by a third is no surprise in one period and a great one after four. Sums over the
last periods, and over the last ones of the same shift (a night shift that drifts), are looked at
side by side, up and down; each has a tail of its own, so that the rarest of them counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supplynet.anomaly.surprise import Surprise
from supplynet.anomaly.tails import SMALLEST, Tail, fit_tail
from supplynet.core.sample_paths import FloatArray
from supplynet.learning.windows import Index

WINDOWS = (
    ("beside", 1, False),
    ("beside", 2, False),
    ("beside", 4, False),
    ("beside", 3, True),
    ("beside", 6, True),
    ("alone", 1, False),
    ("alone", 4, False),
    ("same", 1, False),
)
"""View, number of values summed, and whether of the same shift."""
LONGEST = max(count for _, count, _ in WINDOWS)
_CUT = 4.0  # of one value in a sum of several: a spike is one, not four
_NOTHING = Tail(grid=np.array([0.0, 1e3]), beyond=0.05, scale=1.0, shape=0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scan:
    """Tails of every window, upwards and downwards.

    Attributes:
        tails: Two of each of ``WINDOWS``.
    """

    tails: tuple[Tail, ...]

    @classmethod
    def of(cls, surprise: Surprise, shifts: Index) -> Scan:
        """Learn how far sums stray.

        Args:
            surprise: Of a history.
            shifts: Number of the shift of each period.
        """
        sums = _sums(surprise, shifts)
        return cls(
            tails=tuple(fit_tail(sign * each) or _NOTHING for each in sums for sign in (1, -1))
        )

    def strangeness(self, surprise: Surprise, shifts: Index) -> FloatArray:
        """``-log10`` of the smallest p-value of all windows, shape (series, period)."""
        rarest = np.full(surprise.alone.shape, np.nan)
        for place, each in enumerate(_sums(surprise, shifts)):
            for side, sign in enumerate((1, -1)):
                rarest = np.fmin(rarest, self.tails[2 * place + side].p_values(sign * each))
        return np.asarray(-np.log10(np.maximum(rarest, SMALLEST)))


def _sums(surprise: Surprise, shifts: Index) -> list[FloatArray]:
    values = {"alone": surprise.alone, "beside": surprise.beside, "same": surprise.same}
    unseen = np.isnan(surprise.alone)
    found = []
    for view, count, same in WINDOWS:
        each = values[view]
        if count > 1:
            cut = np.clip(each, -_CUT, _CUT)
            each = _by_shift(cut, count, shifts) if same else _trailing(cut, count)
        found.append(np.where(unseen, np.nan, each))
    return found


def _by_shift(values: FloatArray, count: int, shifts: Index) -> FloatArray:
    result = np.empty_like(values)
    for shift in np.unique(shifts):
        columns = np.flatnonzero(shifts == shift)
        result[:, columns] = _trailing(values[:, columns], count)
    return result


def _trailing(values: FloatArray, count: int) -> FloatArray:
    """Sum of the last ``count`` values over the root of how many were seen."""
    seen = np.isfinite(values)
    totals = np.cumsum(np.pad(np.where(seen, values, 0.0), ((0, 0), (count, 0))), axis=1)
    counts = np.cumsum(np.pad(seen.astype(float), ((0, 0), (count, 0))), axis=1)
    total = totals[:, count:] - totals[:, :-count]
    number = counts[:, count:] - counts[:, :-count]
    return np.asarray(total / np.sqrt(np.maximum(number, count / 2)))
