"""Periods in words: shifts and dates of the plant's own calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from itertools import pairwise

from supplynet.frames.panel import Period

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HOUR, _DAY, _WEEK, _MONTH = 60.0, 20 * 60.0, 6.5 * 1440, 27 * 1440.0  # minutes, at least


def in_a_row(periods: Sequence[Period]) -> bool:
    """Whether nothing lies between them."""
    return all(one.end == next_one.start for one, next_one in pairwise(periods))


def from_to(periods: Sequence[Period]) -> str:
    """``from the day shift of 14 Mar to the night shift of 15 Mar``."""
    return f"from {moment_of(periods[0])} to {moment_of(periods[-1])}"


def unit_of(period: Period) -> str:
    """What a period is; ``period`` for parts of an hour."""
    if period.shift:
        return "shift"
    lengths = (("month", _MONTH), ("week", _WEEK), ("day", _DAY), ("hour", _HOUR))
    return next((unit for unit, least in lengths if period.minutes >= least), "period")


def shorter_than_a_day(period: Period) -> bool:
    """Whether a day has several."""
    return unit_of(period) in {"shift", "hour", "period"}


def within(period: Period) -> str:
    """The words before a moment."""
    unit = unit_of(period)
    if unit == "period":
        return f"in the {period.minutes:g} minutes from"
    return {"day": "on", "hour": "in the hour from"}.get(unit, "in")


def moment_of(period: Period) -> str:
    """``the night shift of 14 Mar``, ``shift 2 of 14 Mar``; without shifts as ``date_of``."""
    if not period.shift:
        return date_of(period)
    name = shift_name(period)
    the = "" if name.lower().startswith("shift") else "the "
    return f"{the}{name} of {date_of(period)}"


def shift_name(period: Period) -> str:
    """``night shift``, ``shift 2``; without shifts the weekday, or the time of day."""
    if not period.shift:
        if shorter_than_a_day(period):
            return f"{unit_of(period)} at {period.start.astimezone(UTC):%H:%M} UTC"
        return f"{period.local_date:%A}"
    if "shift" in period.shift.lower():
        return period.shift
    return f"shift {period.shift}" if period.shift.isdigit() else f"{period.shift} shift"


def plural(noun: str, many: int) -> str:
    """The noun for so many: ``night shifts``, ``hours at 06:00 UTC``."""
    if many == 1:
        return noun
    if " at " in noun:
        return noun.replace(" at ", "s at ")
    return f"times {noun}" if noun[-1].isdigit() else f"{noun}s"


def date_of(period: Period) -> str:
    """``14 Mar``; ``14 Mar 06:00 UTC`` of an hour, ``the week of 9 Mar 2026``, ``Mar 2026``."""
    unit, day = unit_of(period), period.local_date
    month = _MONTHS[day.month - 1]
    if unit in {"hour", "period"}:
        start = period.start.astimezone(UTC)
        return f"{start.day} {_MONTHS[start.month - 1]} {start:%H:%M} UTC"
    if unit == "month":
        return f"{month} {day.year}"
    if unit == "week":
        return f"the week of {day.day} {month} {day.year}"
    return f"{day.day} {month}"
