"""The proof before a policy is switched on: tuned on the past, scored on days it has not seen.

Two stretches of days. On the first, the end of the history, models are compared and every policy is
tuned by the same search; it is twice as long as the second, for halts are rare and a short stretch
flatters whatever was lucky on it. On the second, which nothing was fitted to or tuned on, all
policies meet the same demand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import HistoryTooShort, InvalidInput
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.calibrated import CalibratedPredictor, calibrate
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.model import Estimator, Predictor
from supplynet.frames.panel import Panel, Period
from supplynet.simulate.outlook import PathOutlook
from supplynet.study.compare import Contender, Scoreboard, compare
from supplynet.study.replay import Replay, make_replay, window_sums
from supplynet.study.tuning import Tuned, min_max, min_max_grid, order_up_to_grid, tune

POLICIES = ("min_max", "order_up_to")
STEPS = 6
TUNING_STRETCHES = 2
"""Length of the tuning stretch, in stretches of unseen days."""
RECENT = timedelta(days=56)
"""Thresholds of min/max are set from the windows of the last eight weeks."""
Report = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """What is to be proven.

    Attributes:
        plant: Lines that share their shifts.
        recorded: History and unseen days as a plant records them.
        truth: The same with the true demand of the unseen days; the recorded one where nobody
            knows better.
        unseen_from: Index of the first unseen period.
        calendar: ``recorded.periods`` and at least four weeks more.
        estimators: Forecasting models to compare; the best drives ``order_up_to``.
        policies: Of ``POLICIES``; the first is the one that the others are compared with.
        target: Halts per line-month that a tuned policy may have.
        paths: Sample paths per decision.
        seed: Of everything random.
    """

    plant: Plant
    recorded: Panel
    truth: Panel
    unseen_from: int
    calendar: Sequence[Period]
    estimators: Mapping[str, Estimator]
    policies: Sequence[str] = POLICIES
    target: float = 0.02
    paths: int = 500
    seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Proof:
    """What was found.

    Attributes:
        forecast: Errors on the unseen days, columns of ``forecast.backtest.SCORES``.
        champion: Model with the lowest pinball loss on the end of the history.
        forecaster: The champion, fitted on and bound to the history before the unseen days.
        predictors: All models, fitted on the same history, calibrated on its end.
        dependence: By model, from the end of the history.
        tuned: By policy.
        scoreboard: On the unseen days, perfect foresight last.
    """

    forecast: pl.DataFrame
    champion: str
    forecaster: BoundForecaster
    predictors: Mapping[str, Predictor]
    dependence: Mapping[str, Dependence]
    tuned: Mapping[str, Tuned]
    scoreboard: Scoreboard


def prove(task: Task, *, report: Report = lambda _fraction, _what: None) -> Proof:
    """Compare models, tune policies on the end of the history, and score them on unseen days.

    Args:
        task: What is to be proven.
        report: Progress, 0 to 1.

    Raises:
        HistoryTooShort: The history is not at least four times as long as the unseen days.
        InvalidInput: An unknown policy.
    """
    unknown = set(task.policies) - set(POLICIES)
    if unknown:
        raise InvalidInput(f"no policy {min(unknown)!r}; choose from {', '.join(POLICIES)}")
    count = len(task.recorded.periods) - task.unseen_from
    tuning = TUNING_STRETCHES * count
    if task.unseen_from < 2 * tuning:
        raise HistoryTooShort(task.unseen_from, 2 * tuning)
    history = task.recorded.head(task.unseen_from)
    report(0.0, "comparing models on the end of the history")
    past = _compare_models(task, history, tuning)
    champion = _champion(past, task.estimators)
    errors = {name: calibrate(past, name) for name in task.estimators}
    report(0.35, "tuning every policy by the same search")
    replay = replay_of(task, task.recorded, task.unseen_from - tuning, tuning)
    before = history.head(task.unseen_from - tuning)
    calibration, dependence = errors[champion]
    earlier = CalibratedPredictor(
        predictor=past.outcomes[champion].predictor, calibration=calibration
    )
    tuned = {
        name: _tune(
            task, name, replay, before, _forecaster(task, earlier, champion, before, dependence)
        )
        for name in task.policies
    }
    report(0.6, "fitting the models on all of the history")
    unseen = _compare_models(task, task.recorded, count)
    predictors = {
        name: CalibratedPredictor(
            predictor=unseen.outcomes[name].predictor, calibration=errors[name][0]
        )
        for name in task.estimators
    }
    forecaster = _forecaster(task, predictors[champion], champion, history, dependence)
    report(0.85, "replaying the unseen days")
    scoreboard = compare(
        replay_of(task, task.truth, task.unseen_from, count),
        [_contender(task, name, tuned[name], history, forecaster) for name in task.policies],
    )
    report(1.0, "done")
    return Proof(
        forecast=unseen.table,
        champion=champion,
        forecaster=forecaster,
        predictors=predictors,
        dependence={name: found for name, (_, found) in errors.items()},
        tuned=tuned,
        scoreboard=scoreboard,
    )


def _compare_models(task: Task, panel: Panel, count: int) -> Backtest:
    return backtest(task.estimators, panel, periods=count, steps=min(STEPS, count))


def _champion(found: Backtest, estimators: Mapping[str, Estimator]) -> str:
    names: list[str] = found.table["model"].to_list()
    return next(name for name in names if name in estimators)


def replay_of(task: Task, panel: Panel, first: int, count: int) -> Replay:
    """Demand of ``panel`` in ``count`` periods from ``first`` on, to be played under policies."""
    periods = panel.periods[first : first + count]
    return make_replay(
        task.plant,
        panel,
        start=periods[0].start,
        end=periods[-1].end,
        history=task.recorded.head(first),
        seed=task.seed,
    )


def _forecaster(
    task: Task, predictor: Predictor, model: str, history: Panel, dependence: Dependence
) -> BoundForecaster:
    return BoundForecaster(
        predictor=predictor,
        history=history,
        calendar=task.calendar,
        dependence=dependence,
        model_version=model,
    )


def _tune(
    task: Task, name: str, replay: Replay, before: Panel, forecaster: BoundForecaster
) -> Tuned:
    if name == "min_max":
        sums = _recent_windows(task.plant, before)
        return tune(replay, min_max_grid(replay.model.pairs, sums), target=task.target)
    outlooks = PathOutlook(forecaster, paths=task.paths, seed=task.seed)
    return tune(replay, order_up_to_grid(), outlooks, target=task.target)


def _contender(
    task: Task, name: str, tuned: Tuned, history: Panel, forecaster: BoundForecaster
) -> Contender:
    """The tuned setting, with what it knows brought up to the last day before the unseen ones."""
    chosen = dict(tuned.best.parameters)
    if name == "min_max":
        known = history.select({(row.line_id, row.part_id) for row in task.plant.requirements})
        places = {(task.plant.stock_point_of(line), part) for line, part in known.series}
        sums = _recent_windows(task.plant, history)
        policy = min_max(tuple(sorted(places)), sums, chosen["z"], chosen["extra_cover"])
        return Contender(policy=policy, parameters=chosen)
    outlooks = PathOutlook(forecaster, paths=task.paths, seed=task.seed)
    return Contender(policy=tuned.best.policy, outlooks=outlooks, parameters=chosen)


def _recent_windows(plant: Plant, history: Panel) -> FloatArray:
    since = history.periods[-1].end - RECENT
    recent = history.tail(sum(period.start >= since for period in history.periods))
    return window_sums(plant, recent.select({(r.line_id, r.part_id) for r in plant.requirements}))
