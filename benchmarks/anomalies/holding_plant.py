"""The plants of ``bench holding``: their unseen days, a forecaster, a detector, and who looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import polars as pl

from supplynet.anomaly.alarms import Budget
from supplynet.anomaly.calibrated import Calibrated
from supplynet.anomaly.silent_lines import LEAST_EXPECTED
from supplynet.forecast import registry
from supplynet.forecast.backtest import backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.calibrated import CalibratedPredictor, calibrate
from supplynet.frames.panel import Panel, Period, panel_from_frame, shift_periods
from supplynet.frames.synthetic import generate_history
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.replenish.no_stockout import NoStockout
from supplynet.study.holding import Bench
from supplynet.study.holding_desk import Remembering
from supplynet.study.holding_finders import DetectorFinder, TruthFinder
from supplynet.study.replay import Replay, make_replay

START = date(2025, 1, 1)
ALPHA = 0.9995
BACKTEST_PERIODS = 84
SHIFTS_PER_DAY = 3


@dataclass(frozen=True, kw_only=True)
class Size:
    """How big the plant is, and for how long."""

    lines: str
    parts: int
    history_days: int
    unseen_days: int
    model: str
    detector: str
    paths: int


FULL = Size(
    lines="ABC",
    parts=16,
    history_days=112,
    unseen_days=16,
    model="lightgbm",
    detector="forecast_residual",
    paths=100,
)
QUICK = replace(
    FULL,
    lines="A",
    parts=4,
    history_days=84,
    unseen_days=7,
    model="shift_mean",
    detector="robust_seasonal",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """A plant whose last days nobody has seen yet.

    Attributes:
        history: What was recorded before them.
        replay: They, as they truly were.
        unseen: Their periods.
        calendar: All periods, and 60 days more.
    """

    history: Panel
    replay: Replay
    unseen: tuple[Period, ...]
    calendar: tuple[Period, ...]


def make_bench(size: Size, seed: int) -> dict[str, Bench]:
    """One plant, by who finds what is odd."""
    world = make_world(size, seed)
    bench = Bench(
        replay=world.replay,
        forecaster=Remembering(make_forecaster(size, seed, world)),
        policy=NoStockout(alpha=ALPHA),
        finder=TruthFinder(),
        paths=size.paths,
    )
    detector = Calibrated(model=size.detector).fit(world.history)
    names = world.replay.model.series

    def finder(silent: float | None) -> DetectorFinder:
        return DetectorFinder(detector, Budget(), world.history, world.unseen, names, silent=silent)

    return {
        "truth": bench,
        "detector": replace(bench, finder=finder(None)),
        "silent lines too": replace(bench, finder=finder(LEAST_EXPECTED)),
    }


def make_world(size: Size, seed: int) -> World:
    """The plant of a seed, its history and its unseen days."""
    plant = demo_plant(
        showrooms=1,
        stations=1,
        lines=size.lines,
        parts=size.parts,
        seed=seed,
        shifts_per_day=SHIFTS_PER_DAY,
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
    demand = pl.col("true_demand").cast(pl.Float64).alias("demand")
    truth = panel_from_frame(made.truth.with_columns(demand), periods)
    unseen_from = len(periods) - SHIFTS_PER_DAY * size.unseen_days
    history = panel_from_frame(made.demand, periods).head(unseen_from)
    replay = make_replay(
        plant,
        truth,
        start=periods[unseen_from].start,
        end=periods[-1].end,
        history=history,
        seed=seed,
    )
    ahead = shift_periods(calendar, shift.end, shift.end + timedelta(days=60))
    return World(
        history=history,
        replay=replay,
        unseen=periods[unseen_from:],
        calendar=(*periods, *ahead),
    )


def make_forecaster(size: Size, seed: int, world: World) -> BoundForecaster:
    """Fitted and calibrated on the history of a world, and bound to it."""
    settings = {} if size.model == "shift_mean" else {"seed": seed}
    model = registry.estimator(size.model, **settings)
    past = backtest({size.model: model}, world.history, periods=BACKTEST_PERIODS, steps=6)
    calibration, dependence = calibrate(past, size.model)
    return BoundForecaster(
        predictor=CalibratedPredictor(predictor=model.fit(world.history), calibration=calibration),
        history=world.history,
        calendar=world.calendar,
        dependence=dependence,
        model_version=size.model,
    )
