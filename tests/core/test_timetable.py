from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.network import Lane, Plant
from supplynet.core.timetable import departures_between, next_departures


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def lane(plant: Plant) -> Lane:
    """Leaves 04:00 and 16:00 in Berlin, 60 minutes cut-off, 20 to 43 minutes on the way."""
    return plant.lanes[0]


def test_clock_times_cutoff_and_arrival_of_the_next_departures(lane: Lane) -> None:
    first, second = next_departures(lane, utc(1, 5, 1), 2)
    assert (first.departure_at, second.departure_at) == (utc(1, 5, 3), utc(1, 5, 15))
    assert first.cutoff_at == utc(1, 5, 2)
    assert first.arrives_at == utc(1, 5, 3, 31)
    assert first.arrives_late_at == utc(1, 5, 3, 43)


def test_a_departure_can_be_reached_up_to_its_cutoff(lane: Lane) -> None:
    cutoff = utc(1, 5, 2)
    assert next_departures(lane, cutoff, 1)[0].departure_at == utc(1, 5, 3)
    late = cutoff + timedelta(microseconds=1)
    assert next_departures(lane, late, 1)[0].departure_at == utc(1, 5, 15)


def test_a_cutoff_days_ahead_skips_the_departures_before(lane: Lane) -> None:
    slow = replace(lane, cutoff_minutes=2 * 24 * 60)
    assert next_departures(slow, utc(1, 5, 4), 1)[0].departure_at == utc(1, 7, 15)


@pytest.mark.parametrize(
    ("day", "hour"),
    [((3, 28), 3), ((3, 29), 2), ((10, 24), 2), ((10, 25), 3)],
)
def test_local_departures_keep_their_clock_time_when_the_clocks_change(
    lane: Lane, day: tuple[int, int], hour: int
) -> None:
    first = departures_between(lane, utc(*day, 0), utc(*day, 12))
    assert [d.departure_at for d in first] == [utc(*day, hour)]


def test_a_vehicle_in_the_skipped_hour_leaves_once_at_its_end(lane: Lane) -> None:
    tugger = replace(lane, departures=(time(1, 30), time(2), time(2, 30), time(3), time(3, 30)))
    leaving = departures_between(tugger, utc(3, 29, 0), utc(3, 29, 2))
    assert [d.departure_at for d in leaving] == [
        utc(3, 29, 0, 30),
        utc(3, 29, 1),
        utc(3, 29, 1, 30),
    ]


def test_a_lane_runs_on_its_weekdays_and_not_on_closed_days(lane: Lane) -> None:
    weekly = replace(lane, weekdays=frozenset({0}), departures=(time(4),))
    mondays = next_departures(weekly, utc(1, 1, 0), 2, is_closed=lambda d: d == date(2026, 1, 5))
    assert [d.departure_at for d in mondays] == [utc(1, 12, 3), utc(1, 19, 3)]


def test_a_lane_that_never_runs_has_no_departures(lane: Lane) -> None:
    assert next_departures(replace(lane, departures=()), utc(1, 1, 0), 3) == []
    assert next_departures(replace(lane, weekdays=frozenset()), utc(1, 1, 0), 3) == []
    assert next_departures(lane, utc(1, 1, 0), 3, is_closed=lambda _: True) == []


def test_frozen_trips_take_no_orders_though_their_cut_off_is_later(lane: Lane) -> None:
    open_lane = replace(lane, cutoff_minutes=30, frozen_minutes=0)
    first = next_departures(open_lane, utc(1, 1, 0), 1)[0]
    frozen = next_departures(replace(open_lane, frozen_minutes=24 * 60), utc(1, 1, 0), 1)[0]
    assert first.departure_at - first.cutoff_at == timedelta(minutes=30)
    assert frozen.departure_at - frozen.cutoff_at == timedelta(days=1)
    assert frozen.departure_at >= utc(1, 2, 0)


@given(
    start=st.integers(0, 366 * 24 * 60),
    cutoff=st.integers(0, 3000),
    clocks=st.sets(st.integers(0, 1439), min_size=1, max_size=6),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo"]),
)
def test_departures_come_in_order_and_none_that_can_be_reached_is_left_out(
    plant: Plant, start: int, cutoff: int, clocks: set[int], zone: str
) -> None:
    now = utc(1, 1, 0) + timedelta(minutes=start)
    lane = replace(
        plant.lanes[0],
        departures=tuple(time(minutes // 60, minutes % 60) for minutes in sorted(clocks)),
        cutoff_minutes=cutoff,
        time_zone=zone,
    )
    found = next_departures(lane, now, 10)
    assert len(found) == 10
    assert all(one.departure_at < other.departure_at for one, other in pairwise(found))
    assert all(each.cutoff_at >= now for each in found)
    first_reachable = now + timedelta(minutes=cutoff)
    assert found == departures_between(lane, first_reachable, found[-1].arrives_late_at)[:10]
