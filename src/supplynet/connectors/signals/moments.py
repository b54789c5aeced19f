"""Times as services write them, as the span that a value covers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from supplynet.core.local_time import local_to_utc

LENGTHS = ("point", "hour", "day", "week", "month", "quarter", "year")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}\Z")
_PERIOD = re.compile(
    r"(?P<year>\d{4})"
    r"(?:-?(?:Q(?P<quarter>[1-4])|S(?P<half>[12])|W(?P<week>\d{1,2})|M?(?P<month>\d{1,2})))?\Z"
)


@dataclass(frozen=True, slots=True)
class Span:
    """``[start, end)`` in UTC; both are the same for a single moment."""

    start: datetime
    end: datetime


def reader(time_format: str, zone: str, period: str | None) -> Callable[[Any], Span]:
    """A function from a cell to the span that it names.

    It raises ``ValueError`` for a cell that is none; the arguments are those of ``Rows``.
    """
    place = ZoneInfo(zone)

    def read(cell: Any) -> Span:
        try:
            local, length = _local(cell, time_format)
            return _span(local, period or length, place)
        except (OverflowError, OSError) as error:
            raise ValueError(f"{cell!r} is outside the calendar") from error

    return read


def _local(cell: Any, time_format: str) -> tuple[datetime, str]:
    """The time as written, and the length that its way of writing suggests."""
    if isinstance(cell, bool):
        raise ValueError(f"{cell!r} is no time")
    if time_format in {"unix", "unix_ms"}:
        seconds = float(cell) / (1000 if time_format == "unix_ms" else 1)
        if not math.isfinite(seconds):
            raise ValueError(f"{cell!r} is no time")
        return datetime.fromtimestamp(seconds, UTC), "point"
    text = str(cell).strip()
    if time_format == "period":
        return _named_period(text)
    if time_format == "iso":
        return datetime.fromisoformat(text), "day" if _DAY.match(text) else "point"
    clock = bool(set("HIMSfzTXcs") & set(re.findall(r"%-?(.)", time_format)))
    return datetime.strptime(text, time_format), "point" if clock else "day"  # noqa: DTZ007


def _named_period(text: str) -> tuple[datetime, str]:
    if _DAY.match(text):
        return datetime.fromisoformat(text), "day"
    found = _PERIOD.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no period, such as 2024, 2024-Q1 or 2024-01")
    year = int(found["year"])
    if found["quarter"]:
        return _first(year, 3 * int(found["quarter"]) - 2), "quarter"
    if found["half"]:
        return _first(year, 6 * int(found["half"]) - 5), "half"
    if found["week"]:
        monday = date.fromisocalendar(year, int(found["week"]), 1)
        return datetime.combine(monday, time.min), "week"
    if found["month"]:
        return _first(year, int(found["month"])), "month"
    return _first(year, 1), "year"


def _first(year: int, month: int) -> datetime:
    return datetime(year, month, 1)  # noqa: DTZ001 - local, as written


def _span(local: datetime, length: str, place: ZoneInfo) -> Span:
    if local.tzinfo is not None:
        start = local.astimezone(UTC)
        if length in {"point", "hour"}:
            return Span(start, start + timedelta(hours=length == "hour"))
        local = local.astimezone(place).replace(tzinfo=None)
    start = local_to_utc(local.date(), local.time(), place)
    if length in {"point", "hour"}:
        return Span(start, start + timedelta(hours=length == "hour"))
    return Span(start, local_to_utc(_after(local.date(), length), local.time(), place))


def _after(day: date, length: str) -> date:
    if length in {"day", "week"}:
        return day + timedelta(days=7 if length == "week" else 1)
    months = {"month": 1, "quarter": 3, "half": 6, "year": 12}[length]
    count = day.year * 12 + day.month - 1 + months
    first = date(count // 12, count % 12 + 1, 1)
    # From the last days of a long month into a short one: its last day.
    last = (date(first.year + first.month // 12, first.month % 12 + 1, 1) - first).days
    return first.replace(day=min(day.day, last))
