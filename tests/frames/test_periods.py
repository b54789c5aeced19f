from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import InvalidInput
from supplynet.frames.periods import (
    FREQUENCIES,
    infer_frequency,
    periods_following,
    regular_periods,
)
from supplynet.learning.timelines import timeline


def at(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@given(
    freq=st.sampled_from(FREQUENCIES),
    first=st.integers(0, 50_000),
    hours=st.integers(0, 3000),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
)
def test_periods_leave_no_gap_and_cover_both_ends(
    freq: str, first: int, hours: int, zone: str
) -> None:
    start = at(2020, 1, 1) + timedelta(hours=first)
    last = start + timedelta(minutes=hours * (5 if freq.endswith("min") else 60))
    made = regular_periods(freq, start, last, time_zone=zone)  # type: ignore[arg-type]
    assert all(a.end == b.start for a, b in pairwise(made))
    assert made[0].start <= start < made[0].end
    assert made[-1].start <= last < made[-1].end


def test_months_begin_on_the_first_and_end_with_the_next() -> None:
    made = regular_periods("1mo", at(2023, 12, 1), at(2024, 2, 1))
    assert [p.start for p in made] == [at(2023, 12, 1), at(2024, 1, 1), at(2024, 2, 1)]
    assert made[-1].end == at(2024, 3, 1)


def test_a_day_of_summer_time_has_23_hours() -> None:
    (day,) = regular_periods("1d", at(2025, 3, 30), at(2025, 3, 30), time_zone="Europe/Berlin")
    assert (day.minutes, day.local_date) == (23 * 60, date(2025, 3, 30))


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_what_follows_begins_where_the_known_ends(freq: str) -> None:
    known = regular_periods(freq, at(2025, 1, 1), at(2025, 1, 31))  # type: ignore[arg-type]
    ahead = periods_following(known, freq, 40)  # type: ignore[arg-type]
    assert len(ahead) == 40
    assert ahead[0].start == known[-1].end
    assert all(a.end == b.start for a, b in pairwise(ahead))


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_the_frequency_is_told_by_the_starts_even_with_gaps(freq: str) -> None:
    until = at(2024, 1, 8) if freq.endswith("min") else at(2025, 6, 1)
    made = regular_periods(freq, at(2024, 1, 1), until)  # type: ignore[arg-type]
    starts = pl.Series([p.start for p in made])
    assert infer_frequency(starts) == freq
    most = starts.filter(pl.Series([n % 7 != 3 for n in range(len(starts))]))
    assert infer_frequency(most.sample(fraction=1.0, shuffle=True, seed=1)) == freq


@pytest.mark.parametrize("hours", [[0], [0, 8, 16, 24]])
def test_a_frequency_that_is_none_is_refused_with_what_to_say(hours: list[int]) -> None:
    starts = pl.Series([at(2025, 1, 1) + timedelta(hours=n) for n in hours])
    with pytest.raises(InvalidInput, match="give"):
        infer_frequency(starts)


@pytest.mark.parametrize("freq", [name for name in FREQUENCIES if name.endswith("min")])
def test_parts_of_an_hour_are_as_long_as_their_name_says(freq: str) -> None:
    minutes = int(freq.removesuffix("min"))
    made = regular_periods(freq, at(2025, 1, 1), at(2025, 1, 2))  # type: ignore[arg-type]
    assert len(made) == 24 * 60 / minutes + 1
    assert {period.minutes for period in made} == {minutes}
    assert timeline(made).frequency == "hour"


def test_parts_of_an_hour_go_on_through_summer_time_and_keep_the_clock_of_the_site() -> None:
    made = regular_periods("30min", at(2025, 3, 30), at(2025, 3, 30, 3), time_zone="Europe/Berlin")
    assert len(made) == 7  # three hours of UTC, although the clocks leave one out
    assert {period.local_date for period in made} == {date(2025, 3, 30)}


def test_parts_of_an_hour_may_begin_at_any_minute() -> None:
    start = at(2025, 1, 1) + timedelta(minutes=7)
    made = regular_periods("15min", start, start + timedelta(minutes=20))
    assert [p.start - start for p in made] == [timedelta(0), timedelta(minutes=15)]


def test_steps_of_twenty_minutes_are_no_frequency_and_the_error_names_those_that_are() -> None:
    starts = pl.Series([at(2025, 1, 1) + n * timedelta(minutes=20) for n in range(9)])
    with pytest.raises(InvalidInput, match="5min, 10min, 15min, 30min, 1h"):
        infer_frequency(starts)
