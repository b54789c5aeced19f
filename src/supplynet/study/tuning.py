"""The same search for every policy: least stock among those that halt rarely enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from supplynet.core.protocols import Policy
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.replenish.min_max import MinMax, static_levels
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.simulate.outlook import CachedOutlook, Outlooks
from supplynet.simulate.scorecard import Score
from supplynet.study.replay import Replay

SAFETY_FACTORS = (7.0, 6.0, 5.0, 4.0, 3.0, 2.5, 2.0, 1.5)
EXTRA_COVERS = (0.5, 0.25, 0.0)
ALPHAS = (0.9999, 0.9995, 0.999, 0.998, 0.995, 0.99, 0.98, 0.95)
SPREADS = (1.5, 1.25, 1.0)
TARGET_HALTS = 0.05
"""Halts per line-month that a tuned policy may have on the window it is tuned on."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One setting of a policy."""

    policy: Policy
    parameters: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The best setting, and every setting that was tried.

    Attributes:
        best: The candidate that was chosen.
        scores: Of all candidates, in the order of the grid.
        reaches_target: Whether the best one halts no more often than the target.
    """

    best: Candidate
    score: Score
    scores: tuple[Score, ...]
    reaches_target: bool


def tune(
    replay: Replay,
    candidates: Sequence[Candidate],
    outlooks: Outlooks | None = None,
    *,
    target: float = TARGET_HALTS,
) -> Tuned:
    """Play every candidate on the same past days and choose.

    The one with the least average stock among those with at most ``target`` halts per line-month;
    where none is that good, the least lost minutes, then the least stock.

    Args:
        replay: Past days; never those on which the policy will be compared.
        candidates: A grid, the most careful first (what it observes is remembered for the rest).
        outlooks: What the policies get to know; forecast once for the whole grid.
        target: Halts per line-month.

    Raises:
        InvalidInput: No candidates.
    """
    if not candidates:
        raise InvalidInput("nothing to tune: give at least one candidate")
    known = None if outlooks is None else CachedOutlook(outlooks)
    scores = tuple(
        replay.play(each.policy, known, parameters=each.parameters) for each in candidates
    )
    ranked = sorted(range(len(scores)), key=lambda index: _merit(scores[index], target))
    best = ranked[0]
    return Tuned(
        best=candidates[best],
        score=scores[best],
        scores=scores,
        reaches_target=scores[best].halts_per_line_month <= target,
    )


def order_up_to_grid(
    alphas: Sequence[float] = ALPHAS, spreads: Sequence[float] = SPREADS
) -> tuple[Candidate, ...]:
    """Candidates of ``order_up_to``, the most careful first; as many as ``min_max_grid`` has."""
    grid = product(sorted(alphas, reverse=True), sorted(spreads, reverse=True))
    return tuple(
        Candidate(
            policy=OrderUpTo(alpha=alpha, spread=spread),
            parameters={"alpha": alpha, "spread": spread},
        )
        for alpha, spread in grid
    )


def min_max_grid(
    pairs: Sequence[tuple[str, str]],
    window_sums: FloatArray,
    safety_factors: Sequence[float] = SAFETY_FACTORS,
    extra_covers: Sequence[float] = EXTRA_COVERS,
) -> tuple[Candidate, ...]:
    """Candidates of ``min_max``, the most careful first.

    Args:
        pairs: (stock point, part) of each column of ``window_sums``.
        window_sums: Demand in past windows, shape (window, pair).
        safety_factors: Standard deviations of the window demand in the reorder point.
        extra_covers: Windows of mean demand that an order brings on top.
    """
    grid = product(sorted(safety_factors, reverse=True), sorted(extra_covers, reverse=True))
    return tuple(
        Candidate(
            policy=min_max(pairs, window_sums, z, cover),
            parameters={"z": z, "extra_cover": cover},
        )
        for z, cover in grid
    )


def min_max(
    pairs: Sequence[tuple[str, str]], window_sums: FloatArray, z: float, extra_cover: float
) -> MinMax:
    """``MinMax`` with thresholds from past windows, see ``replenish.min_max.static_levels``."""
    low, high = static_levels(window_sums, z, extra_cover)
    rows = zip(pairs, low.tolist(), high.tolist(), strict=True)
    return MinMax(thresholds={pair: (point, level) for pair, point, level in rows})


def _merit(score: Score, target: float) -> tuple[float, float, float]:
    """Sort key: candidates that reach the target by stock, then the others by what they lose.

    Not by the number of halts: who never delivers halts each line only once, for ever.
    """
    if score.halts_per_line_month <= target:
        return (0.0, score.cover_days, score.lost_minutes)
    return (1.0, score.lost_minutes, score.cover_days)
