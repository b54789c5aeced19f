"""Quantile functions: from a few levels to any level, to samples, to a mean, and back to a score.

Between two levels the function is linear in the normal score ``z = Phi^-1(level)``. Below the
lowest level it goes on with the slope of its first segment and stops at 0. Above the highest level
the excess is exponential (a generalised Pareto tail of shape 0, Pickands 1975), its scale matched
to the two highest levels: heavier than normal, as a tail that decides about halts should be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from supplynet.core.sample_paths import FloatArray

QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""The grid on which models are trained, forecasts stored and backtests scored."""

_MIDPOINTS = ndtri((np.arange(200) + 0.5) / 200)
_SLIVER = 1e-6  # probability given to a single count, so that none has an empty interval
MAX_SCORE = 3.0  # normal scores of actual values are cut here: beyond it the tail is a guess


def normal_levels(levels: Sequence[float]) -> FloatArray:
    """Quantiles of the standard normal distribution, shape (quantile,)."""
    return np.asarray(ndtri(np.asarray(levels, dtype=float)), dtype=float)


def tidy(values: FloatArray) -> FloatArray:
    """Quantiles in order and not below 0, shape (..., quantile); a copy."""
    return np.asarray(np.sort(np.maximum(values, 0.0), axis=-1))


def at_scores(values: FloatArray, levels: Sequence[float], scores: FloatArray) -> FloatArray:
    """Quantile functions at normal scores.

    Args:
        values: Quantiles at ``levels``, ascending, shape (*cell, quantile).
        levels: In (0, 1), ascending.
        scores: Shape (*lead, *cell): any number of draws per cell.

    Returns:
        Shape of ``scores``, >= 0.
    """
    known = normal_levels(levels)
    intercept, slope = segments(values, known, np.asarray(levels))
    segment = np.searchsorted(known, scores)
    cells = values[..., 0].size
    place = np.arange(cells).reshape(values.shape[:-1]) * intercept.shape[-1] + segment
    moved = np.array(scores, dtype=float)
    tail = segment == len(levels)
    moved[tail] = -log_ndtr(-moved[tail])  # = -ln(1 - level): the excess is exponential
    result: FloatArray = np.take(intercept, place) + np.take(slope, place) * moved
    return np.maximum(result, 0.0, out=result)


def segments(
    values: FloatArray, known: FloatArray, levels: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Intercept and slope of every segment, tails included, shape (*cell, quantile + 1).

    The last segment is linear in ``-ln(1 - level)``, all others in the normal score.
    """
    slope = np.zeros((*values.shape[:-1], len(known) + 1))
    anchor = np.concatenate([values[..., :1], values], axis=-1)
    where = np.concatenate([known[:1], known])
    if len(known) > 1:
        slope[..., 1:-1] = np.diff(values, axis=-1) / np.diff(known)
        slope[..., 0] = slope[..., 1]
        excess = np.log((1 - levels[-2]) / (1 - levels[-1]))
        slope[..., -1] = (values[..., -1] - values[..., -2]) / excess
    where[-1] = -np.log1p(-levels[-1])
    return anchor - slope * where, slope


def at_levels(values: FloatArray, levels: Sequence[float], wanted: Sequence[float]) -> FloatArray:
    """Quantiles at other levels: shape (*cell, quantile) -> (*cell, wanted)."""
    if tuple(wanted) == tuple(levels):
        return values
    scores = normal_levels(wanted)
    shape = (len(scores), *values.shape[:-1])
    lead = np.broadcast_to(scores.reshape(-1, *[1] * (values.ndim - 1)), shape)
    return np.moveaxis(at_scores(values, levels, lead), 0, -1)


def mean(values: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Mean of the distribution, shape (*cell, quantile) -> (*cell); by 200 equal slices."""
    shape = (len(_MIDPOINTS), *values.shape[:-1])
    scores = np.broadcast_to(_MIDPOINTS.reshape(-1, *[1] * (values.ndim - 1)), shape)
    return np.asarray(at_scores(values, levels, scores).mean(axis=0))


def standard_deviation(values: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Standard deviation of the distribution, shape (*cell, quantile) -> (*cell)."""
    shape = (len(_MIDPOINTS), *values.shape[:-1])
    scores = np.broadcast_to(_MIDPOINTS.reshape(-1, *[1] * (values.ndim - 1)), shape)
    return np.asarray(at_scores(values, levels, scores).std(axis=0))


def score_interval(
    values: FloatArray, levels: Sequence[float], actual: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Normal scores of ``actual - 0.5`` and ``actual + 0.5``: demand is counted in whole parts.

    Args:
        values: Shape (*cell, quantile).
        levels: Of the quantiles, ascending.
        actual: Shape (*cell); NaN gives NaN.

    Returns:
        Lower and upper score, each of shape (*cell), within +-``MAX_SCORE``; a flat stretch of
        the function (many zeros) lies between them.
    """
    grid = np.linspace(-MAX_SCORE, MAX_SCORE, 121)
    shape = (len(grid), *values.shape[:-1])
    lead = np.broadcast_to(grid.reshape(-1, *[1] * (values.ndim - 1)), shape)
    curve = at_scores(values, levels, lead)
    counts = ((curve < actual - 0.5).sum(axis=0), (curve <= actual + 0.5).sum(axis=0))
    step = grid[1] - grid[0]
    low, high = (
        np.where(
            np.isnan(actual), np.nan, np.clip(grid[0] + (count - 0.5) * step, grid[0], -grid[0])
        )
        for count in counts
    )
    return low, high


def normal_scores(values: FloatArray, levels: Sequence[float], actual: FloatArray) -> FloatArray:
    """How surprising actual values were, shape (*cell): the middle of their score interval."""
    low, high = score_interval(values, levels, actual)
    return (low + high) / 2


def coverage(
    values: FloatArray, levels: Sequence[float], actual: FloatArray, central: float
) -> FloatArray:
    """Share of each actual value inside the central interval, shape (*cell), NaN unobserved.

    0 or 1 where the forecast is smooth. Where one count holds much probability, the share of
    it that falls inside (the nonrandomised PIT of Czado, Gneiting and Held 2009), so that the
    mean over cells is ``central`` for a calibrated forecast of counts too.
    """
    scores = score_interval(values, levels, actual)
    low, high = ndtr(scores[0]) - _SLIVER, ndtr(scores[1]) + _SLIVER
    tail = (1 - central) / 2
    inside = np.minimum(high, 1 - tail) - np.maximum(low, tail)
    return np.asarray(np.maximum(inside, 0.0) / (high - low))


def observed_quantiles(values: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles of each row's observed values: (series, value) -> (series, quantile).

    Linear between order statistics (type 7 of Hyndman and Fan 1996). NaN where a row has none.
    """
    if not values.shape[1]:
        return np.full((len(values), len(levels)), np.nan)
    ordered = np.sort(values, axis=1)  # NaN goes last
    count = (~np.isnan(values)).sum(axis=1)
    place = np.maximum(count - 1, 0)[:, None] * np.asarray(levels)
    low = place.astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0)[:, None])
    left, right = (np.take_along_axis(ordered, index, axis=1) for index in (low, high))
    return np.asarray(left + (place - low) * (right - left))
