from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.shifts import Overtime, ShiftCalendar, ShiftPattern, holiday_regions

BERLIN = "Europe/Berlin"
ZONES = [BERLIN, "America/New_York", "Asia/Tokyo"]
WORKDAYS = frozenset(range(5))


def pattern(
    name: str, start: int, end: int, weekdays: frozenset[int] | None = None
) -> ShiftPattern:
    days = frozenset(range(7)) if weekdays is None else weekdays
    return ShiftPattern(name=name, start=time(start), end=time(end), weekdays=days)


TWO = (pattern("day", 6, 18), pattern("night", 18, 6))
THREE = (pattern("early", 6, 14), pattern("late", 14, 22), pattern("night", 22, 6))


def calendar(zone: str = BERLIN, patterns: tuple[ShiftPattern, ...] = TWO) -> ShiftCalendar:
    return ShiftCalendar(calendar_id="SR1", time_zone=zone, patterns=patterns)


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def seconds_from(start: datetime, *, days: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, days * 86_400).map(lambda seconds: start + timedelta(seconds=seconds))


full_days = st.one_of(
    st.just(TWO),
    st.just(THREE),
    # Any way to cut the day into shifts tiles it, also inside the hour that the clocks skip.
    st.lists(st.integers(0, 1439), min_size=1, max_size=5, unique=True).map(
        lambda cuts: tuple(
            ShiftPattern(
                name=f"s{number}",
                start=time(start // 60, start % 60),
                end=time(end // 60, end % 60),
            )
            for number, (start, end) in enumerate(pairwise([*sorted(cuts), min(cuts)]))
        )
    ),
)
# Half of the moments lie in the weeks in which some zone changes its clocks.
moments = st.one_of(
    seconds_from(utc(2020, 1, 1), days=3650),
    seconds_from(utc(2026, 3, 7), days=2),
    seconds_from(utc(2026, 3, 28), days=2),
    seconds_from(utc(2026, 10, 24), days=2),
    seconds_from(utc(2026, 10, 31), days=2),
)


@given(st.sampled_from(ZONES), full_days, moments)
def test_every_moment_is_in_exactly_one_shift_of_a_full_day(
    zone: str, patterns: tuple[ShiftPattern, ...], moment: datetime
) -> None:
    site = calendar(zone, patterns)
    around = site.shifts_between(moment - timedelta(days=2), moment + timedelta(days=2))
    running = [shift for shift in around if shift.start <= moment < shift.end]
    assert running == [site.shift_at(moment)] == [site.shift_of(moment)]


@given(st.sampled_from(ZONES), full_days, moments)
def test_each_shift_of_a_full_day_ends_where_the_next_starts(
    zone: str, patterns: tuple[ShiftPattern, ...], moment: datetime
) -> None:
    shifts = calendar(zone, patterns).next_shifts(moment, 12)
    assert len(shifts) == 12
    assert all(one.start < one.end == other.start for one, other in pairwise(shifts))
    assert shifts[0].start <= moment < shifts[0].end


def test_a_night_shift_belongs_to_the_date_on_which_it_starts() -> None:
    shift = calendar().shift_at(utc(2026, 1, 6, 3))
    assert shift is not None
    assert (shift.shift_id, shift.day) == ("SR1/2026-01-05/night", date(2026, 1, 5))
    assert (shift.start, shift.end) == (utc(2026, 1, 5, 17), utc(2026, 1, 6, 5))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 28), 11),
        (BERLIN, date(2026, 10, 24), 13),
        ("America/New_York", date(2026, 3, 7), 11),
        ("America/New_York", date(2026, 10, 31), 13),
        ("Asia/Tokyo", date(2026, 3, 28), 12),
    ],
)
def test_the_night_on_which_the_clocks_change_has_11_or_13_hours(
    zone: str, day: date, hours: int
) -> None:
    day_shift, night = calendar(zone).shifts_of(day)
    assert (day_shift.minutes, night.minutes) == (720, hours * 60)


def test_a_shift_inside_the_skipped_hour_is_not_there() -> None:
    patterns = (
        ShiftPattern(name="short", start=time(2), end=time(2, 30)),
        ShiftPattern(name="long", start=time(2, 30), end=time(2)),
    )
    names = [shift.name for shift in calendar(BERLIN, patterns).shifts_of(date(2026, 3, 29))]
    assert names == ["long"]


def test_public_holidays_and_closed_days_have_no_shifts() -> None:
    site = ShiftCalendar(
        calendar_id="SR1",
        time_zone=BERLIN,
        patterns=TWO,
        holiday_country="DE",
        closed_days=frozenset({date(2026, 12, 24)}),
    )
    assert site.shifts_of(date(2026, 1, 1)) == []
    assert site.shifts_of(date(2026, 12, 24)) == []
    assert len(site.shifts_of(date(2026, 1, 6))) == 2


def test_a_state_has_its_own_holidays() -> None:
    bavaria = ShiftCalendar(
        calendar_id="M", time_zone=BERLIN, patterns=TWO, holiday_country="DE-BY"
    )
    assert bavaria.is_closed(date(2026, 1, 6))  # Epiphany
    assert "BY" in holiday_regions()["DE"]


def test_the_night_before_a_holiday_is_worked_to_its_end() -> None:
    site = ShiftCalendar(calendar_id="SR1", time_zone=BERLIN, patterns=TWO, holiday_country="DE")
    shift = site.shift_at(utc(2026, 5, 1, 2))
    assert shift is not None
    assert shift.shift_id == "SR1/2026-04-30/night"
    assert site.shift_at(utc(2026, 5, 1, 12)) is None


def test_overtime_is_worked_on_closed_days_and_replaces_the_shift_of_its_name() -> None:
    saturday = date(2026, 1, 10)
    site = ShiftCalendar(
        calendar_id="SR1",
        time_zone=BERLIN,
        patterns=(pattern("day", 6, 14, WORKDAYS), pattern("late", 14, 22, WORKDAYS)),
        closed_days=frozenset({saturday}),
        overtime=(
            Overtime(day=saturday, name="extra", start=time(8), end=time(12)),
            Overtime(day=date(2026, 1, 9), name="day", start=time(4), end=time(14)),
        ),
    )
    assert [(s.name, s.minutes) for s in site.shifts_of(saturday)] == [("extra", 240)]
    friday = [(s.name, s.minutes) for s in site.shifts_of(date(2026, 1, 9))]
    assert friday == [("day", 600), ("late", 480)]


def test_shifts_between_are_those_that_overlap_and_no_others() -> None:
    site = calendar()
    names = [s.shift_id for s in site.shifts_between(utc(2026, 1, 5, 5), utc(2026, 1, 5, 17))]
    assert names == ["SR1/2026-01-05/day"]
    assert site.shifts_between(utc(2026, 1, 5), utc(2026, 1, 5)) == []
    assert len(site.shifts_between(utc(2020, 1, 1), utc(2024, 1, 1))) == 2 * 1461 + 1


def test_a_late_scan_is_counted_to_the_shift_before() -> None:
    site = calendar(BERLIN, (pattern("day", 6, 14, WORKDAYS),))
    sunday = utc(2026, 1, 11, 12)
    shift = site.shift_of(sunday)
    assert site.shift_at(sunday) is None
    assert shift is not None
    assert shift.shift_id == "SR1/2026-01-09/day"


def test_a_calendar_without_shifts_gives_none() -> None:
    site = calendar(BERLIN, ())
    assert site.next_shifts(utc(2026, 1, 1), 3) == []
    assert site.shift_of(utc(2026, 1, 1)) is None


def test_shift_names_come_in_the_order_of_the_day() -> None:
    assert calendar(BERLIN, (TWO[1], TWO[0])).shift_names == ("day", "night")


def test_a_calendar_that_has_answered_equals_one_that_has_not() -> None:
    asked, fresh = calendar(), calendar()
    asked.shifts_of(date(2026, 1, 5)).clear()
    assert len(asked.shifts_of(date(2026, 1, 5))) == 2
    assert asked == fresh == pickle.loads(pickle.dumps(asked))
    assert hash(asked) == hash(fresh)
