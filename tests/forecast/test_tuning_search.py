"""The search on a model whose error is known: it forecasts its setting ``level``, demand is 10."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, ForecastError, InvalidInput, TrainingDiverged
from supplynet.forecast.folds import FoldData, FoldPlan
from supplynet.forecast.tuning_proposals import Proposals
from supplynet.forecast.tuning_search import best_of, search_settings
from supplynet.forecast.tuning_spaces import Choice, Integer, Real, Space
from supplynet.forecast.tuning_task import Budget, Method, Search, Task, Trial
from supplynet.frames.panel import Panel, daily_periods

MONDAY = date(2026, 1, 5)
SPACE: Space = {"level": Integer(low=0, high=100), "slope": Real(low=0.0, high=1.0)}
DEFAULT = {"level": 40, "slope": 0.0}
METHODS: tuple[Method, ...] = ("tpe", "random", "grid")


@dataclass
class Clock:
    """Seconds that pass only while a model is fitted."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Level:
    """Forecasts ``level + slope`` for ever."""

    level: float
    slope: float
    fits: list[int]
    clock: Clock
    seconds: float = 1.0

    def fit(self, panel: Panel, *_: object, **__: object) -> Level:
        self.fits.append(len(panel.periods))
        self.clock.now += self.seconds
        if self.level > 90:
            raise TrainingDiverged(1, 2, 0.1)
        return self

    def predict(self, panel: Panel, future: Any, quantiles: Any) -> FloatArray:
        shape = (len(panel.series), len(future), len(quantiles))
        return np.full(shape, self.level + self.slope)


class Bench:
    """A task, the fits that it cost, and the clock that they moved."""

    def __init__(self, folds: int = 3, seconds: float = 1.0) -> None:
        self.fits: list[int] = []
        self.clock = Clock()
        plan = FoldPlan(count=folds, periods=7, steps=7)
        count = 30 + 7 * folds
        periods = daily_periods(MONDAY, MONDAY + timedelta(days=count))
        panel = Panel(series=(("L", "p"),), periods=periods, demand=np.full((1, count), 10.0))
        data = [FoldData.of(panel, fold, plan) for fold in plan.folds(count)]

        def make(settings: Any) -> Any:
            if settings["level"] == 1:
                raise ConfigError("no such level")
            return Level(**settings, fits=self.fits, clock=self.clock, seconds=seconds)

        self.task = Task(make=make, space=SPACE, default=DEFAULT, data=data)

    def run(self, search: Search, **more: Any) -> tuple[Trial, ...]:
        budget = Budget(minutes=search.minutes, clock=self.clock)
        return search_settings(self.task, search, budget, **more)


def timeless(trials: tuple[Trial, ...]) -> list[Trial]:
    return [replace(trial, seconds=0.0) for trial in trials]


def test_the_default_is_the_first_trial_and_nothing_is_worse_than_it() -> None:
    trials = Bench().run(Search(trials=1))
    assert [trial.settings for trial in trials] == [DEFAULT]
    # 30 too much at every level: the mean pinball loss is half of it
    assert trials[0].scores == pytest.approx((15.0, 15.0, 15.0))
    for method in METHODS:
        trials = Bench().run(Search(trials=15, method=method))
        assert best_of(trials).score <= trials[0].score  # type: ignore[operator] # both complete


@pytest.mark.parametrize("method", ["tpe", "random"])
def test_a_search_finds_what_is_better(method: Method) -> None:
    trials = Bench(folds=2).run(Search(trials=40, method=method))
    assert abs(best_of(trials).settings["level"] - 10) <= 5


def test_a_grid_is_tried_whole_and_then_it_is_over() -> None:
    trials = Bench().run(Search(method="grid", trials=None))
    points = [(trial.settings["level"], trial.settings["slope"]) for trial in trials]
    assert points[0] == (40, 0.0)
    assert sorted(points[1:]) == [(n, x) for n in (0, 50, 100) for x in (0.0, 0.5, 1.0)]


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_trials_and_another_gives_others(method: Method) -> None:
    search = Search(trials=9, method=method)
    one = timeless(Bench().run(search))
    assert one == timeless(Bench().run(search))
    assert one != timeless(Bench().run(replace(search, seed=1)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stop", [1, 6, 12])
def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(method: Method, stop: int) -> None:
    search = Search(trials=18, method=method)
    whole = timeless(Bench().run(search))
    again = Bench()
    resumed = again.run(search, earlier=Bench().run(search)[:stop])
    assert timeless(resumed) == whole
    fresh = Bench()
    fresh.run(search)
    assert len(again.fits) < len(fresh.fits)


def test_pruning_saves_the_folds_that_it_does_not_run() -> None:
    bench = Bench(folds=5)
    trials = bench.run(Search(trials=30, method="random"))
    pruned = [trial for trial in trials if trial.state == "pruned"]
    assert len(pruned) > 5
    assert all(len(trial.scores) < 5 and trial.score is None for trial in pruned)
    ran = [trial for trial in trials if trial.repeats is None and trial.state != "failed"]
    assert len(bench.fits) == sum(len(trial.scores) for trial in ran) + sum(
        trial.state == "failed" and trial.settings["level"] != 1 for trial in trials
    )
    worse = [trial.scores[0] for trial in pruned]
    assert min(worse) > best_of(trials).scores[0]


def test_a_fold_that_is_harder_for_all_prunes_nobody() -> None:
    """Shares of the default's score are compared, not scores that rise from fold to fold."""
    proposals = Proposals(SPACE, DEFAULT, "random", 0)
    for number in range(6):
        proposals.next()
        scores = [1.0, 50.0, 100.0]
        gone = [proposals.gives_up(scores[:fold]) for fold in (1, 2, 3)]
        assert gone == [False] * 3, number
        proposals.tell("complete", scores)
    proposals.next()
    assert proposals.gives_up([1.1])
    assert not proposals.gives_up([0.9, 40.0])


def test_a_trial_that_fails_is_noted_and_the_search_goes_on() -> None:
    bench = Bench()
    bench.task = replace(bench.task, space={"level": Choice((40, 1, 95)), "slope": SPACE["slope"]})
    trials = bench.run(Search(method="grid", trials=None))
    reasons = {trial.settings["level"]: trial.reason for trial in trials if trial.state == "failed"}
    assert reasons[1] == "no such level"
    assert "loss is not finite" in reasons[95]
    assert {trial.settings["level"] for trial in trials if trial.state == "complete"} == {40}


def test_when_everything_fails_the_first_reason_is_told() -> None:
    bench = Bench()
    bench.task = replace(bench.task, default={"level": 95, "slope": 0.0})
    with pytest.raises(ForecastError, match=r"every trial failed.*not finite"):
        best_of(bench.run(Search(trials=1)))


def test_settings_that_were_tried_are_not_run_again() -> None:
    bench = Bench()
    bench.task = replace(bench.task, space={"level": Integer(low=40, high=41)})
    bench.task = replace(bench.task, default={"level": 40}, make=_with_slope(bench.task.make))
    trials = bench.run(Search(trials=None, minutes=1000, method="random"))
    assert len(bench.fits) == 2 * 3
    assert [trial.repeats for trial in trials[-50:]].count(None) == 0  # it saw that, and stopped
    assert trials[-1].scores == trials[trials[-1].repeats or 0].scores


def _with_slope(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda settings: make({**settings, "slope": 0.0})


def test_the_minutes_are_kept_with_the_final_scoring_in_mind() -> None:
    bench = Bench(folds=2, seconds=10)
    bench.task = replace(bench.task, space={**SPACE, "level": Integer(low=2, high=80)})
    trials = bench.run(Search(trials=None, minutes=1.5, method="random"))
    # 20 s a trial, 20 s put by for two fits at the end: 90 s are three trials, and a fourth that
    # was dropped between its folds
    assert len(trials) == 3
    assert bench.clock.now == 70
    assert all(trial.state == "complete" for trial in trials)


def test_the_default_is_tried_however_short_the_time() -> None:
    trials = Bench(seconds=100).run(Search(trials=5, minutes=0.01))
    assert [trial.state for trial in trials] == ["complete"]


def test_every_trial_is_saved_when_it_is_done() -> None:
    saved: list[int] = []
    told: list[str] = []
    Bench().run(
        Search(trials=3),
        save=lambda trials: saved.append(len(trials)),
        report=lambda _, what: told.append(what),
    )
    assert saved == [1, 2, 3]
    assert told[0] == "trial 0: fold 1 of 3"
    assert told[3] == "trial 1: fold 1 of 3, best so far 15"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"method": "magic"}, "no search 'magic'; choose one of tpe, random, grid"),
        ({"metric": "luck"}, "no metric 'luck'"),
        ({"trials": 0}, "trials is 0"),
        ({"minutes": 0.0}, "minutes is 0"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"trials": None}, "a search needs an end"),
    ],
)
def test_a_search_that_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Search(**given)
