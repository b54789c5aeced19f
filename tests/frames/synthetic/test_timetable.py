from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from supplynet.core.network import Plant
from supplynet.core.shifts import ShiftPattern
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.frames.synthetic.timetable import Timetable, timetable

LINES = ("SR1.ST1.A", "SR2.ST1.A")


def two_sites() -> Plant:
    """SR1 works two shifts of 12 hours every day, SR2 one of 8 hours from Monday to Friday."""
    plant = demo_plant(showrooms=2, stations=1, lines="A", parts=4, holiday_country="DE")
    short = ShiftPattern(name="day", start=time(6), end=time(14), weekdays=frozenset(range(5)))
    calendars = (*plant.calendars[:2], replace(plant.calendars[2], patterns=(short,)))
    return replace(plant, calendars=calendars)


def table(start: date, days: int) -> Timetable:
    return timetable(two_sites(), LINES, LINES, start, days)


def test_sites_with_other_shifts_have_other_periods() -> None:
    made = table(date(2025, 1, 13), 7)  # a Monday
    assert made.works.sum(axis=1).tolist() == [14, 5]
    assert len(made.periods) == 19
    first, second = made.groups
    assert first.order.tolist() == [0, 1] * 7
    assert second.order.tolist() == [0] * 5
    assert made.day.tolist() == [n for n in range(5) for _ in range(3)] + [5, 5, 6, 6]


def test_the_first_days_are_the_start_of_all_days() -> None:
    whole, short = table(date(2025, 1, 13), 30), table(date(2025, 1, 13), 9)
    head = whole.head(9)
    assert head.periods == short.periods
    assert (head.works == short.works).all()
    assert [g.own.tolist() for g in head.groups] == [g.own.tolist() for g in short.groups]


def test_a_holiday_is_not_worked_and_the_last_worked_day_before_it_is_its_eve() -> None:
    """Easter 2025: Good Friday is 18 April, Easter Monday the 21st; SR2 rests at weekends."""
    every_day, weekdays = table(date(2025, 4, 14), 14).groups
    assert every_day.rests(14) == [(4, "Good Friday"), (7, "Easter Monday")]
    assert every_day.eves(14) == [(3, "Good Friday"), (6, "Easter Monday")]
    assert weekdays.eves(14) == [(3, "Good Friday")]  # no day is worked between the two
    assert every_day.eves(4) == [(3, "Good Friday")]  # though the holiday comes after the end


def test_a_day_begins_with_its_first_shift() -> None:
    group = table(date(2025, 3, 29), 3).groups[0]  # the clocks go forward on the 30th
    assert group.moment(0) == datetime(2025, 3, 29, 5, tzinfo=UTC)
    assert group.moment(1) == datetime(2025, 3, 30, 4, tzinfo=UTC)


def test_only_the_chosen_lines_have_rows_but_all_periods_are_there() -> None:
    one = timetable(two_sites(), LINES, LINES[1:], date(2025, 1, 13), 7)
    assert one.works.shape == (1, 19)
    assert one.works.sum() == 5


@pytest.mark.parametrize("days", [0, 1])
def test_a_weekend_has_no_shift_of_a_site_that_rests(days: int) -> None:
    made = table(date(2025, 1, 18), days)
    assert made.works.sum(axis=1).tolist() == [2 * days, 0]
