"""What is kept of a calendar says the same as the periods themselves, asked one by one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.frames.panel import Period, daily_periods, shift_periods
from supplynet.frames.periods import regular_periods
from supplynet.learning.timelines import Timeline, timeline

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
SHIFTS = ShiftCalendar(
    calendar_id="S",
    time_zone="Europe/Berlin",
    patterns=(
        ShiftPattern(name="day", start=time(6), end=time(18), weekdays=frozenset(range(6))),
        ShiftPattern(name="night", start=time(18), end=time(6), weekdays=frozenset(range(5))),
    ),
    closed_days=frozenset({date(2025, 5, 1)}),
)
CALENDARS = {
    "hours": regular_periods(
        "1h", FIRST, FIRST + timedelta(days=120), time_zone="America/Sao_Paulo"
    ),
    "shifts": shift_periods(SHIFTS, FIRST, FIRST + timedelta(days=200)),
    "days": daily_periods(
        FIRST.date(), date(2025, 12, 1), holidays={date(2025, 5, 1)}, time_zone="Europe/Berlin"
    ),
    "weeks": regular_periods("1w", FIRST, FIRST + timedelta(days=1200)),
    "months": regular_periods("1mo", FIRST, FIRST + timedelta(days=1200)),
}


@pytest.mark.parametrize("name", CALENDARS)
def test_arrays_say_what_the_periods_say(name: str) -> None:
    periods = CALENDARS[name]
    line = timeline(periods)
    assert line.minutes.tolist() == [p.minutes for p in periods]
    assert line.weekdays.tolist() == [p.local_date.weekday() for p in periods]
    assert line.days.tolist() == [p.local_date.toordinal() for p in periods]
    assert line.holidays.tolist() == [p.is_holiday for p in periods]
    before = [periods[0].start, *(p.end for p in periods[:-1])]
    idle = [(p.start - end).total_seconds() for p, end in zip(periods, before, strict=True)]
    assert line.idle_seconds.tolist() == idle
    assert [line.shift_names[code] for code in line.shift_codes(line.shift_names)] == [
        p.shift for p in periods
    ]
    assert line.shift_codes(("night",)).max() == 0  # one that it does not know is the first


@pytest.mark.parametrize(
    ("name", "frequency", "season", "unit"),
    [
        ("hours", "hour", 168, 168),
        ("shifts", "shift", 11, 11),
        ("days", "day", 7, 7),
        ("weeks", "week", 52, 4),
        ("months", "month", 12, 3),
    ],
)
def test_frequency_and_season_of_every_kind_of_calendar(
    name: str, frequency: str, season: int, unit: int
) -> None:
    line = timeline(CALENDARS[name])
    assert (line.frequency, line.season_length, line.trailing_unit) == (frequency, season, unit)


@given(st.sampled_from(sorted(CALENDARS)), st.integers(0, 90), st.integers(0, 12))
def test_a_calendar_that_goes_on_is_the_one_read_as_a_whole(
    name: str, count: int, ahead: int
) -> None:
    periods = CALENDARS[name][: count + ahead]
    joined = timeline(timeline(periods[:count]).then(periods[count:]))
    whole = Timeline.of(periods)
    assert joined.periods == periods
    for attribute in ("starts", "ends", "days", "holidays", "minutes", "idle_seconds"):
        np.testing.assert_array_equal(getattr(joined, attribute), getattr(whole, attribute))
    assert joined.frequency == whole.frequency
    names = whole.shift_names or ("",)
    np.testing.assert_array_equal(joined.slot_codes(names), whole.slot_codes(names))


def test_the_same_tuple_is_read_once_and_another_of_the_same_periods_by_itself() -> None:
    periods = CALENDARS["days"]
    assert timeline(periods) is timeline(periods)
    other = (*periods[:-1], periods[-1])
    assert timeline(other) is not timeline(periods)
    assert timeline(periods).then(other) is timeline(periods).then(other)
    assert timeline(periods).tail(30) is timeline(periods).tail(30)
    assert timeline(periods).tail(30) == periods[-30:]
    assert timeline(periods).tail(10_000) is periods


def test_a_list_may_change_and_is_read_anew() -> None:
    periods = list(CALENDARS["days"])
    assert len(timeline(periods).days) == len(periods)
    del periods[10:]
    assert len(timeline(periods).days) == 10
    ahead = list(CALENDARS["days"][:3])
    line = timeline(CALENDARS["days"][3:5])
    assert len(line.then(ahead)) == 5
    del ahead[1:]
    assert len(line.then(ahead)) == 3


def test_many_calendars_are_told_apart_whatever_is_kept() -> None:
    """More than are kept, each released at once, so that its place in memory is used again."""

    def length(days: int) -> int:
        fresh: Sequence[Period] = daily_periods(FIRST.date(), FIRST.date() + timedelta(days=days))
        return len(timeline(fresh).days)

    assert [length(days) for days in range(1, 120)] == list(range(1, 120))


def test_what_many_share_none_can_change() -> None:
    line = timeline(CALENDARS["days"])
    for array in (line.starts, line.minutes, line.weekdays, line.minutes_of_day, line.holidays):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_an_empty_calendar_has_days_and_a_season_of_one() -> None:
    line = timeline(())
    assert (line.frequency, line.season_length, line.shift_names) == ("day", 1, ())
    assert len(line.slot_codes(())) == len(line.shift_codes(("a",))) == 0
