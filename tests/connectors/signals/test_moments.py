from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.connectors.signals.moments import reader


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "time_format", "start", "end"),
    [
        ("2024-02-28", "iso", at(2024, 2, 28), at(2024, 2, 29)),
        ("20240228", "iso", at(2024, 2, 28), at(2024, 2, 29)),
        ("2024-02-28T06:30", "iso", at(2024, 2, 28, 6, 30), at(2024, 2, 28, 6, 30)),
        ("2024-02-28T06:30:00+02:00", "iso", at(2024, 2, 28, 4, 30), at(2024, 2, 28, 4, 30)),
        ("2024", "period", at(2024, 1, 1), at(2025, 1, 1)),
        (2024, "period", at(2024, 1, 1), at(2025, 1, 1)),
        ("2024-Q4", "period", at(2024, 10, 1), at(2025, 1, 1)),
        ("2013Q1", "period", at(2013, 1, 1), at(2013, 4, 1)),
        ("2024-S2", "period", at(2024, 7, 1), at(2025, 1, 1)),
        ("2024-W01", "period", at(2024, 1, 1), at(2024, 1, 8)),
        ("2024-12", "period", at(2024, 12, 1), at(2025, 1, 1)),
        ("2012M02", "period", at(2012, 2, 1), at(2012, 3, 1)),
        ("2024-02-28", "period", at(2024, 2, 28), at(2024, 2, 29)),
        ("0", "unix", at(1970, 1, 1), at(1970, 1, 1)),
        (86_400_000, "unix_ms", at(1970, 1, 2), at(1970, 1, 2)),
        ("2015100100", "%Y%m%d%H", at(2015, 10, 1), at(2015, 10, 1)),
        ("01.10.2015", "%d.%m.%Y", at(2015, 10, 1), at(2015, 10, 2)),
    ],
)
def test_a_time_is_read_as_what_it_covers(
    cell: Any, time_format: str, start: datetime, end: datetime
) -> None:
    span = reader(time_format, "UTC", None)(cell)
    assert (span.start, span.end) == (start, end)


@pytest.mark.parametrize(
    "cell", [None, "", "soon", True, float("nan"), float("inf"), 1e300, -1e300, [], {}, "2024-13"]
)
@pytest.mark.parametrize("time_format", ["iso", "period", "unix", "unix_ms", "%Y-%m-%d"])
def test_what_is_no_time_is_a_value_error(cell: Any, time_format: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        reader(time_format, "UTC", None)(cell)


@pytest.mark.parametrize("period", ["day", "month", "year"])
@pytest.mark.parametrize("cell", ["9999-12-31", "0001-01-01"])
def test_the_ends_of_the_calendar_do_not_overflow(cell: str, period: str) -> None:
    for zone in ("Asia/Tokyo", "America/New_York"):
        try:
            span = reader("iso", zone, period)(cell)
        except ValueError:
            continue
        assert span.start < span.end


def test_a_day_of_a_zone_is_23_or_25_hours_when_the_clocks_change() -> None:
    read = reader("iso", "Europe/Berlin", None)
    spring, autumn = read("2026-03-29"), read("2026-10-25")
    assert spring.end - spring.start == timedelta(hours=23)
    assert autumn.end - autumn.start == timedelta(hours=25)
    assert spring.start == at(2026, 3, 28, 23)


@pytest.mark.parametrize(
    ("cell", "period", "end"),
    [
        ("2024-01-31", "month", at(2024, 2, 29)),
        ("2024-11-30", "quarter", at(2025, 2, 28)),
        ("2024-02-29", "year", at(2025, 2, 28)),
        ("2024-01-01", "week", at(2024, 1, 8)),
        ("2024-01-01T05:00", "hour", at(2024, 1, 1, 6)),
        ("2024-01-01T05:00", "point", at(2024, 1, 1, 5)),
    ],
)
def test_the_definition_may_say_how_long_a_value_holds(
    cell: str, period: str, end: datetime
) -> None:
    assert reader("iso", "UTC", period)(cell).end == end


@given(
    when=st.dates(date(1900, 1, 2), date(2100, 1, 1)).flatmap(
        lambda day: st.times().map(lambda clock: datetime.combine(day, clock))
    ),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    period=st.sampled_from(["hour", "day", "week", "month", "quarter", "year"]),
)
def test_a_period_ends_after_it_begins(when: datetime, zone: str, period: str) -> None:
    span = reader("iso", zone, period)(when.isoformat())
    assert span.start < span.end
