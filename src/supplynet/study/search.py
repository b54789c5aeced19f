"""The search of every policy: a grid of the same size, then a descent of the same length.

First a grid of 24 settings, the same number for every policy; then, where time is given for it, a
descent along one parameter at a time: alpha of a criticality class, a cap, values between those of
the grid. Each policy may try as many settings as any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from supplynet.simulate.scorecard import Score
from supplynet.study.families import CLASSES, Candidate, Family, Past, family
from supplynet.study.tuning import Tuned, can_prove, chosen

FURTHER = 12
"""Settings that a descent may try, the same number for every policy."""
Play = Callable[[Sequence[Candidate]], Sequence[Score]]


def search(
    names: Sequence[str],
    past: Past,
    play: Play,
    *,
    target: float,
    further: int = 0,
    imagine: Play | None = None,
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
        imagine: The same on sampled futures of these days, asked where the days are too few to
            prove the promise; None = the days alone decide.

    Raises:
        InvalidInput: No such policy.
    """
    searches = {name: _Search(family(name), past, target, further) for name in names}
    while True:
        wanted = {name: each.proposals() for name, each in searches.items()}
        every = [candidate for each in wanted.values() for candidate in each]
        if not every:
            return {name: each.found() for name, each in searches.items()}
        scores, imagined, first = play(every), [], 0
        if imagine is not None and not can_prove(scores[0].line_months, target):
            imagined = list(imagine(every))
        for name, proposed in wanted.items():
            own = slice(first, first + len(proposed))
            searches[name].take(proposed, scores[own], imagined[own])
            first += len(proposed)


class _Search:
    """The search of one policy, a step at a time."""

    def __init__(self, family: Family, past: Past, target: float, further: int) -> None:
        self._family, self._past, self._target, self._left = family, past, target, further
        self._names = [*family.further, *family.grid]
        self._tried: list[Candidate] = []
        self._scores: list[Score] = []
        self._imagined: list[Score] = []
        self._turn = self._idle = 0

    def found(self) -> Tuned:
        """The best so far."""
        return chosen(self._tried, self._scores, self._target, self._imagined)

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

    def take(
        self, proposed: Sequence[Candidate], scores: Sequence[Score], imagined: Sequence[Score]
    ) -> None:
        """What came of the proposals, on the days and, if anybody asked, in their futures."""
        before = self.found().best if self._tried else None
        self._tried += proposed
        self._scores += scores
        self._imagined += imagined
        if before is not None:
            self._left -= len(proposed)
            self._idle = 0 if self.found().best is not before else self._idle


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
