"""Trigger rules acting in the twin, on days that none of them was fitted to or tuned on.

Built on ``study.proof``: it compares forecasting models, tunes min/max (and the order-up-to policy)
and plays them and perfect foresight on the unseen days. Each trigger rule is then tuned by the same
search on the same days before, over as many settings, and plays the same unseen days. Rules order
up to the level that min/max was tuned to, with its cover varied, so that they differ in when they
order and in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from supplynet.errors import ForecastError, InvalidInput
from supplynet.forecast.backtest import backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.refill_classifier import RefillClassifier
from supplynet.frames.panel import Panel
from supplynet.learning.scaling import typical_level
from supplynet.replenish.min_max import static_levels
from supplynet.simulate.outlook import Outlooks, PathOutlook
from supplynet.simulate.scorecard import Difference, Score, paired_difference
from supplynet.study.families import EXTRA_COVERS, Candidate
from supplynet.study.proof import (
    STEPS,
    TUNING_STRETCHES,
    Proof,
    Report,
    Task,
    prove,
    replay_of,
)
from supplynet.study.refill_learning import examples_of
from supplynet.study.refill_policy import ClassifierOutlook, RefillTrigger
from supplynet.study.replay import RECENT, Replay, window_sums
from supplynet.study.tuning import Tuned, tune

FORECAST = "forecast_trigger"
BARS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
MOST_ROWS = 60_000


@dataclass(frozen=True, kw_only=True, eq=False)
class HaltTrial:
    """Halts and stock of every rule on the unseen days.

    Attributes:
        proof: What min/max, the order-up-to policy and perfect foresight did.
        tuned: Each trigger rule on the days before, by name.
        scores: All policies: min/max first, perfect foresight last.
        differences: Each trigger rule minus min/max, on the same demand.
        skipped: Why a rule is not there.
    """

    proof: Proof
    tuned: Mapping[str, Tuned]
    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]
    skipped: Mapping[str, str]


def halt_trial(
    task: Task,
    classifiers: Mapping[str, RefillClassifier],
    *,
    report: Report = lambda _fraction, _what: None,
) -> HaltTrial:
    """Tune every rule on the end of the history and play all of them on the unseen days.

    Args:
        task: As for ``study.proof.prove``; its policies must begin with ``min_max``.
        classifiers: By name.
        report: Progress, 0 to 1.

    Raises:
        HistoryTooShort: As ``prove``.
        InvalidInput: As ``prove``, or ``min_max`` is not the first policy.
    """
    if tuple(task.policies[:1]) != ("min_max",):
        raise InvalidInput("trigger rules are compared with min_max: name it first")
    proof = prove(task, report=lambda done, what: report(0.5 * done, what))
    tuned, scores, skipped = {}, [], {}
    rules: dict[str, RefillClassifier | None] = {FORECAST: None, **classifiers}
    for place, (name, model) in enumerate(rules.items()):
        report(0.5 + 0.5 * place / len(rules), f"tuning and playing {name}")
        try:
            tuned[name], score = _tune_and_play(task, name, model, proof)
        except ForecastError as error:
            skipped[name] = str(error)
            continue
        scores.append(score)
    plain, *others = proof.scoreboard.scores
    return HaltTrial(
        proof=proof,
        tuned=tuned,
        scores=(plain, *scores, *others),
        differences=tuple(paired_difference(each, plain, seed=task.seed) for each in scores),
        skipped=skipped,
    )


def _tune_and_play(
    task: Task, name: str, model: RefillClassifier | None, proof: Proof
) -> tuple[Tuned, Score]:
    """Tuned on the stretch on which ``prove`` tuned min/max, played on the unseen days."""
    unseen = len(task.recorded.periods) - task.unseen_from
    tuning = TUNING_STRETCHES * unseen
    history = task.recorded.head(task.unseen_from)
    before = history.head(task.unseen_from - tuning)
    past = replay_of(task, task.recorded, task.unseen_from - tuning, tuning)
    safety = proof.tuned["min_max"].best.parameters["z"]
    grid = _grid(task, past, before, safety, name)
    outlooks = _outlooks(task, model, before, proof, shared=True)
    tuned = tune(past, grid, outlooks, target=task.target)
    # The same setting, with levels and knowledge brought up to the last day before the unseen ones.
    played = replay_of(task, task.truth, task.unseen_from, unseen)
    place = next(n for n, each in enumerate(grid) if each is tuned.best)
    now = _grid(task, played, history, safety, name)[place]
    outlooks = _outlooks(task, model, history, proof)
    return tuned, played.play(now.policy, outlooks, name=name, parameters=now.parameters)


def _outlooks(
    task: Task,
    model: RefillClassifier | None,
    known: Panel,
    proof: Proof,
    *,
    shared: bool = False,
) -> Outlooks:
    """What a rule gets to know, fitted on what is known."""
    if model is None:
        forecaster = _forecaster(task, known, proof)
        return PathOutlook(forecaster, paths=task.paths, seed=task.seed, shared=shared)
    typical = typical_level(known)
    examples = examples_of(task.plant, known, typical=typical, most_rows=MOST_ROWS, seed=task.seed)
    return ClassifierOutlook(
        model.fit(examples),
        known,
        task.calendar,
        typical=typical,
        seed=task.seed,
        shared=shared,
    )


def _forecaster(task: Task, known: Panel, proof: Proof) -> BoundForecaster:
    """The champion of the proof; on its own history where that is what is known."""
    if known.periods == proof.forecaster.history.periods:
        return proof.forecaster
    count = min(len(known.periods) // 4, len(task.recorded.periods) - task.unseen_from)
    name = proof.champion
    found = backtest({name: task.estimators[name]}, known, periods=count, steps=min(STEPS, count))
    return BoundForecaster(
        predictor=task.estimators[name].fit(known),
        history=known,
        calendar=task.calendar,
        dependence=found.dependence(name),
        model_version=name,
    )


def _grid(
    task: Task, replay: Replay, known: Panel, safety: float, name: str
) -> Sequence[Candidate]:
    """Bars and covers, the most careful first; as many as ``families`` have."""
    since = known.periods[-1].end - RECENT
    recent = known.tail(sum(period.start >= since for period in known.periods))
    sums = window_sums(task.plant, recent.select(replay.model.series))
    found = []
    for bar, cover in product(BARS, EXTRA_COVERS):
        _, level = static_levels(sums, safety, cover)
        levels = dict(zip(replay.model.pairs, level.tolist(), strict=True))
        found.append(
            Candidate(
                policy=RefillTrigger(bar=bar, levels=levels, name=name),
                parameters={"bar": bar, "extra_cover": cover},
            )
        )
    return found
