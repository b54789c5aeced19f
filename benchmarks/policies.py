"""Policies on unseen days of several synthetic plants, and stock against halts for every setting.

For each seed a plant, its history and 28 unseen days are made. All policies are tuned by the same
search on the days before, then meet the same unseen demand. The frontier plays every setting of
every policy on the unseen days too: it needs no tuning, so it shows what a policy could have done
with the best hindsight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from supplynet.cli.benchmarking import Result, Setup
from supplynet.config import Settings
from supplynet.core.shifts import ShiftCalendar
from supplynet.forecast import registry
from supplynet.frames.panel import Period, panel_from_frame, shift_periods
from supplynet.frames.synthetic import SyntheticHistory, generate_history
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.services.demo import SIZES, START, Size
from supplynet.simulate.outlook import PathOutlook
from supplynet.simulate.scorecard import Score, paired_difference
from supplynet.study.families import FAMILIES
from supplynet.study.proof import Proof, Task, prove
from supplynet.study.replay import make_replay, past_of

MODELS = ("lightgbm",)
PATHS = 500
BOUNDS = (0.0, 0.02, 0.1, 0.5, 1.0)
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """One seed: what was proven, and every setting on the unseen days."""

    seed: int
    proof: Proof
    frontier: dict[str, tuple[Score, ...]]
    seconds: float


def run(setup: Setup) -> Result:
    size = replace(SIZES["tiny"], history_days=140) if setup.quick else SIZES["full"]
    seeds = range(setup.seed, setup.seed + setup.seeds)
    found = []
    for index, seed in enumerate(seeds):
        setup.report(index / len(seeds), f"seed {seed}")
        found.append(_one(size, seed))
    return Result(
        params={
            "seeds": list(seeds),
            "lines": size.showrooms * size.stations * len(size.lines),
            "parts": size.parts,
            "history_days": size.history_days,
            "unseen_days": size.unseen_days,
            "models": list(MODELS),
            "paths": PATHS,
            "tuned_to_halts_per_line_month": Settings().target_halts_per_line_month,
            "interval": "95 %, Student's t over the seeds",
        },
        rows=[
            *_policies(found),
            *_differences(found),
            *(row for each in found for row in _seed_rows(each)),
            *_least_cover(found),
            *_frontier(found),
        ],
    )


def _one(size: Size, seed: int) -> Found:
    started = perf_counter()
    task = _task(size, seed)
    proof = prove(task)
    frontier = _play_all(task, proof, seed)
    return Found(seed=seed, proof=proof, frontier=frontier, seconds=perf_counter() - started)


def _task(size: Size, seed: int) -> Task:
    plant = demo_plant(
        showrooms=size.showrooms,
        stations=size.stations,
        lines=size.lines,
        parts=size.parts,
        seed=seed,
    )
    days = size.history_days + size.unseen_days
    made = generate_history(plant, start=START, days=days, seed=seed)
    calendar = plant.calendar_of(plant.lines[0].location_id)
    periods = _periods(made, calendar)
    true_demand = made.truth.rename({"true_demand": "demand"}).with_columns(
        shift=pl.lit(""), demand=pl.col("demand").cast(pl.Float64)
    )
    end = periods[-1].end
    return Task(
        plant=plant,
        recorded=panel_from_frame(made.demand, periods),
        truth=panel_from_frame(true_demand, periods),
        unseen_from=len(periods) - len(periods) // days * size.unseen_days,
        calendar=(*periods, *shift_periods(calendar, end, end + timedelta(days=60))),
        estimators={name: registry.estimator(name, seed=seed) for name in MODELS},
        target=Settings().target_halts_per_line_month,
        policies=tuple(FAMILIES),
        paths=PATHS,
        seed=seed,
    )


def _periods(made: SyntheticHistory, calendar: ShiftCalendar) -> tuple[Period, ...]:
    starts = made.demand["period_start"]
    first, last = starts.min(), starts.max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    shift = calendar.shift_at(last)
    assert shift is not None
    return shift_periods(calendar, first, shift.end)


def _play_all(task: Task, proof: Proof, seed: int) -> dict[str, tuple[Score, ...]]:
    """Every setting of every policy on the unseen days."""
    history = task.recorded.head(task.unseen_from)
    unseen = task.recorded.periods[task.unseen_from :]
    replay = make_replay(
        task.plant,
        task.truth,
        start=unseen[0].start,
        end=unseen[-1].end,
        history=history,
        seed=seed,
    )
    past = past_of(task.plant, history)
    outlooks = PathOutlook(proof.forecaster, paths=PATHS, seed=seed, shared=True)
    candidates = {name: FAMILIES[name].candidates(past) for name in task.policies}
    scores = replay.play_all([each for grid in candidates.values() for each in grid], outlooks)
    found, first = {}, 0
    for name, grid in candidates.items():
        found[name] = scores[first : first + len(grid)]
        first += len(grid)
    return found


def _policies(found: Sequence[Found]) -> list[Row]:
    rows = []
    for policy in [score.policy for score in found[0].proof.scoreboard.scores]:
        scores = [_score(each, policy) for each in found]
        mean, low, high = _interval([score.halts_per_line_month for score in scores])
        rows.append(
            {
                "table": "tuned policies on unseen days, mean over seeds",
                "policy": policy,
                "halts_per_line_month": mean,
                "low": low,
                "high": high,
                "lost_minutes": float(np.mean([score.lost_minutes for score in scores])),
                "cover_days": float(np.mean([score.cover_days for score in scores])),
                "trips": float(np.mean([score.trips for score in scores])),
                "orders": float(np.mean([score.orders for score in scores])),
                "fill_rate": float(np.mean([score.fill_rate for score in scores])),
            }
        )
    return rows


def _differences(found: Sequence[Found]) -> list[Row]:
    """On the same demand, so that what the seeds share cancels out."""
    return [
        _difference(found, policy, against)
        for against in ("min_max", "order_up_to")
        for policy in FAMILIES
        if policy not in {"min_max", against}
    ]


def _difference(found: Sequence[Found], policy: str, against: str) -> Row:
    pairs = [
        paired_difference(_score(each, policy), _score(each, against), seed=each.seed)
        for each in found
    ]
    halts, low, high = _interval([pair.halts for pair in pairs])
    cover, cover_low, cover_high = _interval([pair.cover_days for pair in pairs])
    return {
        "table": "difference on the same demand, mean over seeds",
        "policy": policy,
        "against": against,
        "halts_per_line_month": halts,
        "low": low,
        "high": high,
        "cover_days": cover,
        "cover_low": cover_low,
        "cover_high": cover_high,
    }


def _seed_rows(each: Found) -> list[Row]:
    return [
        {
            "table": "each seed",
            "seed": each.seed,
            "policy": score.policy,
            "halts_per_line_month": score.halts_per_line_month,
            "low": score.low,
            "high": score.high,
            "lost_minutes": score.lost_minutes,
            "cover_days": score.cover_days,
            "parameters": dict(score.parameters),
            "seconds": round(each.seconds, 1),
        }
        for score in each.proof.scoreboard.scores
    ]


def _frontier(found: Sequence[Found]) -> list[Row]:
    return [
        {
            "table": "frontier: every setting on the unseen days, mean over seeds",
            "policy": policy,
            "parameters": dict(scores[0].parameters),
            "halts_per_line_month": float(np.mean([s.halts_per_line_month for s in scores])),
            "cover_days": float(np.mean([s.cover_days for s in scores])),
        }
        for policy, settings in _by_setting(found).items()
        for scores in settings
    ]


def _least_cover(found: Sequence[Found]) -> list[Row]:
    """Least stock of any setting that halts no more often than a bound, over all seeds."""
    rows: list[Row] = []
    for bound in BOUNDS:
        row: Row = {"table": "least cover days by halts allowed", "halts_per_line_month": bound}
        for policy, settings in _by_setting(found).items():
            covers = [
                float(np.mean([s.cover_days for s in scores]))
                for scores in settings
                if np.mean([s.halts_per_line_month for s in scores]) <= bound
            ]
            row[policy] = min(covers, default=None)
        rows.append(row)
    return rows


def _by_setting(found: Sequence[Found]) -> dict[str, list[tuple[Score, ...]]]:
    """By policy: the scores of each setting, one per seed."""
    grouped: dict[str, list[tuple[Score, ...]]] = defaultdict(list)
    for policy in found[0].frontier:
        grouped[policy] = list(zip(*(each.frontier[policy] for each in found), strict=True))
    return grouped


def _score(each: Found, policy: str) -> Score:
    return next(score for score in each.proof.scoreboard.scores if score.policy == policy)


def _interval(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Mean and 95 % interval; one value has none."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, None, None
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    half = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return mean, mean - half, mean + half
