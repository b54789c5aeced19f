from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.forecast.week_grid import WeekGrid, fill_gaps
from supplynet.frames.panel import Panel, daily_periods, shift_periods

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
NAN = float("nan")


def test_a_closed_day_leaves_a_gap_and_moves_nothing() -> None:
    calendar = ShiftCalendar(
        calendar_id="S",
        time_zone="UTC",
        patterns=(
            ShiftPattern(name="day", start=time(6), end=time(18)),
            ShiftPattern(name="night", start=time(18), end=time(6)),
        ),
        closed_days=frozenset({date(2026, 1, 13)}),
    )
    periods = shift_periods(calendar, START, START + timedelta(weeks=4))
    weekday = np.array([[p.local_date.weekday() for p in periods]], dtype=float)
    panel = Panel(series=(("L", "p"),), periods=periods[:-14], demand=weekday[:, :-14])
    grid = WeekGrid.of(panel, periods[-14:], 26)
    assert grid.season == 14
    assert grid.demand.shape == (1, 42)
    assert np.isnan(grid.demand[0, 16:18]).all()  # Tuesday of the second week
    np.testing.assert_array_equal(grid.demand[0, 28:], np.repeat(np.arange(7), 2))
    np.testing.assert_array_equal(grid.ahead, np.arange(1, 15))


def test_only_the_last_seasons_are_kept_and_steps_may_start_later() -> None:
    periods = daily_periods(START.date(), START.date() + timedelta(days=70))
    panel = Panel(series=(("L", "p"),), periods=periods[:56], demand=np.ones((1, 56)))
    grid = WeekGrid.of(panel, periods[58:61], 4)
    assert grid.demand.shape == (1, 28)
    np.testing.assert_array_equal(grid.ahead, [3, 4, 5])


def test_gaps_are_filled_from_the_same_place_in_the_seasons_around() -> None:
    demand = np.array([NAN, 1, 10, NAN, 10, 3, NAN, NAN])
    np.testing.assert_array_equal(fill_gaps(demand, 2), [1, 10, 2, 10, 3, 10, 3])
