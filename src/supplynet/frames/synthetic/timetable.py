"""When the lines of a plant work: shifts, their place in the day, holidays and the days before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import numpy.typing as npt

from supplynet.core.local_time import local_to_utc
from supplynet.core.network import Plant
from supplynet.core.shifts import Shift, ShiftCalendar

_DAY = timedelta(days=1)
_LONGEST_REST_DAYS = 14  # a holiday further off than this has no day before it
BoolArray = npt.NDArray[np.bool_]
PlaceArray = npt.NDArray[np.int_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Lines that work the same shifts.

    Attributes:
        calendar: Of one of them; the others' differ in the name only.
        lines: Places of the lines, ascending.
        own: Places of their shifts among all periods, ascending, shape (own,).
        order: Place of each shift in its day, 0 = first, shape (own,).
        start: First local day.
    """

    calendar: ShiftCalendar
    lines: PlaceArray
    own: PlaceArray
    order: PlaceArray
    start: date

    def moment(self, day: int) -> datetime:
        """The moment at which the ``day``-th local day since ``start`` begins, whatever ends it.

        A day begins with its first shift: the night before it belongs to yesterday.
        """
        if day not in self._moments:
            first = min((pattern.start for pattern in self.calendar.patterns), default=time(0))
            zone = ZoneInfo(self.calendar.time_zone)
            self._moments[day] = local_to_utc(self.start + day * _DAY, first, zone)
        return self._moments[day]

    @cached_property
    def _moments(self) -> dict[int, datetime]:
        """Filled as days are asked for: every effect asks for two."""
        return {}

    def rests(self, days: int) -> list[tuple[int, str]]:
        """Days of the first ``days`` that a holiday takes from the regular work, with its name."""
        usual = {weekday for pattern in self.calendar.patterns for weekday in pattern.weekdays}
        found = []
        for n in range(days):
            day = self.start + n * _DAY
            if day.weekday() in usual and not self.calendar.shifts_of(day):
                found.append((n, holiday_name(self.calendar, day)))
        return found

    def eves(self, days: int) -> list[tuple[int, str]]:
        """Worked days among the first ``days`` after which the next worked day is past a holiday.

        With the name of that holiday.
        """
        found, worked = [], None
        rests = dict(self.rests(days + _LONGEST_REST_DAYS))
        for n in range(days + _LONGEST_REST_DAYS):
            if n in rests and worked is not None:
                found.append((worked, rests[n]))
                worked = None
            elif self.calendar.shifts_of(self.start + n * _DAY):
                worked = n
        return [(n, name) for n, name in found if n < days]


@dataclass(frozen=True, kw_only=True, eq=False)
class Timetable:
    """All shifts that any line of a plant has in some days.

    Attributes:
        periods: In order of their local day, then of time.
        day: Local days of each period since the start, shape (period,).
        days: Number of local days.
        works: Whether the line has the period, shape (line, period).
        groups: Every line is in one of them.
    """

    periods: tuple[Shift, ...]
    day: PlaceArray
    days: int
    works: BoolArray
    groups: tuple[Group, ...]

    def head(self, days: int) -> Timetable:
        """The first ``days`` of them."""
        size = int(np.searchsorted(self.day, days))
        groups = ((group, int(np.searchsorted(group.own, size))) for group in self.groups)
        return Timetable(
            periods=self.periods[:size],
            day=self.day[:size],
            days=days,
            works=self.works[:, :size],
            groups=tuple(replace(g, own=g.own[:n], order=g.order[:n]) for g, n in groups),
        )

    @cached_property
    def minutes(self) -> PlaceArray:
        """Length of each period, shape (period,)."""
        return np.array([shift.minutes for shift in self.periods], dtype=int)

    @cached_property
    def weekday(self) -> PlaceArray:
        """Weekday of each period's local day, Monday = 0, shape (period,)."""
        return np.array([shift.day.weekday() for shift in self.periods], dtype=int)


def timetable(
    plant: Plant, lines: Sequence[str], chosen: Sequence[str], start: date, days: int
) -> Timetable:
    """Periods of all ``lines``, and which of them the ``chosen`` lines work.

    Raises:
        NotFound: A line or its calendar is not in the plant.
    """
    calendars = {line: replace(plant.calendar_of(line), calendar_id="") for line in lines}
    distinct = {calendar: plant.calendar_of(line) for line, calendar in calendars.items()}
    periods: list[Shift] = []
    worked: dict[ShiftCalendar, list[tuple[int, int]]] = {each: [] for each in distinct}
    for day in (start + n * _DAY for n in range(days)):
        shifts = {each: calendar.shifts_of(day) for each, calendar in distinct.items()}
        found = {_key(shift): shift for own in shifts.values() for shift in own}
        place = {key: len(periods) + i for i, key in enumerate(sorted(found))}
        periods += [found[key] for key in sorted(found)]
        for each, own in shifts.items():
            worked[each] += [(place[_key(shift)], order) for order, shift in enumerate(own)]
    groups = []
    works = np.zeros((len(chosen), len(periods)), dtype=bool)
    for each, places in worked.items():
        members = [i for i, line in enumerate(chosen) if calendars[line] == each]
        own_order = np.array(places, dtype=int).reshape(-1, 2)
        if members:
            group = Group(
                calendar=distinct[each],
                lines=np.array(members, dtype=int),
                own=own_order[:, 0],
                order=own_order[:, 1],
                start=start,
            )
            works[np.ix_(group.lines, group.own)] = True
            groups.append(group)
    return Timetable(
        periods=tuple(periods),
        day=np.array([(shift.day - start).days for shift in periods], dtype=int),
        days=days,
        works=works,
        groups=tuple(groups),
    )


def holiday_name(calendar: ShiftCalendar, day: date) -> str:
    """The public holiday on ``day``, or ``closed`` for the site's own closed days."""
    country = calendar.holiday_country
    return _names(country, day.year).get(day, "closed") if country else "closed"


@lru_cache(maxsize=64)
def _names(region: str, year: int) -> dict[date, str]:
    country, _, state = region.partition("-")
    # Without a language the names would be those of this machine's.
    found = holidays.country_holidays(country, subdiv=state or None, years=year, language="en_US")
    return dict(found)


def _key(shift: Shift) -> tuple[datetime, datetime, str]:
    return shift.start, shift.end, shift.name
