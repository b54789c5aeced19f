"""Spans of time as people ask for them: ``5d``, ``1y``, ``ytd``."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from supplynet.errors import InvalidInput

PERIODS = ("1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max")
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LONGEST_YEARS = 100
_COUNTED = re.compile(r"([1-9]\d{0,4})(d|wk|mo|y)\Z")


def period_start(period: str, now: datetime) -> datetime:
    """The midnight (UTC) with which the ``period`` that ends ``now`` begins.

    ``5d`` are five calendar days, ``1mo`` goes back to the same day of the month before or its
    last, ``ytd`` to 1 January, ``max`` as far as anything goes.

    Raises:
        InvalidInput: No such period.
    """
    text = str(period).strip().lower()
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if text == "max":
        return EARLIEST
    if text == "ytd":
        return today.replace(month=1, day=1)
    found = _COUNTED.match(text)
    if found is None:
        raise InvalidInput(
            f"period {period!r} is not known; use {', '.join(PERIODS)} or another number of "
            "d, wk, mo or y"
        )
    count, unit = int(found[1]), found[2]
    if count > LONGEST_YEARS * {"y": 1, "mo": 12, "wk": 53, "d": 366}[unit]:
        raise InvalidInput(f"period {period!r} is longer than {LONGEST_YEARS} years; use max")
    if unit in {"d", "wk"}:
        return today - timedelta(days=count * (7 if unit == "wk" else 1))
    return _months_before(today, count * (12 if unit == "y" else 1))


def _months_before(day: datetime, months: int) -> datetime:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))
