"""Every event lands in exactly one shift: days of 23 and 25 hours, leap days, late and ahead."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from supplynet.core.events import EventType
from supplynet.core.ledger import Account
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.storage import ledger

if TYPE_CHECKING:
    from tests.cycle.conftest import Site

TEN_MINUTES = timedelta(minutes=10)


def three_shifts(site: Site, zone: str) -> ShiftCalendar:
    clocks = (time(6), time(14), time(22))
    names = ("early", "late", "night")
    calendar = ShiftCalendar(
        calendar_id="site",
        time_zone=zone,
        patterns=tuple(
            ShiftPattern(name=name, start=start, end=end)
            for name, start, end in zip(names, clocks, (*clocks[1:], clocks[0]), strict=True)
        ),
    )
    site.plant = replace(site.plant, time_zone=zone, calendars=(calendar,))
    return calendar


@pytest.mark.parametrize(
    ("zone", "day", "hours", "night"),
    [
        ("Europe/Berlin", "2026-03-28", 23, 7),
        ("Europe/Berlin", "2026-10-24", 25, 9),
        ("Asia/Kolkata", "2026-03-28", 24, 8),
        ("Europe/Berlin", "2028-02-28", 24, 8),
    ],
    ids=["spring", "autumn", "no daylight saving", "leap day"],
)
def test_a_day_of_events_is_the_sum_of_its_shifts(
    site: Site, zone: str, day: str, hours: int, night: int
) -> None:
    calendar = three_shifts(site, zone)
    start = datetime.fromisoformat(f"{day}T06:00").replace(tzinfo=ZoneInfo(zone))
    # Aware arithmetic of one zone is by the wall clock: real minutes are counted in UTC.
    first = start.astimezone(ZoneInfo("UTC"))
    moments = [first + n * TEN_MINUTES for n in range(hours * 6)]
    sent = [site.event(EventType.CONSUMED, "SR1.A", at, "bolt", 1) for at in moments]
    random.Random(day).shuffle(sent)  # late ones of up to a day among them
    for begin in range(0, len(sent), 40):
        site.post(*sent[begin : begin + 40], now=first + timedelta(hours=48))
    with site.store.read() as tx:
        moves = ledger.movements_between(tx, to_accounts=[Account.CONSUMED])
    found = Counter(move.shift_id for move in moves)
    shifts = {shift.name: shift.shift_id for shift in calendar.shifts_of(start.date())}
    assert found == {shifts["early"]: 48, shifts["late"]: 48, shifts["night"]: night * 6}


def test_the_last_minute_before_a_change_and_the_first_after_it(site: Site) -> None:
    """A station whose clock is ten minutes fast reports into the next shift: by what it says."""
    calendar = three_shifts(site, "Europe/Berlin")
    change = datetime(2026, 3, 28, 21, tzinfo=ZoneInfo("UTC"))  # 22:00 in Berlin
    second = timedelta(seconds=1)
    for at in (change - second, change, change + second):
        site.post(site.event(EventType.CONSUMED, "SR1.A", at, "bolt", 1), now=change)
    with site.store.read() as tx:
        moves = ledger.movements_between(tx, to_accounts=[Account.CONSUMED])
    names = [str(move.shift_id).rsplit("/", 1)[1] for move in moves]
    assert names == ["late", "night", "night"]
    assert len(calendar.shifts_of(change.date())) == 3
