"""An incident: odd values that belong together, told once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What an incident looks like; values of the API."""

    SPIKE = "spike"
    DROP = "drop"
    LEVEL_SHIFT = "level_shift"
    DEAD_SENSOR = "dead_sensor"
    STUCK_SENSOR = "stuck_sensor"
    DOUBLE_BOOKING = "double_booking"
    UNIT_JUMP = "unit_jump"
    NIGHT_DRIFT = "night_drift"
    PHANTOM_STOCK = "phantom_stock"
    UNUSUAL = "unusual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Odd values of one series, or of several parts of one line at the same time.

    Attributes:
        location_id: The line.
        parts: Parts that show it, sorted; one, unless the whole line is odd.
        start, end: Begin of the first odd period and end of the last so far, aware.
        periods: How many odd periods.
        kind: What it looks like.
        size: Parts beyond what was expected over these periods, summed; below 0 = too few.
        expected, observed: Sums over these periods, in parts.
        ratio: ``observed / expected``; infinite where nothing was expected.
        p_value: How often a normal history shows something as odd, of the oddest period.
        score: 0 to 1, of the oddest period; see ``tails.score_of``.
        ongoing: Whether the last judged period belongs to it.
        sentence: For people: what, where, when, how much, since when.
    """

    location_id: str
    parts: tuple[str, ...]
    start: datetime
    end: datetime
    periods: int
    kind: Kind
    size: float
    expected: float
    observed: float
    ratio: float
    p_value: float
    score: float
    ongoing: bool
    sentence: str
