"""Refill triggers: classifiers and a forecast beside the reorder point, scored and in the twin.

For each seed the medium scenario is made, models learn, choose their triggers, and are scored on
the last 84 days. The same rules then act in the twin of a quiet plant of nine lines on 28 unseen
days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from supplynet.cli.benchmarking import Result, Setup
from supplynet.config import Settings
from supplynet.forecast.refill_moments import Threshold
from supplynet.forecast.refill_report import RefillReport, refill_report
from supplynet.forecast.refill_trial import TrialSettings
from supplynet.frames.panel import Panel, panel_from_frame, shift_periods
from supplynet.frames.synthetic import generate_history
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.services.demo import START
from supplynet.services.forecasting import estimator_of
from supplynet.services.refill import (
    RefillRequest,
    classifiers_of,
    halt_rows,
    refill_trial,
)
from supplynet.services.refill_data import scenario_data
from supplynet.study.proof import Task
from supplynet.study.refill_twin import halt_trial

MODEL = "lightgbm"
THRESHOLDS: dict[Threshold, str] = {"safety_stock": MODEL, "empty": MODEL, "reorder_point": ""}
"""With the model of the forecast-based rule; nearly all moments are due by the reorder point."""
FIGURES = ("precision", "recall", "f1", "balanced_accuracy", "roc_auc", "average_precision")
Row = dict[str, Any]


def run(setup: Setup) -> Result:
    seeds = list(range(setup.seed, setup.seed + setup.seeds))
    scenario = "small" if setup.quick else "medium"
    days = (28, 14) if setup.quick else (84, 56)
    rows: list[Row] = []
    halts: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for place, seed in enumerate(seeds):
        setup.report(place / len(seeds), f"seed {seed}")
        data = scenario_data(scenario, seed=seed)
        for threshold, model in THRESHOLDS.items():
            started = perf_counter()
            request = RefillRequest(
                threshold=threshold,
                model=model,
                trial=TrialSettings(test_days=days[0], validation_days=days[1], seed=seed),
            )
            found = refill_report(refill_trial(data, request))
            rows += _rows(found, threshold, seed, perf_counter() - started)
        task = _task(seed, quick=setup.quick)
        for row in halt_rows(halt_trial(task, classifiers_of(request.classifiers, seed))):
            halts[row["policy"]].append(row)
    return Result(
        params={
            "scenario": scenario,
            "seeds": seeds,
            "model": MODEL,
            "test_days": days[0],
            "validation_days": days[1],
            "intervals": "95 %, resampled weeks of one seed",
            "twin": "2 lines, 14 unseen days" if setup.quick else "9 lines, 28 unseen days",
        },
        rows=[*rows, *_halts(halts)],
    )


def _rows(found: RefillReport, threshold: str, seed: int, seconds: float) -> list[Row]:
    amounts = {(row["rule"], row["demand_class"]): row for row in found.quantities.to_dicts()}
    rows = []
    for row in found.scores.to_dicts():
        key = (row["rule"], row["demand_class"])
        overall = row["demand_class"] == "all"
        rows.append(
            {
                "table": f"{'all' if overall else 'by demand class'}, {threshold}",
                "seed": seed,
                "rule": row["rule"],
                **({} if overall else {"demand_class": row["demand_class"]}),
                "rows": row["rows"],
                "due": row["due"],
                **{name: row[name] for name in ("tp", "fp", "fn", "tn")},
                **{name: row[name] for name in FIGURES},
                "f1_low": row["f1_low"],
                "f1_high": row["f1_high"],
                "f1_gain": row["f1_gain"],
                "gain_low": row["f1_gain_low"],
                "gain_high": row["f1_gain_high"],
                "brier": row["brier"],
                "quantity_mae": amounts[key]["mae"],
                "quantity_bias": amounts[key]["bias"],
                "quantity_short": amounts[key]["short"],
                "seconds": round(seconds, 1),
            }
        )
    return rows


def _halts(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Row]:
    names = ("halts_per_line_month", "lost_minutes", "cover_days", "orders", "trips", "fill_rate")
    return [
        {
            "table": "in the twin on unseen days, mean over seeds",
            "policy": policy,
            "seeds": len(rows),
            **{name: float(np.mean([row[name] for row in rows])) for name in names},
            "worst_halts": max(row["halts_per_line_month"] for row in rows),
        }
        for policy, rows in found.items()
    ]


def _task(seed: int, *, quick: bool) -> Task:
    plant = (
        demo_plant(showrooms=1, stations=1, lines="AB", parts=6, seed=seed)
        if quick
        else demo_plant(showrooms=1, seed=seed)
    )
    days, unseen = (140, 14) if quick else (240, 28)
    made = generate_history(plant, start=START, days=days + unseen, seed=seed)
    calendar = plant.calendar_of(plant.lines[0].location_id)
    first, last = made.demand["period_start"].min(), made.demand["period_start"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    periods = shift_periods(calendar, first, last + timedelta(hours=1))
    end = periods[-1].end
    return Task(
        plant=plant,
        recorded=panel_from_frame(made.demand, periods),
        truth=_truth(made.truth, periods),
        unseen_from=sum(period.start < end - timedelta(days=unseen) for period in periods),
        calendar=(*periods, *shift_periods(calendar, end, end + timedelta(days=60))),
        estimators={MODEL: estimator_of(MODEL, seed)},
        target=Settings().target_halts_per_line_month,
        paths=500,
        seed=seed,
    )


def _truth(truth: pl.DataFrame, periods: Sequence[Any]) -> Panel:
    demand = truth.rename({"true_demand": "demand"}).with_columns(shift=pl.lit(""))
    return panel_from_frame(demand, tuple(periods))
