"""Demand summed over the next steps on joint paths: is it calibrated, and what makes it so.

Orders depend on sums over a window, so it is these that must be exceeded as often as they say. The
margins are the forecast's; how wide a sum is beyond them says the persistence of the errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtri

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.dependence import MOST_PERSISTENT, Dependence, fit_dependence
from supplynet.forecast.paths import path_scores
from supplynet.forecast.quantiles import QUANTILES, at_scores, normal_scores

_PATHS = 200  # on which persistence is sought
_MOST_WINDOWS = 2_000  # (origin, series) looked at when it is sought
_FEWEST_WINDOWS = 200
_PRIOR_WINDOWS = 4_000  # that the persistence from one step to the next counts for
_PRECISION = 0.02
_BLOCK = 1 << 22  # scores drawn at a time

Index = npt.NDArray[np.int64]


def dependence_of(
    quantiles: FloatArray, actual: FloatArray, series: Sequence[tuple[str, str]], *, seed: int = 0
) -> Dependence:
    """How errors hang together, so that sums over the steps are calibrated too.

    The moments of the normal scores first (``fit_dependence``), then persistence as far as the
    sums say otherwise (``fit_window_sums``).

    Args:
        quantiles: Of a backtest at ``QUANTILES``, shape (origin, series, step, quantile).
        actual: What happened, shape (origin, series, step), NaN = not observed.
        series: ``(location_id, part_id)`` of each.
        seed: Of the paths.
    """
    found = fit_dependence(normal_scores(quantiles, QUANTILES, actual), series)
    return fit_window_sums(found, quantiles, actual, series, seed=seed)


def fit_window_sums(
    dependence: Dependence,
    quantiles: FloatArray,
    actual: FloatArray,
    series: Sequence[tuple[str, str]],
    *,
    seed: int = 0,
) -> Dependence:
    """The dependence with the persistence at which sums are as wide as what happened.

    ``own_persistence`` is sought so that the squared normal scores of the sums over the first 2,
    3, ... steps have mean 1. It is then taken as far as the number of windows allows: 4,000 of
    them weigh as much as what was there before.

    Args:
        dependence: What else is known; its shares stay.
        quantiles: As for ``dependence_of``.
        actual: As there.
        series: As there.
        seed: Of the paths.
    """
    complete = int((~np.isnan(actual).any(axis=2)).sum())
    if complete < _FEWEST_WINDOWS or actual.shape[2] < 2:
        return dependence
    kept = slice(None, None, -(-actual[..., 0].size // _MOST_WINDOWS))
    parts, seen, names = quantiles[:, kept], actual[:, kept], series[kept]

    def too_narrow(persistence: float) -> float:
        tried = replace(dependence, own_persistence=persistence)
        rng = np.random.default_rng(seed)
        pit = window_pit(parts, seen, names, tried, paths=_PATHS, seed=seed, rng=rng)[:, :, 1:]
        edge = 0.5 / _PATHS
        return float(np.nanmean(ndtri(np.clip(pit, edge, 1 - edge)) ** 2)) - 1.0

    best = _root(too_narrow)
    weight = complete / (complete + _PRIOR_WINDOWS)
    moved = dependence.own_persistence + weight * (best - dependence.own_persistence)
    return replace(dependence, own_persistence=moved)


def window_pit(
    quantiles: FloatArray,
    actual: FloatArray,
    series: Sequence[tuple[str, str]],
    dependence: Dependence,
    *,
    paths: int,
    seed: int,
    rng: np.random.Generator,
    groups: Index | None = None,
) -> FloatArray:
    """Randomised PIT of the sums over the first steps, among those of joint paths.

    Args:
        quantiles: At ``QUANTILES``, shape (origin, series, step, quantile).
        actual: What happened, shape (origin, series, step), NaN = not observed.
        series: ``(location_id, part_id)`` of each.
        dependence: Of the paths.
        paths: How many.
        seed: Of the paths.
        rng: Draws a level between the paths below the sum and those not above it.
        groups: Number of the group that each series is added up in, such as a stock point's
            part: every number from 0 on has a series; None = each by itself.

    Returns:
        Shape (origin, group, step); at a step is the sum up to it. NaN where a part of the sum
        was not observed.
    """
    of = np.arange(len(series)) if groups is None else groups
    count = int(of.max(initial=-1)) + 1
    result = np.empty((len(actual), count, actual.shape[2]))
    for rows, first, last in _blocks(of, count, paths * actual.shape[2]):
        names = [series[row] for row in rows]
        scores = path_scores(names, dependence, steps=actual.shape[2], paths=paths, seed=seed)
        starts = np.searchsorted(of[rows], np.arange(first, last))
        for origin, (forecast, happened) in enumerate(
            zip(quantiles[:, rows], actual[:, rows], strict=True)
        ):
            made = np.rint(at_scores(forecast, QUANTILES, scores))
            sums = np.add.reduceat(made, starts, axis=1).cumsum(axis=2)
            truth = np.add.reduceat(happened, starts, axis=0).cumsum(axis=1)
            low, high = (sums < truth).mean(axis=0), (sums <= truth).mean(axis=0)
            pit = low + rng.random(low.shape) * (high - low)
            result[origin, first:last] = np.where(np.isnan(truth), np.nan, pit)
    return result


def _root(falling: Callable[[float], float]) -> float:
    """Where a falling function is 0 between the extremes, or the extreme where it is nearest."""
    if falling(-MOST_PERSISTENT) <= 0:
        return -MOST_PERSISTENT
    if falling(MOST_PERSISTENT) >= 0:
        return MOST_PERSISTENT
    return float(brentq(falling, -MOST_PERSISTENT, MOST_PERSISTENT, xtol=_PRECISION))


def _blocks(of: Index, count: int, per_series: int) -> Iterator[tuple[Index, int, int]]:
    """Rows by group, as many groups at a time as fit into a block: rows, first, last group."""
    order = np.argsort(of, kind="stable")
    ends = np.searchsorted(of[order], np.arange(count), side="right")
    most = max(1, _BLOCK // per_series)
    first, begin = 0, 0
    while first < count:
        last = max(first + 1, int(np.searchsorted(ends, begin + most, side="right")))
        yield order[begin : ends[last - 1]], first, last
        first, begin = last, int(ends[last - 1])
