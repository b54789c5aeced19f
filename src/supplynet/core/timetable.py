"""When the vehicles of a lane leave, and until when an order can still go with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from supplynet.core.local_time import local_to_utc
from supplynet.core.network import Lane

_DAY = timedelta(days=1)
_LONGEST_CLOSURE_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One vehicle of one lane. All moments are aware, UTC.

    Attributes:
        departure_at: When it leaves.
        cutoff_at: Last moment at which an order can be released for it: its cut-off, or the
            begin of its frozen time where that is earlier.
        arrives_at: When its parts can usually be used: departure plus the mean transit time,
            rounded up to the minute.
        arrives_late_at: The same with the longest transit time.
    """

    lane_id: str
    departure_at: datetime
    cutoff_at: datetime
    arrives_at: datetime
    arrives_late_at: datetime


def _never(_: date) -> bool:
    return False


def next_departures(
    lane: Lane, now: datetime, count: int, *, is_closed: Callable[[date], bool] = _never
) -> list[Departure]:
    """The next ``count`` departures that an order released at ``now`` can still reach.

    A departure is reachable when ``cutoff_at >= now``. Where the clocks change, a departure at a
    skipped time leaves at the moment of the skip, and one at a repeated time leaves once.

    Args:
        lane: Its clock times are those of its own time zone.
        now: Aware.
        count: Fewer are given when the lane stands still for more than a year.
        is_closed: Local dates on which it does not run, such as ``ShiftCalendar.is_closed``.
    """
    reachable = (d for d in _departures(lane, now, is_closed) if d.cutoff_at >= now)
    return list(islice(reachable, count))


def departures_between(
    lane: Lane, start: datetime, end: datetime, *, is_closed: Callable[[date], bool] = _never
) -> list[Departure]:
    """Departures that leave in ``[start, end)``, in order of time."""
    coming = takewhile(lambda d: d.departure_at < end, _departures(lane, start, is_closed))
    return [departure for departure in coming if departure.departure_at >= start]


def _departures(
    lane: Lane, start: datetime, is_closed: Callable[[date], bool]
) -> Iterator[Departure]:
    """Departures from the local date of ``start`` on; ends after a year without any."""
    zone = ZoneInfo(lane.time_zone)
    day = start.astimezone(zone).date()
    idle_days = 0
    while idle_days < _LONGEST_CLOSURE_DAYS:
        runs = bool(lane.departures) and day.weekday() in lane.weekdays and not is_closed(day)
        idle_days = 0 if runs else idle_days + 1
        if runs:
            # Two clock times inside a skipped hour are the same moment: one vehicle, not two.
            for moment in sorted({local_to_utc(day, clock, zone) for clock in lane.departures}):
                yield _departure(lane, moment)
        day += _DAY


def _departure(lane: Lane, departure_at: datetime) -> Departure:
    low, mode, high = lane.transit.low, lane.transit.mode, lane.transit.high
    mean_minutes = -(-(low + mode + high) // 3)
    return Departure(
        lane_id=lane.lane_id,
        departure_at=departure_at,
        cutoff_at=departure_at - timedelta(minutes=lane.closes_minutes),
        arrives_at=departure_at + timedelta(minutes=mean_minutes),
        arrives_late_at=departure_at + timedelta(minutes=high),
    )
