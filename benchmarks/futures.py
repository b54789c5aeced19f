"""Tuning on recorded days alone and with sampled futures of them, scored on unseen days.

Every world is a plant of 27 lines: six weeks on which policies are tuned, then 63 unseen days. The
promise is stricter than six weeks can prove. Settings are chosen by the recorded days alone; with
two sampled futures as days like any other (pooled); and with what the futures foretell, brought to
scale by the recorded days (``study.foretold``, what ``simulate`` does). With ``--only`` some cases:
usual, misspecified (the unseen days are wilder and 15 % higher than the history), moving, low (the
forecast is always 10 % too low).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.protocols import Forecaster, Observed
from supplynet.core.sample_paths import SamplePaths
from supplynet.forecast import registry
from supplynet.forecast.backtest import backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.calibrated import CalibratedPredictor, calibrate
from supplynet.frames.panel import Panel
from supplynet.simulate.scorecard import Score, pooled
from supplynet.study.families import GRID, Candidate, family
from supplynet.study.futures import FUTURES, player, sampled_futures
from supplynet.study.replay import Replay, make_replay, past_of
from supplynet.study.scenarios import CASES, Case, World, make_world
from supplynet.study.tuning import can_prove, chosen

POLICIES = ("no_stockout", "min_max")
TARGETS = (0.02, 0.04)
TUNED_SHIFTS, PATHS = 84, 200
_PLANT: dict[str, Any] = {"showrooms": 3, "stations": 3, "lines": "ABC", "parts": 60}
_DAYS: dict[str, Any] = {"history_days": 140, "unseen_days": 63, "settings": {"weeks": 4}}
_WORLD = replace(CASES["misspecified"], **_PLANT, **_DAYS)
_AS_BEFORE = replace(_WORLD, unseen=None, unseen_factor=1.0)
WORLDS: Mapping[str, Case] = {
    "usual": replace(_AS_BEFORE, name="usual"),
    "misspecified": _WORLD,
    "moving": replace(CASES["moving"], **_PLANT, **_DAYS),
    "low": replace(_AS_BEFORE, name="low"),
}
LOW = 0.9
_HOW = ("days", "pooled", "foretold")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class TooLow:
    """A forecaster that always expects too little."""

    forecaster: Forecaster
    share: float

    def sample(
        self, observed: Observed, cutoff: datetime, *, steps: int, paths: int, seed: int
    ) -> SamplePaths:
        """The paths times the share."""
        found = self.forecaster.sample(observed, cutoff, steps=steps, paths=paths, seed=seed)
        return replace(found, values=np.floor(found.values * self.share + 0.5).astype(np.int32))


@dataclass(frozen=True, kw_only=True)
class Played:
    """Scores of all settings of one policy in one world, in the same order."""

    candidates: Sequence[Candidate]
    days: Sequence[Score]
    futures: Sequence[Score]
    unseen: Sequence[Score]


def run(setup: Setup) -> Result:
    names = [name for name in WORLDS if not setup.only or name in setup.only]
    if setup.quick:
        names = names[:1]
    seeds = range(setup.seed, setup.seed + (1 if setup.quick else setup.seeds))
    rows: list[Row] = []
    for place, name in enumerate(names):
        case = _small(WORLDS[name]) if setup.quick else WORLDS[name]
        worlds = []
        for done, seed in enumerate(seeds):
            setup.report((place + done / len(seeds)) / len(names), f"{name}: seed {seed}")
            worlds.append(_play(case, seed, TUNED_SHIFTS // 6 if setup.quick else TUNED_SHIFTS))
        for policy in POLICIES:
            mine = [world[policy] for world in worlds]
            rows += [_row(name, policy, target, how, mine) for target in TARGETS for how in _HOW]
    params = {
        "policies": list(POLICIES),
        "worlds": len(seeds),
        "tuned_days": TUNED_SHIFTS // 2,
        "unseen_days": _WORLD.unseen_days,
        "futures": FUTURES,
        "paths": PATHS,
    }
    return Result(params=params, rows=rows)


def _play(case: Case, seed: int, tuned: int) -> dict[str, Played]:
    """Every setting of the common grid on tuning days, their futures, and the unseen days."""
    world = make_world(case, seed)
    first, everything = world.unseen_from, len(world.recorded.periods)
    before = world.history.head(first - tuned)
    days = _replay(world, first - tuned, tuned, before)
    early = _forecaster(case, world, before, tuned)
    futures = sampled_futures(days, early, FUTURES, seed=seed)
    unseen = _replay(world, first, everything - first, world.history)
    late = _forecaster(case, world, world.history, tuned)
    plays = (
        (before, player([days], early, paths=PATHS, seed=seed)),
        (before, player(futures, early, paths=PATHS, seed=seed)),
        (world.history, player([unseen], late, paths=PATHS, seed=seed)),
    )
    scores = []
    for history, play in plays:
        past = past_of(world.plant, history, slot_minutes=case.slot_minutes)
        settings = [each for name in POLICIES for each in family(name).candidates(past)]
        scores.append(play(settings))
    parts = {name: slice(at * GRID, (at + 1) * GRID) for at, name in enumerate(POLICIES)}
    return {
        name: Played(
            candidates=settings[part],
            days=scores[0][part],
            futures=scores[1][part],
            unseen=scores[2][part],
        )
        for name, part in parts.items()
    }


def _replay(world: World, first: int, count: int, history: Panel) -> Replay:
    periods = world.recorded.periods[first : first + count]
    return make_replay(
        world.plant,
        world.recorded,
        start=periods[0].start,
        end=periods[-1].end,
        history=history,
        slot_minutes=world.case.slot_minutes,
        seed=world.seed,
    ).with_ample_warehouse()


def _forecaster(case: Case, world: World, history: Panel, calibrated: int) -> Forecaster:
    estimator = registry.estimator(case.model, **case.settings)
    found = backtest({case.model: estimator}, history, periods=calibrated, steps=6)
    calibration, dependence = calibrate(found, case.model)
    bound = BoundForecaster(
        predictor=CalibratedPredictor(predictor=estimator.fit(history), calibration=calibration),
        history=history,
        calendar=world.calendar,
        dependence=dependence,
        model_version=case.model,
    )
    return TooLow(forecaster=bound, share=LOW) if case.name == "low" else bound


def _row(case: str, policy: str, target: float, how: str, worlds: Sequence[Played]) -> Row:
    """What became of the chosen settings on the unseen days of all worlds."""
    found = [_unseen(each, target, how) for each in worlds]
    alone = [_unseen(each, target, "days") for each in worlds]
    months = sum(score.line_months for score in found)
    return {
        "table": "tuned with and without futures, on unseen days",
        "case": case,
        "policy": policy,
        "promised": target,
        "tuned_on": how,
        "halts_per_line_month": sum(score.halts for score in found) / months,
        "kept": sum(score.halts_per_line_month <= target for score in found),
        "worlds": len(found),
        "lost_minutes_per_line_month": sum(score.lost_minutes for score in found) / months,
        "cover_days": float(np.mean([score.cover_days for score in found])),
        "cover_of_days": float(
            np.mean([a.cover_days / b.cover_days for a, b in zip(found, alone, strict=True)])
        ),
    }


def _unseen(played: Played, target: float, how: str) -> Score:
    """The score on the unseen days of what is chosen in one way."""
    scores: Sequence[Score] = played.days
    imagined: Sequence[Score] = ()
    if how == "pooled":
        scores = [pooled(both) for both in zip(played.days, played.futures, strict=True)]
    elif how == "foretold" and not can_prove(scores[0].line_months, target):
        imagined = played.futures
    best = chosen(played.candidates, scores, target, imagined)
    return played.unseen[list(scores).index(best.score)]


def _small(case: Case) -> Case:
    return replace(
        case, showrooms=1, stations=1, lines="AB", parts=6, history_days=42, unseen_days=14
    )
