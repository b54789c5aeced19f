"""What moves whole lines on some days: holidays, campaigns, planned stops; each is noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from supplynet.core.keyed import name_key, uniform
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.frames.synthetic.effects import EffectRow
from supplynet.frames.synthetic.scenario import DemandShape
from supplynet.frames.synthetic.streams import stream
from supplynet.frames.synthetic.timetable import Group, PlaceArray, Timetable

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Shifts:
    """The shifts of lines that work the same ones.

    Attributes:
        lines: Ids of the lines.
        group: Their calendar.
        day, weekday, order, minutes: Of each shift, shape (shift,); days since the start.
        starts: Of each shift.
        days: Number of local days.
    """

    lines: tuple[str, ...]
    group: Group
    day: PlaceArray
    weekday: PlaceArray
    order: PlaceArray
    minutes: PlaceArray
    starts: tuple[datetime, ...]
    days: int

    def uniform(self, seed: int, purpose: str) -> FloatArray:
        """Uniform numbers by line and start of the shift, shape (line, shift)."""
        lines = np.array([name_key(line) for line in self.lines])
        starts = np.array([int(start.timestamp()) for start in self.starts], dtype=np.int64)
        return uniform(seed, purpose, lines[:, None], starts)

    def note(
        self, kind: str, line: str, days: tuple[int, int], strength: float, detail: str | None
    ) -> EffectRow:
        """The effect on ``line`` over ``days``, first and end."""
        start, end = (self.group.moment(day) for day in days)
        return kind, line, None, start, end, strength, detail


def shifts_of(table: Timetable, group: Group, lines: Sequence[str]) -> Shifts:
    """The shifts of ``group``; ``lines`` are all that the table's rows stand for."""
    return Shifts(
        lines=tuple(lines[i] for i in group.lines),
        group=group,
        day=table.day[group.own],
        weekday=table.weekday[group.own],
        order=group.order,
        minutes=table.minutes[group.own],
        starts=tuple(table.periods[i].start for i in group.own),
        days=table.days,
    )


def stops(shifts: Shifts, shape: DemandShape, seed: int) -> tuple[IntArray, list[EffectRow]]:
    """Planned stops of 1 to 8 hours in steps of 30 minutes, shape (line, shift)."""
    chance, length = (shifts.uniform(seed, purpose) for purpose in ("stop", "stop minutes"))
    wanted = np.minimum(60 + 30 * np.floor(15 * length), shifts.minutes)
    stopped = np.where(chance < shape.stops_per_period, wanted, 0).astype(np.int32)
    rows: list[EffectRow] = [
        ("stop", shifts.lines[i], None, shifts.starts[k], None, float(stopped[i, k]), None)
        for i, k in np.argwhere(stopped).tolist()
    ]
    return stopped, rows


def campaigns(shifts: Shifts, shape: DemandShape, seed: int) -> tuple[FloatArray, list[EffectRow]]:
    """Factors of the campaigns, shape (line, shift); the time between two is exponential."""
    factors = np.ones((len(shifts.lines), len(shifts.day)))
    rows: list[EffectRow] = []
    if not shape.campaigns_per_line_year:
        return factors, rows
    between = DAYS_PER_YEAR / shape.campaigns_per_line_year
    for i, line in enumerate(shifts.lines):
        rng, free = stream(seed, "campaign", line), 0
        while (at := free + rng.exponential(between)) < shifts.days:
            first = int(at)
            free = first + int(rng.geometric(1 / shape.campaign_days))
            factors[i, (shifts.day >= first) & (shifts.day < free)] = shape.campaign_factor
            rows.append(shifts.note("campaign", line, (first, free), shape.campaign_factor, None))
    return factors, rows


def holidays(shifts: Shifts, shape: DemandShape) -> tuple[FloatArray, list[EffectRow]]:
    """Factors of the days before holidays, shape (shift,); a holiday itself has no shift."""
    factors = np.ones(len(shifts.day))
    noted = [(day, 0.0, name) for day, name in shifts.group.rests(shifts.days)]
    if shape.day_before_holiday != 1:
        for day, name in shifts.group.eves(shifts.days):
            factors[shifts.day == day] = shape.day_before_holiday
            noted.append((day, shape.day_before_holiday, f"day before {name}"))
    rows = [
        shifts.note("holiday", line, (day, day + 1), strength, detail)
        for day, strength, detail in noted
        for line in shifts.lines
    ]
    return factors, rows
