"""What every series would use in every period, learned from all that was seen of it.

The expectation of a series in a period is a rate per minute x the minutes. The rate is a local
level (six weeks around the period) x a profile by shift and weekday. Both are sums of parts over
sums of exposure, so a shift that starved half of the time counts as half a shift and not as a low
one: for Poisson demand that is the maximum-likelihood estimate when the moments of the stock-outs
are known (Conrad 1976; Anupindi, Dada and Gupta 1998). Where a series has seen little, its profile
leans on that of its line, and its level on its own long-run mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.cleaning.evidence import Indices, Rows

LEVEL_DAYS = 21.0
"""The local level looks this far to each side."""
LINE_ROWS = 1.0
"""A line's cell of the profile leans on its shift with the weight of this many rows."""
SERIES_ROWS = (0.5, 64.0)
"""Least and most rows whose weight a series' cell of the profile gives to that of its line."""
POOLED_ROWS = 50.0
"""How much a series differs from its line leans on the other series with this many rows."""
LEVEL_PARTS = 20.0
"""A local level leans on the long-run mean with the weight of this many parts (or lumps)."""
LARGEST_LUMP = 24
_DAY_US = 86_400_000_000
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Expected:
    """What is usual.

    Attributes:
        rate: Parts per available minute of each row; NaN for a series that was never seen.
        lump: Parts that a series takes at once, shape (series,).
    """

    rate: FloatArray
    lump: FloatArray


def expect(rows: Rows) -> Expected:
    """The usual rate of every row, from all rows that saw something."""
    lump = _lumps(rows)
    totals = _by(rows.series, rows.counted), _by(rows.series, rows.exposure)
    base = _ratio(*totals)[rows.series]
    level, profile = base, np.ones_like(base)
    for _ in range(2):  # the level needs the profile, and the profile the level
        profile = _profile(rows, np.nan_to_num(level))
        level = _local_level(rows, profile, base, lump[rows.series])
    return Expected(rate=level * profile, lump=lump)


def _profile(rows: Rows, level: FloatArray) -> FloatArray:
    """Rate over level by series, shift and weekday, leaning on the line's."""
    seen, usual = rows.exposure > 0, level * rows.exposure
    shifts = rows.line * (rows.shift.max(initial=0) + 1) + rows.shift
    shifts = np.unique(shifts, return_inverse=True)[1]
    cells = shifts * 7 + rows.weekday
    own = rows.series * (cells.max(initial=0) + 1) + cells
    own = np.unique(own, return_inverse=True)[1]
    shift = _ratio(_by(shifts, rows.counted), _by(shifts, usual), empty=1.0)[shifts]
    line = _leaning(cells, rows.counted, usual, shift, _mean(cells, usual, seen) * LINE_ROWS)
    weight = _mean(own, usual, seen) * _line_rows(rows, own, usual * line)
    return _leaning(own, rows.counted, usual, line, weight)


def _line_rows(rows: Rows, own: Indices, usual: FloatArray) -> FloatArray:
    """Rows whose weight the line gets: noise of a row over the spread of the series around it.

    By moments, as in empirical Bayes: cells of ``n`` rows differ from the line's by the series'
    true spread and by noise / n. Both are squared and relative, by series.
    """
    count = int(rows.series.max(initial=-1)) + 1
    seen = (usual > 0).astype(float)
    ratio = _ratio(_by(own, rows.counted), _by(own, usual), empty=1.0)
    size = _by(own, seen)
    of_cell = np.zeros(len(ratio), dtype=np.int64)
    of_cell[own] = rows.series
    cells = np.bincount(of_cell[size > 0], minlength=count)
    n = np.bincount(of_cell, weights=size, minlength=count).astype(np.float64)
    fitted = usual * ratio[own]
    away = _by(rows.series, (rows.counted - fitted) ** 2 * seen)
    scale = _by(rows.series, fitted**2)
    noise = _ratio(away, scale, empty=0.0) * _ratio(n, np.maximum(n - cells, 1.0), empty=1.0)
    apart = np.bincount(of_cell, weights=size * (ratio - 1) ** 2, minlength=count)
    excess = apart - np.maximum(cells - 1, 0) * noise
    pooled = max(float(excess.sum() / max(n.sum(), 1.0)), 0.0)
    spread = np.maximum((excess + POOLED_ROWS * pooled) / (n + POOLED_ROWS), 0.0)
    most = np.full(count, SERIES_ROWS[1])
    np.divide(noise, spread, out=most, where=spread * SERIES_ROWS[1] > noise)
    limited: FloatArray = np.clip(most, SERIES_ROWS[0], SERIES_ROWS[1])
    return limited[rows.series]


def _leaning(
    group: Indices, counted: FloatArray, usual: FloatArray, prior: FloatArray, weight: FloatArray
) -> FloatArray:
    """Ratio of counted to usual by group, with ``weight`` usual parts at the prior ratio."""
    above = _by(group, counted)[group] + weight * prior
    below = _by(group, usual)[group] + weight
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), prior)


def _local_level(rows: Rows, profile: FloatArray, base: FloatArray, lump: FloatArray) -> FloatArray:
    """Rate per minute around each row, without the profile."""
    half = _half_window(rows)
    above = _around(rows.series, rows.counted, half)
    below = _around(rows.series, rows.exposure * profile, half)
    weight = LEVEL_PARTS * lump
    lean = np.divide(weight, base, out=np.zeros_like(base), where=base > 0)
    level = np.full_like(base, np.nan)
    np.divide(above + lean * base, below + lean, out=level, where=below + lean > 0)
    return np.where(base == 0, 0.0, level)


def _half_window(rows: Rows) -> int:
    """Rows of a series in ``LEVEL_DAYS``."""
    steps = np.diff(rows.start)[np.diff(rows.series) == 0]
    usual = float(np.median(steps)) if steps.size else float(_DAY_US)
    return max(3, round(LEVEL_DAYS * _DAY_US / max(usual, 1.0)))


def _around(series: Indices, values: FloatArray, half: int) -> FloatArray:
    """Sum of ``values`` over the rows of the same series at most ``half`` rows away."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    place = np.arange(len(series))
    first = np.searchsorted(series, series, side="left")
    end = np.searchsorted(series, series, side="right")
    low, high = np.maximum(place - half, first), np.minimum(place + half + 1, end)
    around: FloatArray = np.maximum(total[high] - total[low], 0.0)
    return around


def _lumps(rows: Rows) -> FloatArray:
    """Largest number of parts of which nearly all counts of a series are multiples."""
    count = int(rows.series[-1]) + 1 if rows.series.size else 0
    lump, used = np.ones(count), (rows.exposure == rows.available) & (rows.counted > 0)
    series, counted = rows.series[used], rows.counted[used]
    uses = np.bincount(series, minlength=count)
    for size in range(2, LARGEST_LUMP + 1):
        whole = np.bincount(series[counted % size == 0], minlength=count)
        lump[(whole >= 0.95 * uses) & (uses >= 10)] = size
    return lump


def _by(group: Indices, values: FloatArray) -> FloatArray:
    return np.bincount(group, weights=values).astype(np.float64)


def _mean(group: Indices, values: FloatArray, seen: Bools) -> FloatArray:
    """Mean of the seen values of each row's group; 0 where none was seen."""
    return _ratio(_by(group, values * seen), _by(group, seen.astype(float)), empty=0.0)[group]


def _ratio(above: FloatArray, below: FloatArray, empty: float = np.nan) -> FloatArray:
    return np.divide(above, below, out=np.full_like(below, empty), where=below > 0)
