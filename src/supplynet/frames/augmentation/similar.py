"""The series most like a short one: by its profile over shifts and weekdays, and by its level."""

from __future__ import annotations

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.cleaning.evidence import Indices, Rows

LEVEL_WEIGHT = 0.1
"""A level e times as high counts as much as a profile that differs by a tenth everywhere."""
LEAST_COVER = 0.5
"""A donor has rows in at least this share of the wanted periods."""


def profiles(rows: Rows, series: int) -> tuple[FloatArray, FloatArray]:
    """Profile of each series (rate by shift and by weekday over its mean) and log of its rate.

    Returns:
        Shapes (series, shifts + 7) and (series,); 1 where a series has no row of that kind, NaN
        level where it has none at all or only zeros.
    """
    total = _rate(rows, rows.series, series)
    parts = []
    for kind in (rows.shift, rows.weekday):
        count = int(kind.max(initial=0)) + 1
        rate = _rate(rows, rows.series * count + kind, series * count).reshape(series, count)
        parts.append(np.divide(rate, total[:, None], where=total[:, None] > 0, out=rate * np.nan))
    shape = np.nan_to_num(np.concatenate(parts, axis=1), nan=1.0)
    level = np.full(series, np.nan)
    np.log(total, out=level, where=total > 0)
    return shape, level


def nearest(shape: FloatArray, level: FloatArray, wanted: int, candidates: Indices) -> int | None:
    """The candidate nearest to series ``wanted``; None when there is none with demand."""
    usable = candidates[np.isfinite(level[candidates]) & (candidates != wanted)]
    if not usable.size or not np.isfinite(level[wanted]):
        return None
    apart = np.mean((shape[usable] - shape[wanted]) ** 2, axis=1)
    apart += (LEVEL_WEIGHT * (level[usable] - level[wanted])) ** 2
    return int(usable[np.argmin(apart)])


def _rate(rows: Rows, group: Indices, count: int) -> FloatArray:
    counted = np.bincount(group, weights=rows.counted, minlength=count)
    exposure = np.bincount(group, weights=rows.exposure, minlength=count)
    rate: FloatArray = np.divide(counted, exposure, out=np.full(count, np.nan), where=exposure > 0)
    return rate
