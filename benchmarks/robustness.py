"""What broken forecasts and other trouble cost, with the guard and without it.

For each seed a plant, its history and 21 unseen days are made, and a model is fitted. One policy
with fixed settings plays the unseen days: without trouble, with each kind of broken forecast for
some days (guarded and not), and with each kind of other trouble. Every run of a seed meets the
same demand and the same luck of vehicles and suppliers, so that differences are paired.

Without the guard a forecast that fails is no decision: nothing is ordered for that departure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from supplynet.cli.benchmarking import Result, Setup
from supplynet.forecast import registry
from supplynet.forecast.backtest import backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.calibrated import CalibratedPredictor, calibrate
from supplynet.frames.panel import panel_from_frame, shift_periods
from supplynet.frames.synthetic import generate_history
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.replenish.no_stockout import NoStockout
from supplynet.simulate.disruptions import Trouble
from supplynet.simulate.scorecard import Score
from supplynet.study.replay import make_replay
from supplynet.study.robustness import FAULTS, TROUBLES, Bench, interval, play

START = date(2025, 1, 1)
ALPHA = 0.9995
FAULT_START, FAULT_DAYS = 7, 7
BACKTEST_PERIODS = 56
Row = dict[str, Any]
Scores = dict[tuple[str, bool], Score]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How big the plant is, and for how long."""

    stations: int
    lines: str
    parts: int
    history_days: int
    unseen_days: int
    model: str
    paths: int


FULL = Size(
    stations=2,
    lines="ABC",
    parts=20,
    history_days=140,
    unseen_days=21,
    model="lightgbm",
    paths=100,
)
QUICK = replace(
    FULL, stations=1, lines="AB", parts=6, history_days=84, unseen_days=14, model="shift_mean"
)


def run(setup: Setup) -> Result:
    size = QUICK if setup.quick else FULL
    faults, troubles = dict(FAULTS), dict(TROUBLES)
    if setup.quick:
        faults = {name: faults[name] for name in ("missing", "hundredfold")}
        troubles = {name: troubles[name] for name in ("late vehicles",)}
    broken = {
        name: Trouble(forecast=replace(fault, start_day=FAULT_START, days=FAULT_DAYS))
        for name, fault in faults.items()
    }
    seeds = range(setup.seed, setup.seed + setup.seeds)
    found: list[Scores] = []
    for index, seed in enumerate(seeds):
        setup.report(index / len(seeds), f"seed {seed}")
        found.append(_one(size, seed, broken, troubles))
    return Result(
        params={
            "seeds": list(seeds),
            "lines": size.stations * len(size.lines),
            "parts": size.parts,
            "history_days": size.history_days,
            "unseen_days": size.unseen_days,
            "fault": f"{FAULT_DAYS} days from day {FAULT_START} on",
            "model": size.model,
            "policy": f"no_stockout, alpha {ALPHA}",
            "paths": size.paths,
            "interval": "95 %, Student's t over the seeds, paired with the run without trouble",
        },
        rows=[
            _row("without trouble", found, ("none", True), None),
            *(
                _row(
                    f"broken forecast, {'guarded' if guarded else 'not guarded'}",
                    found,
                    (n, guarded),
                )
                for guarded in (True, False)
                for n in broken
            ),
            *(_row("other trouble", found, (name, True)) for name in troubles),
        ],
    )


def _one(
    size: Size, seed: int, broken: Mapping[str, Trouble], troubles: Mapping[str, Trouble]
) -> Scores:
    bench = _bench(size, seed)
    scores = {("none", True): play(bench, Trouble(), name="none").score}
    for name, trouble in broken.items():
        for guarded in (True, False):
            scores[name, guarded] = play(bench, trouble, name=name, guarded=guarded).score
    for name, trouble in troubles.items():
        scores[name, True] = play(bench, trouble, name=name).score
    return scores


def _bench(size: Size, seed: int) -> Bench:
    plant = demo_plant(
        showrooms=1, stations=size.stations, lines=size.lines, parts=size.parts, seed=seed
    )
    days = size.history_days + size.unseen_days
    made = generate_history(plant, start=START, days=days, seed=seed)
    calendar = plant.calendar_of(plant.lines[0].location_id)
    first, last = made.demand["period_start"].min(), made.demand["period_start"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    shift = calendar.shift_at(last)
    assert shift is not None
    periods = shift_periods(calendar, first, shift.end)
    ahead = shift_periods(calendar, shift.end, shift.end + timedelta(days=60))
    recorded = panel_from_frame(made.demand, periods)
    demand = pl.col("true_demand").cast(pl.Float64).alias("demand")
    truth = panel_from_frame(made.truth.with_columns(demand), periods)
    unseen_from = len(periods) - len(periods) // days * size.unseen_days
    history = recorded.head(unseen_from)
    model = registry.estimator(size.model, **({} if size.model == "shift_mean" else {"seed": seed}))
    past = backtest({size.model: model}, history, periods=BACKTEST_PERIODS, steps=6)
    calibration, dependence = calibrate(past, size.model)
    predictor = CalibratedPredictor(predictor=model.fit(history), calibration=calibration)
    return Bench(
        replay=make_replay(
            plant,
            truth,
            start=periods[unseen_from].start,
            end=periods[-1].end,
            history=history,
            seed=seed,
        ),
        forecaster=BoundForecaster(
            predictor=predictor,
            history=history,
            calendar=(*periods, *ahead),
            dependence=dependence,
            model_version=size.model,
        ),
        policy=NoStockout(alpha=ALPHA),
        paths=size.paths,
    )


def _row(
    table: str, found: Sequence[Scores], key: tuple[str, bool], against: str | None = "none"
) -> Row:
    scores = [each[key] for each in found]
    months = sum(score.line_months for score in scores)
    row: Row = {
        "table": table,
        "trouble": key[0],
        "halts_per_line_month": sum(score.halts for score in scores) / months,
        "lost_minutes_per_line_month": sum(score.lost_minutes for score in scores) / months,
        "cover_days": sum(score.cover_days for score in scores) / len(scores),
    }
    if against is None:
        return row
    plain = [each[against, True] for each in found]
    pairs = list(zip(scores, plain, strict=True))
    for name, differences in (
        ("halts", [(a.halts - b.halts) / a.line_months for a, b in pairs]),
        ("lost_minutes", [(a.lost_minutes - b.lost_minutes) / a.line_months for a, b in pairs]),
        ("cover_days", [a.cover_days - b.cover_days for a, b in pairs]),
    ):
        mean, low, high = interval(differences)
        row |= {f"more_{name}": mean, f"more_{name}_low": low, f"more_{name}_high": high}
    return row
