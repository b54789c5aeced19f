"""One map of a calibration: measured on cells, and believed as far as they are independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.pit import pit_interval
from supplynet.forecast.quantiles import QUANTILES, at_scores, normal_levels, tidy

SCORES = normal_levels(QUANTILES)
"""Where a model is read that is right: every level at its own normal score."""
LEVELS = np.array(QUANTILES)
_FINE = np.arange(10) / 1000
_GRID = np.concatenate([_FINE, np.arange(1, 100) / 100, 1 - _FINE[::-1]])
"""Levels between which the distribution of the PIT is taken as linear."""
_FARTHEST = 4.0  # normal scores: where a model is read at most
_ROUNDS = 4  # of measuring again: more cost intermittent parts pinball loss for a last point
_SHIFT_SHARE = 0.5  # of a prior's deviation, for what a map shifts: a month's bias seldom lasts
_USUAL_CUTOFF, _USUAL_SERIES = 0.005, 0.03
_USUAL_CUTOFFS, _USUAL_MEMBERS = 4.0, 10.0  # how many cutoffs and series the usual counts for

Mask = npt.NDArray[np.bool_]


def measured(quantiles: FloatArray, actual: FloatArray, worth: float) -> FloatArray:
    """Scores at which the levels are right for these cells, shape (quantile,).

    What is read at nine levels is not the model's function any more: between them it is linear,
    and the jump of a part that often needs nothing lies elsewhere. So what was read is measured
    again, and the scores are moved on, until it is right itself.

    Args:
        quantiles: At ``QUANTILES``, shape (cell, quantile).
        actual: Observed, shape (cell,).
        worth: How many independent cells they stand for; among ``n`` the ``p`` quantile has the
            rank ``(n + 1) p``, and a level without such a rank keeps its score.
    """
    ranks = LEVELS + (2 * LEVELS - 1) / worth
    known = (ranks > 0) & (ranks < 1)
    scores = SCORES
    for _ in range(_ROUNDS):
        share = _mean_distribution(read_at(quantiles, scores), actual)
        found = np.where(known, _normal(np.interp(ranks, share, _GRID)), SCORES)
        scores = np.maximum.accumulate(_along(found, scores))
    return scores


def shrunk(own: FloatArray, coarser: FloatArray, worth: float, prior: float) -> FloatArray:
    """Between two maps: as far from the coarser as the error of the own one allows.

    The variance of a score is that of a sample quantile, ``p (1 - p) / (n phi(z)^2)`` (Mosteller
    1946); that of the mean shift is ``1 / n``. Shifts are believed less: on made plants and sales
    and on M5 the bias of four weeks said little of the next four, their spread much.

    Args:
        own: Measured scores, shape (quantile,).
        coarser: Of the group around it.
        worth: Independent cells behind ``own``.
        prior: Standard deviation of ``own`` about ``coarser`` before anything is measured.
    """
    density = np.exp(-(SCORES**2) / 2) / np.sqrt(2 * np.pi)
    away = own - coarser
    shift = float(density @ away / density.sum())
    by_level = prior**2 / (prior**2 + LEVELS * (1 - LEVELS) / (worth * density**2))
    least = (_SHIFT_SHARE * prior) ** 2
    moved = least / (least + 1 / worth) * shift + by_level * (away - shift)
    return np.maximum.accumulate(coarser + moved)


def read_at(quantiles: FloatArray, scores: FloatArray) -> FloatArray:
    """Quantile functions read at other scores than those of ``QUANTILES``.

    Args:
        quantiles: At ``QUANTILES``, shape (..., series, step, quantile) or (cell, quantile).
        scores: Shape (quantile,), or (quantile, series, step).
    """
    lead = scores.reshape(len(QUANTILES), *[1] * (quantiles.ndim - scores.ndim), *scores.shape[1:])
    wanted = np.broadcast_to(lead, (len(QUANTILES), *quantiles.shape[:-1]))
    return tidy(np.moveaxis(at_scores(quantiles, QUANTILES, wanted), 0, -1))


@dataclass(frozen=True, kw_only=True)
class Kinship:
    """How far cells say the same: whether both lie below a level, mean over the levels.

    Args:
        cutoff: Correlation of two cells of one cutoff, with what cutoffs near it share.
        series: Of two cells of one series.
    """

    cutoff: float = _USUAL_CUTOFF
    series: float = _USUAL_SERIES

    @classmethod
    def of(cls, quantiles: FloatArray, actual: FloatArray) -> Kinship:
        """By the analysis of variance of clusters (Donner 1986), with what is usual beside it.

        Cutoffs follow each other closer than their forecasts end, and a week in which a line runs
        fast is one week: their variance is the long-run one (Newey and West 1987).

        Args:
            quantiles: At ``QUANTILES``, shape (origin, series, step, quantile).
            actual: Shape (origin, series, step), NaN = not observed.
        """
        low, high = pit_interval(quantiles, QUANTILES, actual)
        width = np.maximum(high - low, 1e-9)
        below = [np.clip((level - low) / width, 0.0, 1.0) for level in QUANTILES]
        return cls(
            cutoff=_correlation(below, (1, 2), _USUAL_CUTOFF, _USUAL_CUTOFFS, in_time=True),
            series=_correlation(below, (0, 2), _USUAL_SERIES, _USUAL_MEMBERS, in_time=False),
        )

    def worth(self, cells: Mask) -> float:
        """How many independent cells these stand for, shape (origin, series, step)."""
        count = float(cells.sum())
        cutoffs, series = (int(cells.any(axis=axis).sum()) for axis in ((1, 2), (0, 2)))
        of_cutoffs = self.cutoff * max(0.0, count / max(1, cutoffs) - 1)
        of_series = self.series * max(0.0, count / max(1, series) - 1)
        return count / (1 + of_cutoffs + of_series)


def _correlation(
    below: list[FloatArray], axis: tuple[int, int], usual: float, weight: float, *, in_time: bool
) -> float:
    """Correlation within clusters, from 0 to 1; ``axis`` are those inside of a cluster."""
    seen = ~np.isnan(below[0])
    count = seen.sum(axis=axis)
    members = int((count > 0).sum())
    if members < 2:
        return usual
    size, some = count[count > 0].mean(), count > 0
    found = []
    for values in below:
        filled = np.where(seen, values, 0.0)
        overall = filled.sum() / count.sum()
        within = np.where(seen, (filled - overall) ** 2, 0.0).sum() / count.sum()
        means = filled.sum(axis=axis)[some] / count[some] - overall
        between = _long_run(means, members // 4 if in_time else 0)
        found.append((between / max(within, 1e-9) * size - 1) / max(size - 1, 1.0))
    own = min(max(float(np.mean(found)), 0.0), 1.0)
    return (own * (members - 1) + usual * weight) / (members - 1 + weight)


def _long_run(means: FloatArray, lags: int) -> float:
    """Variance of deviations with Bartlett weights for ``lags`` lags."""
    total = float(means @ means)
    for lag in range(1, lags + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(means[lag:] @ means[:-lag])
    return total / (len(means) - 1)


def _mean_distribution(quantiles: FloatArray, actual: FloatArray) -> FloatArray:
    """Share of what happened below each level of ``_GRID``: the mean of the cells' intervals."""
    low, high = pit_interval(quantiles, QUANTILES, actual)
    width = np.maximum(high - low, 1e-9)
    inside = np.clip((_GRID[:, None] - low) / width, 0.0, 1.0)
    return np.asarray(inside.mean(axis=1) + 1e-9 * _GRID)  # rises everywhere: can be inverted


def _along(found: FloatArray, scores: FloatArray) -> FloatArray:
    """The map ``scores`` at other scores than ``SCORES``; beyond these by as much as at the end."""
    inner = np.clip(found, SCORES[0], SCORES[-1])
    moved = np.interp(inner, SCORES, scores) + (found - inner)
    return np.clip(moved, -_FARTHEST, _FARTHEST)


def _normal(levels: FloatArray) -> FloatArray:
    edge = ndtr(-_FARTHEST)
    return np.asarray(ndtri(np.clip(levels, edge, 1 - edge)))
