"""Quantiles of window demand, also beyond what a limited number of paths can show."""

from __future__ import annotations

import numpy as np
from scipy import stats

from supplynet.core.sample_paths import FloatArray, IntArray

PATHS_BEYOND = 10
"""Sample quantiles are trusted while at least this many paths lie beyond them."""


def upper_quantile(window_demand: IntArray, alpha: float) -> IntArray:
    """The smallest whole number that window demand stays within with probability ``alpha``.

    Up to ``1 - 10 / paths`` it is the sample quantile. Beyond it a distribution with the
    sample's mean and variance is fitted to the window sum: negative binomial where the variance
    exceeds the mean, else a constant plus Poisson (which has any smaller variance, and is Poisson
    where both are equal). The fit never falls below the last trusted sample quantile.

    Args:
        window_demand: Joint sums over the window, shape (path, pair).
        alpha: Probability in (0, 1).

    Returns:
        Shape (pair,), int32.
    """
    trusted = 1.0 - PATHS_BEYOND / window_demand.shape[0]
    if alpha <= trusted:
        return _sample_quantile(window_demand, alpha)
    fitted = moment_matched_quantile(window_demand.mean(0), window_demand.var(0), alpha)
    floor = _sample_quantile(window_demand, trusted) if trusted > 0 else 0
    return np.maximum(fitted, floor).astype(np.int32)


def moment_matched_quantile(mean: FloatArray, variance: FloatArray, alpha: float) -> FloatArray:
    """Quantile of a count with this mean and variance, whole numbers, shape of the arguments."""
    # Near equality the negative binomial's size goes to infinity; it is Poisson there.
    wide = variance > mean * (1 + 1e-6)
    quantile = np.empty_like(mean)
    excess = np.where(wide, variance - mean, 1.0)
    size = np.where(wide, mean**2 / excess, 1.0)[wide]
    quantile[wide] = stats.nbinom.ppf(alpha, size, size / (size + mean[wide]))
    narrow = ~wide
    spread = stats.poisson.ppf(alpha, variance[narrow])
    quantile[narrow] = np.ceil(mean[narrow] - variance[narrow] + spread - 1e-9)
    return np.maximum(quantile, 0.0)


def _sample_quantile(window_demand: IntArray, alpha: float) -> IntArray:
    result = np.quantile(window_demand, alpha, axis=0, method="inverted_cdf")
    return np.asarray(result, dtype=np.int32)
