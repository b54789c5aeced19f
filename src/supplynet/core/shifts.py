"""Shifts: named intervals ``[start, end)`` in UTC, made from local clock times.

A night shift belongs to the date on which it starts. Daylight saving makes a night one hour
shorter or longer; no moment is lost or counted twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import holidays

from supplynet.core.local_time import local_to_utc

_DAY = timedelta(days=1)
_LONGEST_LOOK_DAYS = 732


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One shift of one day.

    Attributes:
        shift_id: ``site/date/name``.
        name: Name in the calendar: day, night, early, ...
        day: The local date on which the shift starts.
        start, end: ``[start, end)``, aware, UTC.
    """

    shift_id: str
    name: str
    day: date
    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        """Length in minutes: 720 for a 12 hour shift, 660 or 780 when the clocks change in it."""
        return int((self.end - self.start).total_seconds()) // 60


def day_and_name(shift_id: str) -> str:
    """What a shift's id says beside the site: sites name their own, and these two are the same."""
    return shift_id.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPattern:
    """A shift that repeats: local clock times; it ends on the next day when ``end <= start``.

    Attributes:
        weekdays: Days on which it starts, Monday = 0.
    """

    name: str
    start: time
    end: time
    weekdays: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtime:
    """A shift on one date that the pattern does not have (or has with other times)."""

    day: date
    name: str
    start: time
    end: time


@dataclass(frozen=True, kw_only=True)
class ShiftCalendar:
    """When a site works.

    Attributes:
        calendar_id: The ``site`` of its shift ids.
        time_zone: IANA name of the zone of all clock times.
        patterns: Two, three or more shifts, in any order; they must not overlap.
        holiday_country: Whose public holidays have no shifts: an ISO country code, with the state
            where they differ (``DE``, ``DE-BY``); None = nobody's.
        closed_days: Further dates without shifts. Overtime is worked on them all the same.
        overtime: Extra shifts; one with the name of a pattern replaces it on that date.
    """

    calendar_id: str
    time_zone: str
    patterns: tuple[ShiftPattern, ...]
    holiday_country: str | None = None
    closed_days: frozenset[date] = frozenset()
    overtime: tuple[Overtime, ...] = ()

    @property
    def shift_names(self) -> tuple[str, ...]:
        """Names of the regular shifts in the order of their start."""
        return tuple(p.name for p in sorted(self.patterns, key=lambda p: p.start))

    def is_closed(self, day: date) -> bool:
        """Whether regular shifts do not start on ``day``."""
        if day in self.closed_days:
            return True
        country = self.holiday_country
        return country is not None and day in public_holidays(country, day.year)

    def shifts_of(self, day: date) -> list[Shift]:
        """Shifts that start on the local date ``day``, in order of time.

        A shift that lies wholly in an hour which the clocks skip is not there.
        """
        known = self._shifts_by_day.get(day)
        if known is None:
            known = self._shifts_by_day[day] = self._make_shifts(day)
        return list(known)

    @cached_property
    def _shifts_by_day(self) -> dict[date, tuple[Shift, ...]]:
        """Filled as days are asked for: every event asks for the shifts of its day."""
        return {}

    def _make_shifts(self, day: date) -> tuple[Shift, ...]:
        times = {o.name: (o.start, o.end) for o in self.overtime if o.day == day}
        if not self.is_closed(day):
            for pattern in self.patterns:
                if day.weekday() in pattern.weekdays:
                    times.setdefault(pattern.name, (pattern.start, pattern.end))
        shifts = [self._shift(day, name, start, end) for name, (start, end) in times.items()]
        return tuple(sorted((s for s in shifts if s.start < s.end), key=lambda s: s.start))

    def shifts_between(self, start: datetime, end: datetime) -> list[Shift]:
        """Shifts that overlap ``[start, end)`` in order of time."""
        if start >= end:
            return []
        days = (end - start) // _DAY + 5  # the night before, broken days, clocks that change
        return [s for s in self._from(start, days) if s.start < end]

    def next_shifts(self, now: datetime, count: int) -> list[Shift]:
        """The running shift, if any, and those after it, ``count`` in all.

        A calendar that has no more shifts within two years gives fewer.
        """
        found: list[Shift] = []
        for shift in self._from(now, _LONGEST_LOOK_DAYS):
            if len(found) == count:
                break
            found.append(shift)
        return found

    def shift_at(self, moment: datetime) -> Shift | None:
        """The shift that runs at ``moment``; None between shifts."""
        for shift in self.shifts_between(moment, moment + timedelta(microseconds=1)):
            return shift
        return None

    def shift_of(self, moment: datetime) -> Shift | None:
        """The one shift to which an event at ``moment`` is counted.

        That is the running shift, or the last one that ended before: a late scan after the
        shift's end belongs to it. None when no shift started in the 31 days before.
        """
        local = moment.astimezone(ZoneInfo(self.time_zone)).date()
        for days_back in range(32):
            shifts = self.shifts_of(local - days_back * _DAY)
            index = bisect_right([shift.start for shift in shifts], moment)
            if index:
                return shifts[index - 1]
        return None

    def _from(self, moment: datetime, days: int) -> Iterator[Shift]:
        """Shifts that end after ``moment``; they start on the day before it or in ``days``."""
        first = moment.astimezone(ZoneInfo(self.time_zone)).date() - _DAY
        for offset in range(days):
            for shift in self.shifts_of(first + offset * _DAY):
                if shift.end > moment:
                    yield shift

    def _shift(self, day: date, name: str, start: time, end: time) -> Shift:
        last_day = day if end > start else day + _DAY
        zone = ZoneInfo(self.time_zone)
        return Shift(
            shift_id=f"{self.calendar_id}/{day.isoformat()}/{name}",
            name=name,
            day=day,
            start=local_to_utc(day, start, zone),
            end=local_to_utc(last_day, end, zone),
        )


@lru_cache(maxsize=512)
def public_holidays(region: str, year: int) -> frozenset[date]:
    """Dates without work by law in ``region``: ``DE``, or ``DE-BY`` with its state.

    Raises:
        NotImplementedError: The region is none of ``holiday_regions``.
    """
    country, _, state = region.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=state or None, years=year))


def holiday_regions() -> dict[str, list[str]]:
    """Countries whose public holidays are known, each with its states."""
    found: dict[str, list[str]] = holidays.list_supported_countries()
    return found
