"""A plant with a few things changed: what somebody asks "what if" about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from math import isfinite

from supplynet.core.network import Duration, Lane, Plant
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.core.spelling import nearest
from supplynet.errors import InvalidInput, NotFound

MOST_RATE = 20.0
MOST_MINUTES = 60 * 24 * 60
MOST_PARTS = 2**28
MOST_LITRES = 1e9
Hours = tuple[time, time]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What differs from the plant as it is.

    Attributes:
        rates: Factor on what a line uses, by line.
        switched: Whether a line runs, by line; one that is switched on uses what it usually did.
        lead_times: Usual minutes from departure to use, by lane; its spread grows with it.
        departures: Local clock times, by lane.
        trucks: Litres of one trip, by lane.
        stock: Parts at the beginning, by (stock point or warehouse, part).
        shifts: Clock times by name of the shift, ``None`` = not worked; of all lines.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    switched: Mapping[str, bool] = field(default_factory=dict)
    lead_times: Mapping[str, int] = field(default_factory=dict)
    departures: Mapping[str, tuple[time, ...]] = field(default_factory=dict)
    trucks: Mapping[str, float] = field(default_factory=dict)
    stock: Mapping[tuple[str, str], int] = field(default_factory=dict)
    shifts: Mapping[str, Hours | None] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed."""
        return not any(
            (self.rates, self.switched, self.lead_times, self.departures, self.trucks)
        ) and not (self.stock or self.shifts)

    def sentences(self) -> list[str]:
        """What is changed, for people."""
        said = [f"{line} uses {factor:g} times as much" for line, factor in self.rates.items()]
        said += [f"{line} is {'on' if on else 'off'}" for line, on in self.switched.items()]
        said += [f"{lane} takes {minutes} minutes" for lane, minutes in self.lead_times.items()]
        said += [
            f"{lane} leaves at {', '.join(f'{at:%H:%M}' for at in times)}"
            for lane, times in self.departures.items()
        ]
        said += [f"{lane} carries {litres:g} litres" for lane, litres in self.trucks.items()]
        said += [f"{place} holds {n} of {part}" for (place, part), n in self.stock.items()]
        for name, hours in self.shifts.items():
            worked = (
                "is not worked" if hours is None else f"goes {hours[0]:%H:%M} to {hours[1]:%H:%M}"
            )
            said.append(f"the {name} shift {worked}")
        return said


def changed_plant(plant: Plant, change: Change) -> Plant:
    """The plant with other lanes and shifts; rates, lines and stock are no part of a plant.

    Raises:
        NotFound: A line, lane, place, part or shift does not exist.
        InvalidInput: Nothing is changed, or a value makes no sense.
    """
    if change.is_empty:
        raise InvalidInput("nothing is changed: give at least one rate, lane, stock, line or shift")
    _check_lines(plant, change)
    _check_stock(plant, change.stock)
    lanes = {lane.lane_id: lane for lane in plant.lanes}
    for name in (*change.lead_times, *change.departures, *change.trucks):
        if name not in lanes:
            raise NotFound("lane", name, _hint(name, lanes))
    return replace(
        plant,
        lanes=tuple(_changed_lane(lane, change) for lane in plant.lanes),
        calendars=_changed_calendars(plant, change.shifts),
    )


def _check_lines(plant: Plant, change: Change) -> None:
    lines = [line.location_id for line in plant.lines]
    for name in (*change.rates, *change.switched):
        if name not in lines:
            raise NotFound("line", name, _hint(name, lines))
    for name, factor in change.rates.items():
        _check(factor, 0, MOST_RATE, f"the rate of {name}", "a factor such as 1.2")
    both = sorted(set(change.rates) & {name for name, on in change.switched.items() if not on})
    if both:
        raise InvalidInput(f"{both[0]} is off and has a rate as well; give one of the two")


def _check_stock(plant: Plant, stock: Mapping[tuple[str, str], int]) -> None:
    for (place, part), parts in stock.items():
        plant.location(place)
        plant.part(part)
        _check(parts, 0, MOST_PARTS, f"the stock of {part} at {place}", "parts")


def _check(value: float, low: float, high: float, what: str, right: str) -> None:
    if not (isfinite(value) and low <= value <= high):
        raise InvalidInput(f"{what} is {value:g}; it goes from {low:g} to {high:g}: {right}")


def _changed_lane(lane: Lane, change: Change) -> Lane:
    name = lane.lane_id
    if name in change.lead_times:
        minutes = change.lead_times[name]
        _check(minutes, 0, MOST_MINUTES, f"the lead time of {name}", "minutes")
        lane = replace(lane, transit=_scaled(lane.transit, minutes))
    if name in change.departures:
        times = tuple(sorted(set(change.departures[name])))
        if not times:
            raise InvalidInput(f"{name} has no departures; give clock times such as 06:00,14:00")
        lane = replace(lane, departures=times)
    if name in change.trucks:
        litres = change.trucks[name]
        _check(litres, 0.001, MOST_LITRES, f"the truck of {name}", "litres of one trip")
        lane = replace(lane, volume_litres=litres)
    return lane


def _scaled(transit: Duration, usual: int) -> Duration:
    """The same shape around another usual time; a fixed time where nothing can be scaled."""
    if transit.mode <= 0:
        return Duration(low=usual, mode=usual, high=usual + transit.high - transit.low)
    factor = usual / transit.mode
    low, high = round(transit.low * factor), round(transit.high * factor)
    return Duration(low=low, mode=usual, high=max(high, usual))


def _changed_calendars(
    plant: Plant, shifts: Mapping[str, Hours | None]
) -> tuple[ShiftCalendar, ...]:
    names = {pattern.name for each in plant.calendars for pattern in each.patterns}
    for name, hours in shifts.items():
        if name not in names:
            raise NotFound("shift", name, _hint(name, names))
        if hours is not None and hours[0] == hours[1]:
            raise InvalidInput(f"the {name} shift has no length; give times such as 06:00-14:00")
    if not shifts:
        return plant.calendars
    return tuple(_changed_calendar(each, shifts) for each in plant.calendars)


def _changed_calendar(calendar: ShiftCalendar, shifts: Mapping[str, Hours | None]) -> ShiftCalendar:
    patterns = []
    for pattern in calendar.patterns:
        hours = shifts.get(pattern.name, (pattern.start, pattern.end))
        if hours is not None:
            patterns.append(replace(pattern, start=hours[0], end=hours[1]))
    if not patterns:
        raise InvalidInput(f"no shift is left in calendar {calendar.calendar_id}; leave one")
    _check_overlap(patterns, calendar)
    off = {name for name, hours in shifts.items() if hours is None}
    overtime = tuple(each for each in calendar.overtime if each.name not in off)
    return replace(calendar, patterns=tuple(patterns), overtime=overtime)


def _check_overlap(patterns: list[ShiftPattern], calendar: ShiftCalendar) -> None:
    spans = []
    for pattern in patterns:
        begin, end = (at.hour * 60 + at.minute for at in (pattern.start, pattern.end))
        spans.append((begin, end if end > begin else end + 1440, pattern))
    for begin, end, one in spans:
        for other_begin, other_end, other in spans:
            if one is other or not one.weekdays & other.weekdays:
                continue
            for days in (-1440, 0, 1440):
                if begin < other_end + days and other_begin + days < end:
                    raise InvalidInput(
                        f"shifts {one.name} and {other.name} of calendar {calendar.calendar_id} "
                        "overlap; change both, or switch one off"
                    )


def _hint(wanted: str, known: Iterable[str]) -> str:
    names = sorted(known)
    meant = nearest(wanted, names)
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"did you mean {meant!r}?" if meant else f"there are {shown}"
