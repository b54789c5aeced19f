"""Plants and demand on which policies are compared; frozen before any policy was tuned on them.

Each case is a made-up plant whose history ends where the unseen days begin. Another seed gives
other demand, bills of material and lead times, so that a policy can be tuned on one world and
scored on others. Demand is recorded in full (nothing halts in the history): what is compared is
how policies use a forecast, not how a forecast copes with gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.forecast import registry
from supplynet.forecast.backtest import backtest
from supplynet.forecast.bound import BoundForecaster
from supplynet.forecast.calibrated import CalibratedPredictor, calibrate
from supplynet.frames.panel import Panel, Period, shift_periods
from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.frames.synthetic.scenario import DemandShape, PlanShape
from supplynet.study.replay import Replay, make_replay

START = date(2025, 4, 1)
AHEAD = timedelta(days=30)
CALIBRATED_PERIODS = 28
STEPS = 4


@dataclass(frozen=True, kw_only=True)
class Case:
    """One plant and its demand.

    Attributes:
        showrooms, stations, lines, parts: Of the plant; lines is one letter each.
        demand: Before the unseen days, and in them unless ``unseen`` says otherwise.
        unseen: What demand is like in the unseen days; None = the same.
        unseen_factor: On all demand of the unseen days: a level that the history does not know.
        plan: How well units are planned.
        history_days, unseen_days: Lengths.
        tuned_days: Days after the history of another world, on which policies are tuned.
        model: Forecasting model.
        settings: Of the model.
        slot_minutes: Of the twin.
    """

    name: str
    showrooms: int
    stations: int
    lines: str
    parts: int
    demand: DemandShape
    unseen: DemandShape | None = None
    unseen_factor: float = 1.0
    plan: PlanShape = PlanShape()  # noqa: RUF009 - frozen
    history_days: int = 112
    unseen_days: int = 91
    tuned_days: int = 28
    model: str = "shift_mean"
    settings: Mapping[str, int] = field(default_factory=dict)
    slot_minutes: int = 120


_STEADY = DemandShape(
    shock_sd=0.0,
    trend_scale=0.0,
    season_scale=0.0,
    weekday_scale=0.0,
    shift_scale=0.0,
    stops_per_period=0.0,
)
_MOVING = DemandShape(
    shock_sd=0.15,
    trend_scale=2.0,
    level_shifts_per_series_year=3.0,
    campaigns_per_line_year=6.0,
    product_shock_sd=0.05,
)
_QUIET_PLAN = PlanShape(adherence_cv=0.0, first_error_cv=0.0, revised_share=0.0)
_LARGE = Case(name="moving", showrooms=10, stations=4, lines="ABCDE", parts=60, demand=_MOVING)
CASES: Mapping[str, Case] = MappingProxyType(
    {
        "demo": Case(
            name="demo",
            showrooms=3,
            stations=3,
            lines="ABC",
            parts=60,
            demand=DemandShape(),
            history_days=182,
            unseen_days=56,
            tuned_days=112,
            model="lightgbm",
            slot_minutes=60,
        ),
        "moving": replace(_LARGE, settings={"weeks": 4}),
        "stationary": replace(_LARGE, name="stationary", demand=_STEADY, plan=_QUIET_PLAN),
        "misspecified": replace(
            _LARGE,
            name="misspecified",
            demand=DemandShape(),
            unseen=DemandShape(noise_cv=0.3, shock_sd=0.2),
            unseen_factor=1.15,
            settings={"weeks": 4},
        ),
    }
)
"""By name: the demo's plant with its usual model, and three of 200 lines with a plain mean."""


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """One case with one seed.

    Attributes:
        recorded: History and unseen days, all of it observed.
        unseen_from: Index of the first unseen period.
        calendar: ``recorded.periods`` and weeks more.
    """

    case: Case
    seed: int
    plant: Plant
    recorded: Panel
    unseen_from: int
    calendar: tuple[Period, ...]

    @property
    def history(self) -> Panel:
        """What is known before the unseen days."""
        return self.recorded.head(self.unseen_from)

    def replay(self) -> Replay:
        """The unseen days, with a warehouse that is never short: its purchases are not compared."""
        unseen = self.recorded.periods[self.unseen_from :]
        return make_replay(
            self.plant,
            self.recorded,
            start=unseen[0].start,
            end=unseen[-1].end,
            history=self.history,
            slot_minutes=self.case.slot_minutes,
            seed=self.seed,
        ).with_ample_warehouse()

    def forecaster(self) -> BoundForecaster:
        """The case's model, fitted on and bound to the history, calibrated on its end."""
        case, history = self.case, self.history
        options = {"seed": self.seed} if case.model == "lightgbm" else {}
        estimator = registry.estimator(case.model, **options, **case.settings)
        count = min(CALIBRATED_PERIODS, len(history.periods) // 4)
        found = backtest({case.model: estimator}, history, periods=count, steps=STEPS)
        calibration, dependence = calibrate(found, case.model)
        return BoundForecaster(
            predictor=CalibratedPredictor(
                predictor=estimator.fit(history), calibration=calibration
            ),
            history=history,
            calendar=self.calendar,
            dependence=dependence,
            model_version=case.model,
        )


def make_world(case: Case, seed: int) -> World:
    """The world of a case; same seed, same world."""
    plant = demo_plant(
        showrooms=case.showrooms,
        stations=case.stations,
        lines=case.lines,
        parts=case.parts,
        seed=seed,
    )
    # One departure time for all showrooms: they are decided together, from one forecast.
    plant = replace(
        plant,
        lanes=tuple(replace(lane, departures=plant.lanes[0].departures) for lane in plant.lanes),
    )
    days = case.history_days + case.unseen_days
    made = _generated(case, plant, case.demand, days, seed)
    demand = made.true_demand.astype(np.float64)
    first = sum(shift.day < START + timedelta(days=case.history_days) for shift in made.periods)
    demand[:, first:] = _unseen(case, plant, made, days, seed)[:, first:]
    calendar = plant.calendar_of(made.lines[0])
    end = made.periods[-1].end
    periods = shift_periods(calendar, made.periods[0].start, end)
    return World(
        case=case,
        seed=seed,
        plant=plant,
        recorded=Panel(series=made.series, periods=periods, demand=demand),
        unseen_from=first,
        calendar=(*periods, *shift_periods(calendar, end, end + AHEAD)),
    )


def _generated(case: Case, plant: Plant, shape: DemandShape, days: int, seed: int) -> Generated:
    return generate_demand(plant, start=START, days=days, seed=seed, shape=shape, plan=case.plan)


def _unseen(case: Case, plant: Plant, made: Generated, days: int, seed: int) -> FloatArray:
    """Demand of all days as the unseen ones have it, shape (series, period)."""
    if case.unseen is not None:
        made = _generated(case, plant, case.unseen, days, seed)
    return np.asarray(np.rint(made.true_demand * case.unseen_factor))
