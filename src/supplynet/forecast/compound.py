"""Intermittent demand as a distribution of counts: nothing in most periods, a size in the others.

Demand is 0 with probability ``1 - occurrence``, else a size of the given mean: the hurdle form of
a compound Bernoulli distribution. A size is ``1 +`` a negative binomial count, unless the sizes
that were observed contradict it (Kolmogorov and Smirnov's test at 5 %); then it is one of the
observed sizes, their weights tilted exponentially until the mean is right, so that counts stay
counts and the mean of the distribution is the method's point forecast.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import betainc
from scipy.stats import nbinom

from supplynet.core.sample_paths import FloatArray

_CRITICAL = 1.36  # over sqrt(n): the test's bound at 5 %, cautious for counts
_PRIOR_SIZES = 2.0  # weight of a geometric spread beside the observed sizes
_LARGEST_SHAPE = 1e6  # a negative binomial of this shape is a Poisson for every purpose here
_STEEPEST = 50.0  # tilt per standard deviation of the sizes
_HALVINGS = 40


def last_sizes(demand: FloatArray, count: int) -> FloatArray:
    """The last ``count`` demands above 0 of each series, ascending, NaN-padded: (series, count)."""
    periods = demand.shape[1]
    place = np.where(demand > 0, np.arange(periods), -1)
    kept = min(count, periods)
    latest = np.partition(place, periods - kept, axis=1)[:, periods - kept :] if kept else place
    values = np.take_along_axis(demand, np.maximum(latest, 0), axis=1)
    return np.asarray(np.sort(np.where(latest >= 0, values, np.nan), axis=1))


def compound_quantiles(
    occurrence: FloatArray, size: FloatArray, sizes: FloatArray, levels: Sequence[float]
) -> FloatArray:
    """Quantiles of demand in one period, shape (series, quantile).

    Args:
        occurrence: Probability of demand, in [0, 1], shape (series,).
        size: Mean size, above 0, shape (series,).
        sizes: Observed sizes as ``last_sizes`` gives them, shape (series, count).
        levels: In (0, 1), ascending.
    """
    chance = occurrence[:, None]
    inside = np.asarray(levels) - (1 - chance)  # what of the level lies above the zeros
    above = np.clip(inside / np.maximum(chance, 1e-12), 0.0, 1 - 1e-12)
    shape = _shape(sizes)
    counts = _fits(sizes, shape) & (size >= 1)
    result = np.empty(above.shape)
    mean = np.maximum(size - 1, 1e-9)[counts, None]
    result[counts] = 1 + nbinom.ppf(
        above[counts], shape[counts, None], shape[counts, None] / (shape[counts, None] + mean)
    )
    result[~counts] = _observed(sizes[~counts], size[~counts], above[~counts])
    return np.where(inside > 1e-12, np.maximum(result, 0.0), 0.0)


def _shape(sizes: FloatArray) -> FloatArray:
    """Shape of the negative binomial of ``size - 1`` by its moments, shape (series,)."""
    count = (~np.isnan(sizes)).sum(axis=1)
    excess = _row_mean(sizes, count) - 1
    spread = _row_mean((sizes - 1 - excess[:, None]) ** 2, count)
    own = np.maximum(excess, 0.0)
    variance = (count * spread + _PRIOR_SIZES * (own + own**2)) / (count + _PRIOR_SIZES)
    over = variance - own
    shape = np.where(over > 0, own**2 / np.where(over > 0, over, 1.0), _LARGEST_SHAPE)
    return np.where(own > 0, np.clip(shape, 1e-3, _LARGEST_SHAPE), 1.0)


def _fits(sizes: FloatArray, shape: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether the observed sizes are counts and pass for ``1 +`` negative binomial."""
    seen = ~np.isnan(sizes)
    count = seen.sum(axis=1)
    values = np.where(seen, sizes, 1.0)
    whole = (values == np.round(values)).all(axis=1) & (values >= 1).all(axis=1)
    mean = np.maximum(_row_mean(sizes, count) - 1, 1e-9)
    success = shape / (shape + mean)
    assumed = betainc(shape[:, None], np.maximum(values, 1.0), success[:, None])
    found = np.arange(1, sizes.shape[1] + 1) / np.maximum(count, 1)[:, None]
    following = np.pad(sizes[:, 1:], ((0, 0), (0, 1)), constant_values=np.nan)
    last_of_tie = seen & (sizes != following)
    gap = np.where(last_of_tie, np.abs(found - assumed), 0.0).max(axis=1, initial=0.0)
    return np.asarray(whole & (gap <= _CRITICAL / np.sqrt(np.maximum(count, 1))))


def _observed(sizes: FloatArray, mean: FloatArray, levels: FloatArray) -> FloatArray:
    """Quantiles of tilted observed sizes, shape (series, quantile); levels of the same shape."""
    seen = ~np.isnan(sizes)
    count = seen.sum(axis=1)
    usual = _row_mean(sizes, count)
    values = np.where(seen, sizes, 0.0)
    least = np.where(seen, sizes, np.inf).min(axis=1, initial=np.inf)
    most = values.max(axis=1, initial=0.0)
    reachable = (least < mean) & (mean < most)
    # A mean that the observed sizes cannot have: all of them grow or shrink alike.
    ratio = np.where(reachable | (usual <= 0), 1.0, mean / np.where(usual > 0, usual, 1.0))
    values = np.where(count[:, None] > 0, values * ratio[:, None], mean[:, None])
    seen = seen | (count[:, None] == 0)
    weights = np.cumsum(_tilted(values, seen, np.where(reachable, mean, np.nan)), axis=1)
    place = (weights[:, None, :] < levels[:, :, None] - 1e-12).sum(axis=2)
    most_place = np.maximum(seen.sum(axis=1), 1)[:, None] - 1
    if not values.shape[1]:
        return np.broadcast_to(mean[:, None], levels.shape)
    return np.asarray(np.take_along_axis(values, np.minimum(place, most_place), axis=1))


def _tilted(values: FloatArray, seen: npt.NDArray[np.bool_], mean: FloatArray) -> FloatArray:
    """Weights proportional to ``exp(t * value)`` that give ``mean``; equal where it is NaN."""
    count = np.maximum(seen.sum(axis=1), 1)
    centre = np.where(seen, values, 0.0).sum(axis=1) / count
    spread = np.sqrt(np.where(seen, (values - centre[:, None]) ** 2, 0.0).sum(axis=1) / count)
    scaled = (values - centre[:, None]) / np.maximum(spread, 1e-12)[:, None]
    low, high = np.full(len(values), -_STEEPEST), np.full(len(values), _STEEPEST)

    def weights(tilt: FloatArray) -> FloatArray:
        power = np.where(seen, tilt[:, None] * scaled, -np.inf)
        raised = np.exp(power - power.max(axis=1, initial=-1e300)[:, None])
        return np.asarray(raised / raised.sum(axis=1)[:, None])

    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        short = (weights(middle) * np.where(seen, values, 0.0)).sum(axis=1) < mean
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return weights(np.where(np.isnan(mean), 0.0, (low + high) / 2))


def _row_mean(values: FloatArray, count: npt.NDArray[np.int64]) -> FloatArray:
    return np.asarray(np.nansum(values, axis=1) / np.maximum(count, 1))
