"""Quantile functions at coded scores, in whole parts: the inner loop of sampling.

``quantiles.at_scores`` by table: which segment a score lies in, and what the tail makes of it, is
the same for every series and looked up by the score's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import log_ndtr

from supplynet.core.ids import series_id
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.forecast.path_scores import SLICES, Codes, score_of_code, slices
from supplynet.forecast.quantiles import normal_levels, segments
from supplynet.learning.windows import Index

_MOST = float(np.iinfo(np.int32).max)


def counts_at(values: FloatArray, levels: Sequence[float], codes: Codes) -> IntArray:
    """Demand at coded scores, rounded to the nearest whole part.

    Args:
        values: Quantiles at ``levels``, ascending, shape (*cell, quantile).
        levels: In (0, 1), ascending.
        codes: See ``path_scores``, shape (*cell, path).

    Returns:
        Shape of ``codes``, >= 0.
    """
    levels = tuple(levels)
    intercept, slope = segments(values, normal_levels(levels), np.asarray(levels))
    segment_of, moved_of = _tables(levels)
    place = np.take(segment_of, codes, mode="clip")
    place += (np.arange(values[..., 0].size) * (len(levels) + 1)).reshape(*values.shape[:-1], 1)
    result: FloatArray = np.take(slope, place, mode="clip")
    result *= np.take(moved_of, codes, mode="clip")
    result += np.take(intercept, place, mode="clip")
    np.clip(result, 0.0, _MOST, out=result)
    return np.rint(result, out=result).astype(np.int32)


def multiplied(
    counts: IntArray, factors: FloatArray, series: Sequence[tuple[str, str]], seed: int
) -> IntArray:
    """Demand times a factor, in whole parts that keep the mean.

    ``floor(demand * factor + u)`` with ``u`` uniform in (0, 1) and keyed by (seed, series, path,
    step), so that shards agree. None stays none, and a factor of 1 changes nothing.

    Args:
        counts: Shape (step, series, path).
        factors: >= 0, shape (step, series).
        series: ``(location_id, part_id)`` of each.
        seed: Of the paths.
    """
    steps, _, paths = counts.shape
    names = [series_id(*name) for name in series]
    drawn = slices(seed, "rounding", names, steps=steps, paths=paths)
    result: FloatArray = counts * factors[:, :, None]
    result += (drawn + 0.5) / SLICES
    np.floor(result, out=result)
    return np.minimum(result, _MOST, out=result).astype(np.int32)


@lru_cache(maxsize=4)
def _tables(levels: tuple[float, ...]) -> tuple[Index, FloatArray]:
    """Segment of each code, and what its value is linear in there; each of shape (code,)."""
    scores = score_of_code()
    segment = np.searchsorted(normal_levels(levels), scores)
    tail = segment == len(levels)
    return segment, np.where(tail, -log_ndtr(-scores), scores)
