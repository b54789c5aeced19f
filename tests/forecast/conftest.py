from datetime import UTC, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.forecast.refill_moments import RefillMoments, refill_moments
from supplynet.frames.panel import Panel, Period, panel_from_frame, shift_periods
from supplynet.frames.synthetic import (
    SyntheticHistory,
    generate_shards,
    read_scenario,
    scenario_plant,
)

CALENDAR = ShiftCalendar(
    calendar_id="SR1",
    time_zone="UTC",
    patterns=(
        ShiftPattern(name="day", start=time(6), end=time(18)),
        ShiftPattern(name="night", start=time(18), end=time(6)),
    ),
)
WEEKS = 26


@pytest.fixture(scope="session")
def calendar() -> tuple[Period, ...]:
    """Half a year of two shifts a day, and four weeks more that no panel has seen."""
    start = datetime(2025, 1, 6, 6, tzinfo=UTC)
    return shift_periods(CALENDAR, start, start + timedelta(weeks=WEEKS + 4))


@pytest.fixture(scope="session")
def panel(calendar: tuple[Period, ...]) -> Panel:
    """4 lines x 3 parts: level x weekday x shift x a shock of the line that fades x noise."""
    return make_panel(calendar, WEEKS * 14)


@pytest.fixture(scope="session")
def longer(calendar: tuple[Period, ...]) -> Panel:
    """The same panel and the four weeks after it."""
    return make_panel(calendar, len(calendar))


@pytest.fixture(scope="session")
def refill_world() -> tuple[SyntheticHistory, RefillMoments]:
    """Records of a small plant whose lines run short, and all moments of decision in them."""
    scenario = read_scenario("small")
    plant = scenario_plant(scenario, 1)
    history = next(generate_shards(scenario, 1, plant)).history
    first, last = history.demand["period_start"].min(), history.demand["period_start"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    calendar = plant.calendar_of(plant.lines[0].location_id)
    periods = shift_periods(calendar, first, last + timedelta(hours=1))
    used = history.demand.with_columns(demand=pl.col("consumed").cast(pl.Float64))
    moments = refill_moments(
        panel_from_frame(history.demand, periods),
        history.stock,
        history.deliveries,
        floor=panel_from_frame(used, periods).demand,
    )
    return history, moments


def make_panel(periods: tuple[Period, ...], count: int) -> Panel:
    rng = np.random.default_rng(11)
    total = len(periods)
    weekday = np.array([p.local_date.weekday() for p in periods])
    night = np.array([p.shift == "night" for p in periods])
    series, rows = [], []
    for line in range(4):
        profile = 1 + 0.3 * rng.standard_normal(7)
        shock = np.zeros(total)
        for t in range(1, total):
            shock[t] = 0.6 * shock[t - 1] + 0.08 * rng.standard_normal()
        pace = profile[weekday].clip(0.2) * np.where(night, 0.6, 1.0) * np.exp(shock)
        hidden = rng.random(total) < 0.01
        for part, level in enumerate((2.0, 30.0, 200.0)):
            noise = rng.gamma(100.0, 0.01, total)
            demand = rng.poisson(level * pace * noise).astype(float)
            rows.append(np.where(hidden, np.nan, demand))
            series.append((f"SR1.ST1.L{line}", f"P-{part}"))
    return Panel(series=tuple(series), periods=periods[:count], demand=np.array(rows)[:, :count])
