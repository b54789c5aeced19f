"""Quantiles of window demand, also beyond what a limited number of paths can show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from supplynet.core.sample_paths import FloatArray, IntArray

PATHS_BEYOND = 10
"""Sample quantiles are trusted while at least this many paths lie beyond them."""


def upper_quantile(window_demand: IntArray, alpha: float | FloatArray) -> IntArray:
    """The smallest whole number that window demand stays within with probability ``alpha``.

    Up to ``1 - 10 / paths`` it is the sample quantile. Beyond it a distribution with the
    sample's mean and variance is fitted to the window sum: negative binomial where the variance
    exceeds the mean, else a constant plus Poisson (which has any smaller variance, and is Poisson
    where both are equal). The fit never falls below the last trusted sample quantile.

    Args:
        window_demand: Joint sums over the window, shape (path, pair).
        alpha: Probability in (0, 1), one or one per pair.

    Returns:
        Shape (pair,), int32.
    """
    wanted = np.broadcast_to(np.asarray(alpha, dtype=np.float64), window_demand.shape[1:])
    result = np.empty(window_demand.shape[1], dtype=np.int32)
    trusted = 1.0 - PATHS_BEYOND / window_demand.shape[0]
    for each in np.unique(wanted):
        pairs = np.flatnonzero(wanted == each)
        sums = window_demand if len(pairs) == len(wanted) else window_demand[:, pairs]
        result[pairs] = _beyond(sums, each, trusted) if each > trusted else _sample(sums, each)
    return result


def level_of(demand: IntArray, alpha: float | FloatArray, spread: float) -> IntArray:
    """``upper_quantile`` with its distance from the mean times ``spread``, rounded up, >= 0.

    Args:
        demand: Shape (path, pair).
        alpha: Probability in (0, 1), one or one per pair.
        spread: >= 0; 1 leaves the quantile as it is.

    Returns:
        Shape (pair,), int32.
    """
    level = upper_quantile(demand, alpha)
    if spread == 1.0:
        return level
    mean = demand.mean(axis=0)
    widened = np.maximum(mean + spread * (level - mean), 0.0)
    return np.asarray(np.ceil(widened - 1e-9), dtype=np.int32)


def exceedance(window_demand: IntArray, level: IntArray) -> FloatArray:
    """Probability that window demand exceeds a level: the other way round.

    The share of the paths where at least 10 of them lie beyond, else the fitted tail, which is
    never more than the share that could still be counted.

    Args:
        window_demand: Joint sums over the window, shape (path, pair).
        level: Parts, shape (pair,), or several levels of each pair, shape (level, pair).

    Returns:
        Shape of ``level``, in [0, 1].
    """
    paths = window_demand.shape[0]
    beyond = np.stack([(window_demand > each).sum(axis=0) for each in np.atleast_2d(level)])
    chance: FloatArray = beyond / paths
    rare = np.flatnonzero((beyond < PATHS_BEYOND).any(axis=0))
    if len(rare):
        sums, at = window_demand[:, rare], np.atleast_2d(level)[:, rare].astype(np.float64)
        mean, variance = np.broadcast_arrays(sums.mean(0), sums.var(0), at)[:2]
        fitted = np.minimum(moment_matched_tail(mean, variance, at), PATHS_BEYOND / paths)
        chance[:, rare] = np.where(beyond[:, rare] < PATHS_BEYOND, fitted, chance[:, rare])
    return chance.reshape(level.shape)


def moment_matched_quantile(mean: FloatArray, variance: FloatArray, alpha: float) -> FloatArray:
    """Quantile of a count with this mean and variance, whole numbers, shape of the arguments."""
    wide, size, share = _negative_binomial(mean, variance)
    quantile = np.empty_like(mean)
    quantile[wide] = stats.nbinom.ppf(alpha, size, share)
    narrow = ~wide
    spread = stats.poisson.ppf(alpha, variance[narrow])
    quantile[narrow] = np.ceil(mean[narrow] - variance[narrow] + spread - 1e-9)
    return np.maximum(quantile, 0.0)


def moment_matched_tail(mean: FloatArray, variance: FloatArray, level: FloatArray) -> FloatArray:
    """Probability that a count with this mean and variance exceeds ``level``, same shapes."""
    wide, size, share = _negative_binomial(mean, variance)
    tail = np.empty_like(mean)
    tail[wide] = stats.nbinom.sf(level[wide], size, share)
    narrow = ~wide
    above = level[narrow] - mean[narrow] + variance[narrow]
    tail[narrow] = stats.poisson.sf(np.floor(above + 1e-9), variance[narrow])
    return tail


def moment_matched_excess(mean: FloatArray, variance: FloatArray, level: FloatArray) -> FloatArray:
    """``E[(X - level)+]`` of a count ``X`` with this mean and variance, same shapes.

    By ``E[X; X > k] = mean * P(X' >= k)``, where ``X'`` is the same Poisson, or the negative
    binomial with a size one larger.
    """
    wide, size, share = _negative_binomial(mean, variance)
    excess = np.empty_like(mean)
    above = np.floor(level[wide])
    upper = mean[wide] * stats.nbinom.sf(above - 1.0, size + 1.0, share)
    excess[wide] = upper - level[wide] * stats.nbinom.sf(above, size, share)
    narrow = ~wide
    spread, shifted = variance[narrow], level[narrow] - mean[narrow] + variance[narrow]
    above = np.floor(shifted + 1e-9)
    upper = spread * stats.poisson.sf(above - 1.0, spread)
    excess[narrow] = upper - shifted * stats.poisson.sf(above, spread)
    return np.maximum(excess, 0.0)


def _negative_binomial(
    mean: FloatArray, variance: FloatArray
) -> tuple[npt.NDArray[np.bool_], FloatArray, FloatArray]:
    """Where it fits, with its size and probability there: near equality it is Poisson."""
    wide = (variance > mean * (1 + 1e-6)) & (mean > 0)
    size = mean[wide] ** 2 / (variance[wide] - mean[wide])
    return wide, size, size / (size + mean[wide])


def _beyond(window_demand: IntArray, alpha: float, trusted: float) -> IntArray:
    fitted = moment_matched_quantile(window_demand.mean(0), window_demand.var(0), alpha)
    floor = _sample(window_demand, trusted) if trusted > 0 else 0
    return np.maximum(fitted, floor).astype(np.int32)


def _sample(window_demand: IntArray, alpha: float) -> IntArray:
    """The sample quantile by counting: the smallest value with a share ``alpha`` within it."""
    paths = window_demand.shape[0]
    rank = min(max(int(np.ceil(alpha * paths - 1e-9)), 1), paths) - 1
    return np.asarray(np.partition(window_demand, rank, axis=0)[rank], dtype=np.int32)
