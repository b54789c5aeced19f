from __future__ import annotations

from datetime import date, timedelta

import pytest

from supplynet.frames.features import Feature, FeatureSet, feature_array, pairs_for, source_of
from supplynet.frames.features.calendar import (
    DayOfMonth,
    IsMonthEnd,
    IsWeekend,
    Month,
    Quarter,
    WeekOfYear,
    YearDay,
)
from supplynet.frames.features.holiday import DaysAfterHoliday, DaysToHoliday, IsHoliday
from supplynet.frames.features.shift import GapHours, ShiftHours, StartHour
from supplynet.frames.panel import daily_periods

DAY = timedelta(days=1)


def of_day(feature: Feature, day: date, zone: str = "UTC") -> list[float]:
    """Figures of one local day."""
    periods = daily_periods(day - DAY, day + DAY, time_zone=zone)
    demand = {"location_id": ["A"], "part_id": ["p"], "date": [periods[0].start], "demand": [1]}
    pairs = pairs_for(periods, (1,), [periods[0].end])
    values: list[float] = feature_array(
        FeatureSet((feature,)), source_of(demand, periods, None), pairs
    )[0, 0].tolist()
    return values


@pytest.mark.parametrize(
    ("feature", "day", "expected"),
    [
        (WeekOfYear(), date(2021, 1, 3), 53),  # the Sunday belongs to the last week of 2020
        (WeekOfYear(), date(2021, 1, 4), 1),
        (YearDay(), date(2024, 12, 31), 366),
        (DayOfMonth(), date(2024, 2, 29), 29),
        (Month(), date(2024, 2, 29), 2),
        (Quarter(), date(2024, 10, 1), 4),
        (IsMonthEnd(), date(2024, 2, 29), 1),
        (IsMonthEnd(), date(2023, 2, 27), 0),
        (IsWeekend(), date(2026, 1, 4), 1),
        (IsWeekend(days=(4, 5)), date(2026, 1, 4), 0),
        (IsHoliday(country="DE"), date(2026, 1, 6), 0),
        (IsHoliday(country="DE", subdivision="BY"), date(2026, 1, 6), 1),  # Epiphany
        (DaysToHoliday(country="DE"), date(2025, 12, 30), 2),  # into the next year
        (DaysAfterHoliday(country="DE"), date(2026, 1, 4), 3),
        (DaysAfterHoliday(country="DE", most=2), date(2026, 1, 4), 2),
    ],
)
def test_a_date_has_its_figure(feature: Feature, day: date, expected: float) -> None:
    assert of_day(feature, day) == [expected]


def test_waves_bring_the_end_of_a_cycle_next_to_its_beginning() -> None:
    march, september = (of_day(Month(form="waves"), date(2026, m, 5)) for m in (4, 10))
    assert march == pytest.approx([1, 0], abs=1e-6)
    assert september == pytest.approx([-1, 0], abs=1e-6)


def test_a_local_day_has_23_or_25_hours_when_the_clocks_change() -> None:
    assert of_day(ShiftHours(), date(2026, 3, 29), "Europe/Berlin") == [23]
    assert of_day(ShiftHours(), date(2026, 10, 25), "Europe/Berlin") == [25]
    assert of_day(StartHour(time_zone="Europe/Berlin"), date(2026, 3, 30), "Europe/Berlin") == [0]
    assert of_day(GapHours(), date(2026, 3, 30), "Europe/Berlin") == [0]
