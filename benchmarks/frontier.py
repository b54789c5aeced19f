"""Halts against stock for every policy, on frozen cases: tuned on one world, scored on others.

Per case all policies are tuned by the same search on one world (seed, demand, bills of material),
to at most one halt per line-year, and then meet the demand of other worlds, where each is also
swept from careful to careless. With ``--only`` some cases: demo, moving, stationary, misspecified.
A picture of each case, ``frontier-CASE.svg``, is written to the current folder.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from supplynet.cli.benchmarking import Result, Setup
from supplynet.simulate.scorecard import DAYS_PER_MONTH
from supplynet.study.bounds import score_cost
from supplynet.study.families import FAMILIES
from supplynet.study.frontier import Interval, cover_at, cover_ratio, rate_interval
from supplynet.study.scenarios import CASES, Case
from supplynet.study.trial import DAYS_PER_YEAR, PATHS, Trial, frontier_svg, run_trial

TARGET = DAYS_PER_MONTH / DAYS_PER_YEAR
"""One halt per line-year, in halts per line-month."""
LEVELS = (TARGET, 0.25, 1.0)
Row = dict[str, Any]


def run(setup: Setup) -> Result:
    cases = [CASES[name] for name in CASES if not setup.only or name in setup.only]
    worlds = 1 if setup.quick else setup.seeds
    rows: list[Row] = []
    for place, case in enumerate(cases):
        trial = run_trial(
            _small(case) if setup.quick else case,
            range(setup.seed, setup.seed + worlds + 1),
            target=TARGET,
            further=0 if setup.quick else 8,
            paths=50 if setup.quick else PATHS,
            report=partial(_report, setup, place, len(cases)),
        )
        rows += case_rows(trial)
        if not setup.quick:
            Path(f"frontier-{case.name}.svg").write_text(frontier_svg(trial), encoding="utf-8")
    return Result(
        params={
            "cases": [case.name for case in cases],
            "worlds": worlds,
            "target_halts_per_line_month": TARGET,
            "paths": PATHS,
            "interval": "95 %, lines resampled",
        },
        rows=rows,
    )


def _report(setup: Setup, place: int, count: int, done: float, what: str) -> None:
    setup.report((place + done) / count, what)


def case_rows(trial: Trial) -> list[Row]:
    """Operating points, stock at equal halts, the frontier, and the bound."""
    return [
        *(_operating(trial, policy) for policy in FAMILIES),
        *(_equal(trial, level) for level in LEVELS),
        *_points(trial),
    ]


def _operating(trial: Trial, policy: str) -> Row:
    point = trial.operating(policy)
    rate = rate_interval(point)
    return {
        "table": "tuned to one halt per line-year, on unseen demand",
        "case": trial.case.name,
        "line_years": round(trial.line_years, 1),
        "policy": policy,
        "parameters": dict(point.parameters),
        "tuned_halts_per_line_month": trial.tuned[policy].score.halts_per_line_month,
        "halts_per_line_month": rate.value,
        "low": rate.low,
        "high": rate.high,
        "kept": rate.low <= TARGET,
        "lost_minutes_per_line_month": point.lost_minutes_per_line_month,
        "cover_days": point.cover_days,
        "cost_above_bound": score_cost(point.scores[0]) - trial.bound.cost,
        "bound_cover_days": trial.bound.cover_days,
    }


def _equal(trial: Trial, level: float) -> Row:
    row: Row = {
        "table": "days of cover at equal halts",
        "case": trial.case.name,
        "halts_per_line_month": level,
        "bound": trial.bound.cover_days,
    }
    for policy in FAMILIES:
        row[policy] = _known(cover_at(trial.sweep(policy), level))
    for against in ("min_max", "order_up_to"):
        ratio = cover_ratio(trial.sweep("no_stockout"), trial.sweep(against), level)
        row[f"no_stockout_over_{against}"] = _words(ratio)
    return row


def _points(trial: Trial) -> list[Row]:
    rows = []
    for point in trial.points:
        rate = rate_interval(point)
        rows.append(
            {
                "table": "frontier",
                "case": trial.case.name,
                "policy": point.policy,
                "tuned": point.tuned,
                "parameters": dict(point.parameters),
                "cover_days": point.cover_days,
                "halts_per_line_month": rate.value,
                "low": rate.low,
                "high": rate.high,
                "lost_minutes_per_line_month": point.lost_minutes_per_line_month,
            }
        )
    return rows


def _small(case: Case) -> Case:
    return replace(
        case,
        showrooms=1,
        stations=1,
        lines="AB",
        parts=6,
        model="shift_mean",
        history_days=56,
        unseen_days=14,
    )


def _words(ratio: Interval) -> str | None:
    if math.isnan(ratio.value):
        return None
    return f"{ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
