"""Which settings to try next, and when to give one up: optuna behind one small face.

Every proposal is drawn with a generator of its own, keyed by the seed and the trial's number: a
search that was interrupted and goes on proposes what it would have proposed without the stop.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState, create_trial

from supplynet.core.keyed import name_key
from supplynet.forecast.tuning_spaces import Choice, Dimension, Integer, Space, grid
from supplynet.forecast.tuning_task import Method, Settings, State

_STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
_BEFORE_PRUNING = 4  # complete trials, the default's among them
_BEFORE_TPE = 8  # trials at random before the density of the good ones is estimated
logging.getLogger("optuna").setLevel(logging.WARNING)  # each study would be announced on stderr


class Proposals:
    """The course of one search.

    Args:
        space: What may be tried.
        default: Tried first.
        method: ``tpe`` (Bergstra et al. 2011), ``random``, or ``grid``: every combination of three
            values a setting, in random order, so that a search that ends early has seen all sides.
        seed: Same seed and same scores, same proposals.
    """

    def __init__(self, space: Space, default: Settings, method: Method, seed: int) -> None:
        self._space, self._seed, self._method = space, seed, method
        self._default = dict(default)
        self._distributions = {name: _distribution(one) for name, one in space.items()}
        self._study = optuna.create_study(
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_BEFORE_PRUNING)
        )
        self._grid = _shuffled(space, self._default, seed) if method == "grid" else []
        self._asked: optuna.Trial | None = None
        self._usual: Sequence[float] = ()  # scores of the default

    def next(self) -> dict[str, Any] | None:
        """Settings to try; None when the grid has no more."""
        number = len(self._study.get_trials(deepcopy=False))
        fixed = self._default if number == 0 else None
        if self._method == "grid" and number:
            if number > len(self._grid):
                return None
            fixed = self._grid[number - 1]
        if fixed is not None:
            self._study.enqueue_trial(self._coded(fixed))
        self._study.sampler = self._sampler(number)
        self._asked = self._study.ask(self._distributions)
        found = self._asked.params
        return {name: _decoded(one, found[name]) for name, one in self._space.items()}

    def gives_up(self, scores: Sequence[float]) -> bool:
        """Whether a trial is worse so far than the median of the others at the same fold.

        Args:
            scores: Of the folds so far, lower is better.
        """
        assert self._asked is not None, "ask first"
        if self._asked.number == 0:
            return False  # what the others are measured by
        self._asked.report(self._merit(scores), len(scores))
        return self._asked.should_prune()

    def tell(self, state: State, scores: Sequence[float]) -> None:
        """How the trial that was proposed last has ended."""
        assert self._asked is not None, "ask first"
        if self._asked.number == 0:
            self._usual = tuple(scores) if state == "complete" else ()
            for fold in range(1, len(scores) + 1):
                self._asked.report(self._merit(scores[:fold]), fold)
        value = self._merit(scores) if state == "complete" else None
        self._study.tell(self._asked, value, state=_STATES[state])
        self._asked = None

    def recall(self, settings: Settings, state: State, scores: Sequence[float]) -> None:
        """Take in a trial of an earlier search, as if it had been proposed now."""
        if not self._study.get_trials(deepcopy=False) and state == "complete":
            self._usual = tuple(scores)
        merits = {fold: self._merit(scores[:fold]) for fold in range(1, len(scores) + 1)}
        trial = create_trial(
            state=_STATES[state],
            value=merits[len(scores)] if state != "failed" else None,
            params=self._coded(settings),
            distributions=self._distributions,
            intermediate_values=merits,
        )
        self._study.add_trial(trial)

    def _merit(self, scores: Sequence[float]) -> float:
        """Sum over the folds so far in units of the default's; lower is better.

        So a fold that is harder than the others looks the same as they do.
        """
        usual = sum(self._usual[: len(scores)])
        return sum(scores) / usual if usual > 0 else sum(scores) / len(scores)

    def _sampler(self, number: int) -> BaseSampler:
        seed = name_key(f"tuning {self._seed} {number}") % 2**31
        if self._method == "tpe":
            return TPESampler(seed=seed, n_startup_trials=_BEFORE_TPE)
        return RandomSampler(seed=seed)

    def _coded(self, settings: Settings) -> dict[str, Any]:
        return {name: _coded(one, settings[name]) for name, one in self._space.items()}


def _distribution(dimension: Dimension) -> BaseDistribution:
    if isinstance(dimension, Choice):
        return CategoricalDistribution(range(len(dimension.values)))
    if isinstance(dimension, Integer):
        return IntDistribution(dimension.low, dimension.high, log=dimension.logarithmic)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.logarithmic)


def _coded(dimension: Dimension, value: Any) -> Any:
    return dimension.values.index(value) if isinstance(dimension, Choice) else value


def _decoded(dimension: Dimension, value: Any) -> Any:
    return dimension.values[value] if isinstance(dimension, Choice) else value


def _shuffled(space: Space, default: Settings, seed: int) -> list[dict[str, Any]]:
    points = [point for point in grid(space) if point != dict(default)]
    order = np.random.default_rng(seed).permutation(len(points))
    return [points[place] for place in order.tolist()]
