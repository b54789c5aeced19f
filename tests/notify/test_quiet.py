from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.notify.quiet import QuietHours

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(start=time(22), end=time(6), zone=BERLIN)
NOON = QuietHours(start=time(12), end=time(13), zone=BERLIN)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (NIGHT, "2026-01-05T21:59:59", None),
        (NIGHT, "2026-01-05T22:00", "2026-01-06T06:00"),
        (NIGHT, "2026-01-06T00:30", "2026-01-06T06:00"),
        (NIGHT, "2026-01-06T05:59:59", "2026-01-06T06:00"),
        (NIGHT, "2026-01-06T06:00", None),
        (NOON, "2026-01-05T11:59", None),
        (NOON, "2026-01-05T12:30", "2026-01-05T13:00"),
        (NOON, "2026-01-05T13:00", None),
    ],
)
def test_quiet_begins_with_its_first_minute_and_ends_before_its_last(
    quiet: QuietHours, now: str, until: str | None
) -> None:
    assert quiet.until(local(now)) == (None if until is None else local(until))


def test_the_night_ends_when_the_clocks_say_so_also_when_they_change() -> None:
    """In the night to 2026-03-29 an hour is missing, in that to 2026-10-25 one is twice there."""
    for evening, hours in (("2026-03-28T22:00", 7), ("2026-10-24T22:00", 9)):
        begins = local(evening).astimezone(UTC)
        assert NIGHT.until(begins) == begins + timedelta(hours=hours)


def test_an_end_that_the_clocks_skip_is_the_moment_of_the_skip() -> None:
    quiet = QuietHours(start=time(22), end=time(2, 30), zone=BERLIN)
    assert quiet.until(local("2026-03-29T00:00")) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_critical_passes_unless_it_must_not() -> None:
    strict = QuietHours(start=time(22), end=time(6), zone=BERLIN, critical_passes=False)
    midnight = local("2026-01-06T00:00")
    assert NIGHT.until(midnight, "critical") is None
    assert NIGHT.until(midnight, "warning") is not None
    assert strict.until(midnight, "critical") is not None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - zone follows
def test_quiet_is_what_the_clock_on_the_wall_shows(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    clock = now.astimezone(BERLIN).time()
    assert (NIGHT.until(now) is not None) == (clock >= time(22) or clock < time(6))
