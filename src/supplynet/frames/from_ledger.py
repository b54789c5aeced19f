"""Demand of finished shifts as the books saw it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from supplynet.core.network import Plant
from supplynet.core.shifts import Shift
from supplynet.frames.demand import empty_demand, observe

SeriesKey = tuple[str, str]
"""(line, part)"""
ShiftKey = tuple[str, str]
"""(line, shift id)"""


def demand_of_shifts(
    plant: Plant,
    known_from: Mapping[SeriesKey, datetime],
    start: datetime,
    end: datetime,
    consumed: Mapping[tuple[str, str, str], int],
    starved_minutes: Mapping[ShiftKey, int],
    stopped_minutes: Mapping[ShiftKey, int],
) -> pl.DataFrame:
    """One row per series and shift that lies in ``[start, end)``: no movement means 0 consumed.

    Args:
        plant: Gives the shifts of each line.
        known_from: Moment from which the books know all consumption of a series. Earlier shifts,
            and series that are not here, give no row: not known is not 0.
        start: Aware; only shifts that are wholly inside count.
        end: Aware.
        consumed: Parts by (line, part, shift id); taken back parts already subtracted.
        starved_minutes: By (line, shift id); more than the shift has count as all of it.
        stopped_minutes: Likewise.

    Returns:
        A conforming demand frame.
    """
    shifts = {line: _finished(plant, line, start, end) for line, _ in known_from}
    rows = [
        {
            "location_id": line,
            "part_id": part,
            "period_start": shift.start,
            "shift": shift.name,
            "consumed": max(consumed.get((line, part, shift.shift_id), 0), 0),
            "starved_minutes": _at_most(shift, starved_minutes.get((line, shift.shift_id), 0)),
            "stopped_minutes": _at_most(shift, stopped_minutes.get((line, shift.shift_id), 0)),
            "minutes": shift.minutes,
        }
        for (line, part), since in known_from.items()
        for shift in shifts[line]
        if shift.start >= since
    ]
    if not rows:
        return empty_demand()
    frame = pl.DataFrame(rows, schema_overrides={"period_start": pl.Datetime("us", "UTC")})
    return observe(frame, pl.col("minutes"))


def _finished(plant: Plant, line: str, start: datetime, end: datetime) -> list[Shift]:
    found = plant.calendar_of(line).shifts_between(start, end)
    return [shift for shift in found if shift.start >= start and shift.end <= end]


def _at_most(shift: Shift, minutes: int) -> int:
    return min(minutes, shift.minutes)
