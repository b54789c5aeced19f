"""The proof before a policy is switched on: tuned on the past, scored on days it has not seen.

Two stretches of days. On the first, the end of the history, models are compared and every policy is
tuned by the same search; it is twice as long as the second, for halts are rare and a short stretch
flatters whatever was lucky on it. On the second, which nothing was fitted to or tuned on, all
policies meet the same demand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from supplynet.core.network import Plant
from supplynet.errors import HistoryTooShort
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.calibrated import CalibratedPredictor, calibrate
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.model import Estimator, Predictor
from supplynet.frames.panel import Panel, Period
from supplynet.simulate.buying import EchelonPurchaser, fresh_paths
from supplynet.simulate.outlook import PathOutlook
from supplynet.study.compare import Contender, Scoreboard, compare
from supplynet.study.families import family
from supplynet.study.frontier import Point, points_of, settings_of
from supplynet.study.futures import player, sampled_futures
from supplynet.study.replay import Replay, make_replay, past_of
from supplynet.study.search import search
from supplynet.study.tuning import Tuned

POLICIES = ("min_max", "order_up_to", "no_stockout")
"""What is compared unless others are named: what plants have, and two that look ahead."""
STEPS = 6
TUNING_STRETCHES = 2
"""Length of the tuning stretch, in stretches of unseen days."""
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
        estimators: Forecasting models to compare; the best drives policies that look ahead.
        policies: Of ``study.families``; the first is the one that the others are compared with.
        target: Halts per line-month that a tuned policy may have.
        further: Settings that the search of each policy may try after the common grid.
        futures: Sampled futures of the tuning days, asked where these days are too few to prove
            the target; 0 = the days alone decide.
        purchase_alpha: Warehouses buy up to this quantile of their echelon's demand by the
            forecast; 0 = by the static levels of the purchase rules.
        bound: Whether to solve the linear program of perfect foresight on the unseen days.
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
    further: int = 0
    futures: int = 0
    purchase_alpha: float = 0.0
    bound: bool = False
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
    for name in task.policies:
        family(name)
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
    before = history.head(task.unseen_from - tuning)
    calibration, dependence = errors[champion]
    earlier = CalibratedPredictor(
        predictor=past.outcomes[champion].predictor, calibration=calibration
    )
    knows = _forecaster(task, earlier, champion, before, dependence)
    replay = replay_of(task, task.recorded, task.unseen_from - tuning, tuning)
    tuned = _tune(task, _buying(task, replay, knows), before, knows)
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
        _buying(task, replay_of(task, task.truth, task.unseen_from, count), forecaster),
        [_contender(task, name, tuned[name], history, forecaster) for name in task.policies],
        bound=task.bound,
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


def frontier_of(task: Task, proof: Proof) -> tuple[Point, ...]:
    """Every policy of a proof swept over the unseen days, with its operating point."""
    past = past_of(task.plant, task.recorded.head(task.unseen_from))
    best = {name: each.best.parameters for name, each in proof.tuned.items()}
    settings = settings_of(best, past)
    count = len(task.recorded.periods) - task.unseen_from
    replay = replay_of(task, task.truth, task.unseen_from, count)
    replay = _buying(task, replay, proof.forecaster)
    outlooks = PathOutlook(proof.forecaster, paths=task.paths, seed=task.seed, shared=True)
    return points_of(settings, [replay.play_all([each.candidate for each in settings], outlooks)])


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


def _buying(task: Task, replay: Replay, forecaster: BoundForecaster) -> Replay:
    """The replay with warehouses that buy as the task says."""
    if not task.purchase_alpha:
        return replay
    paths = fresh_paths(forecaster, paths=task.paths, seed=task.seed)
    buys = EchelonPurchaser(sampler=paths, alpha=task.purchase_alpha, seed=task.seed)
    return replace(replay, purchaser=buys)


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
    task: Task, replay: Replay, before: Panel, forecaster: BoundForecaster
) -> dict[str, Tuned]:
    imagined = sampled_futures(replay, forecaster, task.futures, seed=task.seed)
    play, imagine = (
        player(replays, forecaster, paths=task.paths, seed=task.seed)
        for replays in ([replay], imagined)
    )
    return search(
        task.policies,
        past_of(task.plant, before),
        play,
        imagine=imagine if imagined else None,
        target=task.target,
        further=task.further,
    )


def _contender(
    task: Task, name: str, tuned: Tuned, history: Panel, forecaster: BoundForecaster
) -> Contender:
    """The tuned setting, with what it knows brought up to the last day before the unseen ones."""
    chosen = dict(tuned.best.parameters)
    now = family(name).candidate(chosen, past_of(task.plant, history))
    outlooks = PathOutlook(forecaster, paths=task.paths, seed=task.seed)
    return Contender(
        policy=now.policy,
        outlooks=outlooks if family(name).foresees else None,
        parameters=chosen,
    )
