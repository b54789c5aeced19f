from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.frames.panel import Period, daily_periods, shift_periods
from supplynet.learning.windows import (
    Occurrences,
    RunningSums,
    frequency,
    gather,
    minutes_of_day,
    season_length,
    shift_names,
    slot_codes,
)


def calendar(weekdays: int, closed: frozenset[date] = frozenset()) -> ShiftCalendar:
    working = frozenset(range(weekdays))
    return ShiftCalendar(
        calendar_id="S",
        time_zone="UTC",
        patterns=(
            ShiftPattern(name="day", start=time(6), end=time(18), weekdays=working),
            ShiftPattern(name="night", start=time(18), end=time(6), weekdays=working),
        ),
        closed_days=closed,
    )


START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def test_a_season_is_a_week_of_the_calendar() -> None:
    end = START + timedelta(weeks=8)
    assert season_length(shift_periods(calendar(7), START, end)) == 14
    assert season_length(shift_periods(calendar(5), START, end)) == 10
    assert season_length(daily_periods(START.date(), end.date())) == 7


def test_a_closed_day_does_not_shift_the_week() -> None:
    closed = frozenset({date(2026, 1, 13)})
    periods = shift_periods(calendar(7, closed), START, START + timedelta(weeks=3))
    slots = Occurrences.of(slot_codes(periods, shift_names(periods)))
    last = np.array([len(periods) - 1])  # a Sunday night
    found = slots.previous(last, last, 2, 1000)[0]
    assert [periods[i].local_date for i in found] == [date(2026, 1, 18), date(2026, 1, 11)]
    assert {periods[i].shift for i in found} == {"night"}


def test_nothing_at_or_after_the_origin_or_too_old_is_found() -> None:
    slots = Occurrences.of(np.array([0, 1, 0, 1, 0, 1]))
    found = slots.previous(np.array([4, 5]), np.array([3, 4]), 3, 2)
    np.testing.assert_array_equal(found, [[2, -1, -1], [3, -1, -1]])


def test_gather_says_nan_where_there_is_nothing() -> None:
    values = gather(np.array([[7.0, 8.0]]), np.array([[1, -1]]))
    np.testing.assert_array_equal(values, [[[8.0, np.nan]]])


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30), st.integers(1, 5), st.integers(0, 99))
def test_running_sums_equal_a_loop_over_the_periods(
    codes: list[int], window: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 9, (2, len(codes))).astype(float)
    demand[rng.random(demand.shape) < 0.3] = np.nan
    occurrences = Occurrences.of(np.array(codes))
    sums = RunningSums.of(demand, occurrences)
    targets = np.arange(len(codes))
    origins = np.maximum(targets - rng.integers(0, 4, len(codes)), 0)
    total, count = sums.last(targets, origins, window)
    for i in targets:
        recent = slow_recent(codes, demand, int(i), int(origins[i]), window)
        np.testing.assert_allclose(total[:, i], np.nansum(recent, axis=1))
        np.testing.assert_array_equal(count[:, i], (~np.isnan(recent)).sum(axis=1))


def slow_recent(
    codes: list[int], demand: npt.NDArray[np.float64], target: int, origin: int, window: int
) -> npt.NDArray[np.float64]:
    same = [t for t in range(origin) if codes[t] == codes[target]]
    return demand[:, same[-window:]]


def every(step: timedelta, count: int, start: datetime = START) -> tuple[Period, ...]:
    starts = [start + i * step for i in range(count)]
    return tuple(Period(start=s, end=s + step, shift="", local_date=s.date()) for s in starts)


def months(count: int) -> tuple[Period, ...]:
    starts = [datetime(2020 + i // 12, i % 12 + 1, 1, tzinfo=UTC) for i in range(count + 1)]
    return tuple(Period(start=a, end=b, shift="", local_date=a.date()) for a, b in pairwise(starts))


def test_a_season_of_hours_is_a_week() -> None:
    assert season_length(every(timedelta(hours=1), 24 * 7 * 5)) == 24 * 7
    assert season_length(every(timedelta(hours=8), 21 * 5)) == 21  # shifts without a name
    working = [p for p in every(timedelta(hours=1), 24 * 7 * 5) if 6 <= p.start.hour < 14]
    assert season_length(working) == 8 * 7


def test_a_season_of_weeks_or_months_is_a_year_once_it_can_be_seen() -> None:
    week = timedelta(weeks=1)
    assert [season_length(every(week, n)) for n in (10, 104, 155, 156)] == [1, 1, 1, 52]
    assert [season_length(months(n)) for n in (1, 23, 24, 60)] == [1, 1, 12, 12]


def test_the_slot_of_a_month_is_its_place_in_the_year() -> None:
    assert slot_codes(months(26), ("",)).tolist() == [*range(12), *range(12), 0, 1]
    assert set(slot_codes(months(26), ("",), season=1)) == {0}
    assert slot_codes(every(timedelta(weeks=1), 160), ("",)).max() == 51


def test_the_hour_is_told_by_the_clock_of_the_site() -> None:
    zone = ZoneInfo("Europe/Paris")  # summer time begins on 2026-03-29 at 01:00 UTC
    periods = [
        replace(p, local_date=p.start.astimezone(zone).date())
        for p in every(timedelta(hours=1), 24 * 14, datetime(2026, 3, 23, tzinfo=UTC))
    ]
    minutes = minutes_of_day(periods)
    local = np.array([p.start.astimezone(zone).hour * 60 for p in periods])
    wrong = {p.local_date for p, a, b in zip(periods, minutes, local, strict=True) if a != b}
    assert wrong <= {date(2026, 3, 29)}


def test_the_frequency_is_read_from_the_periods() -> None:
    assert frequency(()) == "day"
    assert frequency(shift_periods(calendar(7), START, START + timedelta(weeks=1))) == "shift"
    lengths = {"hour": 1, "day": 24, "week": 168}
    for name, hours in lengths.items():
        assert frequency(every(timedelta(hours=hours), 5)) == name
    assert frequency(months(5)) == "month"
