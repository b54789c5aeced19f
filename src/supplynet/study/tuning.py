"""Which setting is chosen: least stock among those that keep the promise.

Halts are rare, so few of them prove little: a setting passes only if a plant that kept the promise
no better than exactly would show that few halts with a chance of 20 % (Poisson). Of settings that
pass, the one with the least stock is chosen, which flatters it a little; see ``study.proof`` for
what becomes of it on other days.

Where the days are so few that not even no halt proves the promise, that is all that can be asked
of them, and it is not enough: a setting must then also keep the promise by what sampled futures of
these days foretell, see ``study.foretold``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from supplynet.errors import InvalidInput
from supplynet.simulate.outlook import Outlooks
from supplynet.simulate.scorecard import Score
from supplynet.study.families import Candidate
from supplynet.study.foretold import foretold_rates
from supplynet.study.replay import Replay

TARGET_HALTS = 0.05
"""Halts per line-month that a tuned policy may have on the window it is tuned on."""
CONFIDENCE = 0.8
"""That the promise is kept, as far as the number of halts can tell."""


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The best setting, and every setting that was tried.

    Attributes:
        best: The candidate that was chosen.
        scores: Of all candidates, in the order in which they were tried.
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

    The one with the least average stock among those with few enough halts (``most_halts``); where
    none is that good, the least lost minutes, then the least stock.

    Args:
        replay: Past days; never those on which the policy will be compared.
        candidates: A grid, the most careful first (what it observes is shown to the rest).
        outlooks: What the policies get to know; one forecast for the whole grid.
        target: Halts per line-month.

    Raises:
        InvalidInput: No candidates.
    """
    if not candidates:
        raise InvalidInput("nothing to tune: give at least one candidate")
    return chosen(candidates, replay.play_all(candidates, outlooks), target)


def chosen(
    candidates: Sequence[Candidate],
    scores: Sequence[Score],
    target: float,
    imagined: Sequence[Score] = (),
) -> Tuned:
    """The best of some candidates by their scores.

    Args:
        candidates: What was tried.
        scores: Of each on the recorded days.
        target: Halts per line-month.
        imagined: Of each on sampled futures of these days; none = the days alone decide.
    """
    rates = foretold_rates(scores, imagined) if imagined else np.zeros(len(scores))
    played = [each for each in (scores, imagined) if each]
    lost = np.sum([[score.lost_minutes for score in each] for each in played], axis=0)
    kept = [
        score.halts <= most_halts(score.line_months, target) and rate <= target
        for score, rate in zip(scores, rates, strict=True)
    ]
    # Candidates that keep the promise by stock, then the others by what they lose. Not by the
    # number of halts: who never delivers halts each line only once, for ever.
    merits = [
        (0.0, score.cover_days, minutes) if good else (1.0, minutes, score.cover_days)
        for score, minutes, good in zip(scores, lost, kept, strict=True)
    ]
    place = min(range(len(scores)), key=merits.__getitem__)
    return Tuned(
        best=candidates[place],
        score=scores[place],
        scores=tuple(scores),
        reaches_target=scores[place].halts_per_line_month <= target,
    )


def can_prove(line_months: float, target: float) -> bool:
    """Whether no halt at all on so many line-months would prove the promise at ``CONFIDENCE``."""
    return bool(stats.chi2.ppf(CONFIDENCE, 2) / 2 <= target * line_months)


def most_halts(line_months: float, target: float) -> int:
    """Halts that may be seen where at most ``target`` per line-month are promised.

    The most for which the upper bound of their rate at ``CONFIDENCE`` is within the target
    (Garwood 1936: half the chi-squared quantile with twice the halts plus two degrees of freedom);
    0 where even none would not prove it.

    Args:
        line_months: Over which halts were counted.
        target: Halts per line-month.
    """
    expected = target * line_months
    counts = np.arange(int(expected) + 1)
    bound = stats.chi2.ppf(CONFIDENCE, 2 * (counts + 1)) / 2
    return int(np.flatnonzero(bound <= expected).max(initial=0))
