"""The same search for every policy: least stock among those that keep the promise.

First a grid of 24 settings, the same number for every policy; then, where time is given for it, a
descent along one parameter at a time: alpha of a criticality class, a cap, values between those of
the grid. Each policy may try as many settings as any other.

Halts are rare, so few of them prove little: a setting passes only if a plant that kept the promise
no better than exactly would show that few halts with a chance of 20 % (Poisson). Of settings that
pass, the one with the least stock is chosen, which flatters it a little; see ``study.proof`` for
what becomes of it on other days.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from supplynet.errors import InvalidInput
from supplynet.simulate.outlook import Outlooks
from supplynet.simulate.scorecard import Score
from supplynet.study.families import CLASSES, Candidate, Family, Past, family
from supplynet.study.replay import Replay

TARGET_HALTS = 0.05
"""Halts per line-month that a tuned policy may have on the window it is tuned on."""
CONFIDENCE = 0.8
"""That the promise is kept, as far as the number of halts can tell."""
FURTHER = 12
"""Settings that a descent may try, the same number for every policy."""

Play = Callable[[Sequence[Candidate]], Sequence[Score]]


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


def search(
    names: Sequence[str], past: Past, play: Play, *, target: float, further: int = 0
) -> dict[str, Tuned]:
    """Search the parameters of several policies, each with the same number of settings.

    The common grids first, then a descent: neighbours of the best value of one parameter (up and
    down, or halfway to them for parameters of the grid), then of the next. It ends after
    ``further`` settings, or when a round over all parameters finds nothing better. What the
    policies want to try next is played side by side.

    Args:
        names: Policies of ``families``.
        past: For policies that are set from past windows.
        play: Scores of some candidates on the same past days, the same for every call.
        target: Halts per line-month.
        further: Settings to try after the grid, of each policy.

    Raises:
        InvalidInput: No such policy.
    """
    searches = {name: _Search(family(name), past, target, further) for name in names}
    while True:
        wanted = {name: each.proposals() for name, each in searches.items()}
        every = [candidate for each in wanted.values() for candidate in each]
        if not every:
            return {name: each.found() for name, each in searches.items()}
        scores, first = play(every), 0
        for name, proposed in wanted.items():
            searches[name].take(proposed, scores[first : first + len(proposed)])
            first += len(proposed)


class _Search:
    """The search of one policy, a step at a time."""

    def __init__(self, family: Family, past: Past, target: float, further: int) -> None:
        self._family, self._past, self._target, self._left = family, past, target, further
        self._names = [*family.further, *family.grid]
        self._tried: list[Candidate] = []
        self._scores: list[Score] = []
        self._turn = self._idle = 0

    def found(self) -> Tuned:
        """The best so far."""
        return chosen(self._tried, self._scores, self._target)

    def proposals(self) -> list[Candidate]:
        """What to play next; empty at the end."""
        if not self._tried:
            return list(self._family.candidates(self._past))
        best = self.found().best
        while self._left > 0 and self._idle < len(self._names):
            name = self._names[self._turn % len(self._names)]
            self._turn += 1
            self._idle += 1
            known = [dict(each.parameters) for each in self._tried]
            near = [
                {**best.parameters, name: value} for value in _neighbours(self._family, name, best)
            ]
            fresh = [each for each in near if each not in known][: self._left]
            if fresh:
                return [self._family.candidate(each, self._past) for each in fresh]
        return []

    def take(self, proposed: Sequence[Candidate], scores: Sequence[Score]) -> None:
        """What came of the proposals."""
        if self._tried:
            before = self.found().best
            self._left -= len(proposed)
            self._tried += proposed
            self._scores += scores
            self._idle = 0 if self.found().best is not before else self._idle
        else:
            self._tried, self._scores = list(proposed), list(scores)


def chosen(candidates: Sequence[Candidate], scores: Sequence[Score], target: float) -> Tuned:
    """The best of some candidates by their scores."""
    place = min(range(len(scores)), key=lambda index: _merit(scores[index], target))
    return Tuned(
        best=candidates[place],
        score=scores[place],
        scores=tuple(scores),
        reaches_target=scores[place].halts_per_line_month <= target,
    )


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


def _neighbours(family: Family, name: str, best: Candidate) -> list[float]:
    """Values next to the best one: the next of the list, or halfway to it on the grid's."""
    listed = sorted(family.further.get(name) or family.grid[name])
    base = name.removesuffix("_a").removesuffix("_c") if name[-2:] in CLASSES else name
    at = best.parameters.get(name, best.parameters.get(base, listed[len(listed) // 2]))
    above = [value for value in listed if value > at + 1e-12][:1]
    below = [value for value in listed if value < at - 1e-12][-1:]
    if name in family.further:
        return [*above, *below]
    return [_between(name, at, value) for value in (*above, *below)]


def _between(name: str, one: float, other: float) -> float:
    """Halfway; of probabilities the geometric mean of what is left to 1."""
    if name != "alpha":
        return round((one + other) / 2, 6)
    return round(1.0 - math.sqrt((1.0 - one) * (1.0 - other)), 6)


def _merit(score: Score, target: float) -> tuple[float, float, float]:
    """Sort key: candidates that keep the promise by stock, then the others by what they lose.

    Not by the number of halts: who never delivers halts each line only once, for ever.
    """
    if score.halts <= most_halts(score.line_months, target):
        return (0.0, score.cover_days, score.lost_minutes)
    return (1.0, score.lost_minutes, score.cover_days)
