"""The default features: about forty that need nothing but demand and the calendar."""

from __future__ import annotations

from supplynet.errors import ConfigError
from supplynet.frames.features.calendar import (
    DayOfMonth,
    DayOfWeek,
    IsMonthEnd,
    IsWeekend,
    Month,
    Quarter,
    WeekOfYear,
    YearDay,
)
from supplynet.frames.features.feature import Feature
from supplynet.frames.features.history import (
    ConsumptionRate,
    DailyAverage,
    EwmMean,
    Lag,
    ObservedShare,
    RollingMax,
    RollingMean,
    RollingMedian,
    RollingMin,
    RollingQuantile,
    RollingStd,
    Trend,
)
from supplynet.frames.features.holiday import DaysAfterHoliday, DaysToHoliday, IsHoliday
from supplynet.frames.features.line import LinePace, LineShare
from supplynet.frames.features.rhythm import (
    DemandClass,
    MeanInterval,
    PeriodsSinceDemand,
    ZeroShare,
)
from supplynet.frames.features.shift import GapHours, ShiftHours, ShiftName, StartHour, StepsAhead

FREQUENCIES = ("shift", "1d")


def default_features(
    freq: str,
    shifts_a_day: int,
    country: str | None,
    subdivision: str | None,
    time_zone: str,
) -> tuple[Feature, ...]:
    """Calendar, history and line; windows are of one, two and four weeks of ``freq``.

    Raises:
        ConfigError: No such frequency, country or zone.
    """
    if freq not in FREQUENCIES:
        raise ConfigError(f"no frequency {freq!r}; choose one of {', '.join(FREQUENCIES)}")
    if not 1 <= shifts_a_day <= 6:
        raise ConfigError(f"shifts_a_day is {shifts_a_day}; give 1 to 6")
    week = 7 * (shifts_a_day if freq == "shift" else 1)
    return (
        *_calendar(country, subdivision),
        *(_shifts(time_zone) if freq == "shift" else ()),
        StepsAhead(),
        *_history(week),
        *(_by_shift() if freq == "shift" else (Lag(count=week), Lag(count=2 * week))),
        *_rhythm(week),
        LinePace(recent=week // 2, usual=4 * week),
        LineShare(window=4 * week),
    )


def _calendar(country: str | None, subdivision: str | None) -> tuple[Feature, ...]:
    near: tuple[Feature, ...] = ()
    if country is not None:
        near = (
            DaysToHoliday(country=country, subdivision=subdivision),
            DaysAfterHoliday(country=country, subdivision=subdivision),
        )
    return (
        DayOfWeek(),
        DayOfMonth(),
        WeekOfYear(),
        Month(),
        Quarter(),
        YearDay(form="waves"),
        IsWeekend(),
        IsMonthEnd(),
        IsHoliday(country=country, subdivision=subdivision),
        *near,
    )


def _shifts(time_zone: str) -> tuple[Feature, ...]:
    return (ShiftName(), ShiftHours(), StartHour(time_zone=time_zone), GapHours())


def _history(week: int) -> tuple[Feature, ...]:
    return (
        Lag(count=1),
        Lag(count=2),
        Lag(count=3),
        *(Lag(count=count, by="slot") for count in (1, 2, 3, 4)),
        *(RollingMean(window=window) for window in (week // 2, week, 4 * week)),
        RollingMean(window=4, by="slot"),
        RollingStd(window=week),
        RollingStd(window=4 * week),
        RollingMin(window=4 * week),
        RollingMax(window=4 * week),
        RollingMedian(window=4 * week),
        RollingQuantile(window=4 * week, level=0.9),
        EwmMean(half_life=week // 2),
        DailyAverage(days=7),
        DailyAverage(days=28),
        ConsumptionRate(window=2 * week),
        Trend(window=4 * week),
        ObservedShare(window=4 * week),
    )


def _by_shift() -> tuple[Feature, ...]:
    return (Lag(count=1, by="shift"), RollingMean(window=7, by="shift"))


def _rhythm(week: int) -> tuple[Feature, ...]:
    return (
        ZeroShare(window=4 * week),
        PeriodsSinceDemand(window=8 * week),
        MeanInterval(window=8 * week),
        DemandClass(window=12 * week),
    )
