"""The halt risk grid of a plan as people of some sites see it: their lines, their shifts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from supplynet.core.network import Plant
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import NotFound
from supplynet.monitor.grid import iso

Row = dict[str, Any]
Times = tuple[str | None, str | None]


def own_grid(document: Row, plant: Plant, within: Collection[str]) -> Row:
    """A plan's document without lines, stock points and shifts of other places than ``within``.

    A column stands for all shifts of the plant with its start and end, under the name of one of
    them: here under that of a calendar of these places.
    """
    shifts = document.get("shifts", [])
    names = _own_shifts(shifts, _calendars(plant, within))
    kept = [place for place, shift in enumerate(shifts) if _times(shift) in names]
    return document | {
        "shifts": [shifts[n] | {"shift_id": names[_times(shifts[n])]} for n in kept],
        "lines": [
            line | {"cells": [line["cells"][n] for n in kept]}
            for line in document.get("lines", [])
            if line["line_id"] in within
        ],
        "pairs": [row for row in document.get("pairs", []) if row["location_id"] in within],
    }


def _times(shift: Row) -> Times:
    return shift["start"], shift["end"]


def _own_shifts(shifts: list[Row], calendars: list[ShiftCalendar]) -> dict[Times, str]:
    """Ids of the shifts of some calendars in the grid's time, by start and end."""
    if not shifts:
        return {}
    start = min(datetime.fromisoformat(shift["start"]) for shift in shifts)
    end = max(datetime.fromisoformat(shift["end"]) for shift in shifts)
    return {
        (iso(shift.start), iso(shift.end)): shift.shift_id
        for calendar in reversed(calendars)  # of two with the same shift the first names it
        for shift in calendar.shifts_between(start, end)
    }


def _calendars(plant: Plant, within: Collection[str]) -> list[ShiftCalendar]:
    """Those of the lines among some places; without lines those of the places themselves."""
    lines = [line.location_id for line in plant.lines if line.location_id in within]
    found: dict[str, ShiftCalendar] = {}
    for place in lines or sorted(within):
        try:
            calendar = plant.calendar_of(place)
        except NotFound:  # a place that the plant has no longer
            continue
        found.setdefault(calendar.calendar_id, calendar)
    return list(found.values())
