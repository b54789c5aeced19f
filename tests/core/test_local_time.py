from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.local_time import local_to_utc

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "UTC"]


def test_an_ordinary_clock_time_is_itself() -> None:
    assert local_to_utc(date(2026, 1, 5), time(6), BERLIN) == datetime(2026, 1, 5, 5, tzinfo=UTC)


@pytest.mark.parametrize("skipped", [time(2), time(2, 30), time(2, 59)])
def test_a_skipped_time_is_the_moment_of_the_skip(skipped: time) -> None:
    assert local_to_utc(SPRING, skipped, BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_repeated_time_is_its_first_showing() -> None:
    assert local_to_utc(AUTUMN, time(2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(
    st.sampled_from(ZONES),
    st.dates(date(2000, 1, 1), date(2035, 1, 1)),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_a_later_clock_time_is_never_an_earlier_moment(
    name: str, day: date, one: int, other: int
) -> None:
    zone = ZoneInfo(name)
    moments = [
        local_to_utc(day, time(minutes // 60, minutes % 60), zone)
        for minutes in sorted((one, other))
    ]
    assert moments[0] <= moments[1] <= local_to_utc(day + timedelta(days=1), time(0), zone)
