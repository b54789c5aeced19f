"""Numbers, times and counts as a person writes them; the same words in every section."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAYS_LONG = (
    *("Monday", "Tuesday", "Wednesday", "Thursday"),
    *("Friday", "Saturday", "Sunday"),
)
_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
_SHORT = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def number(value: float | None) -> str:
    """``1,234``, ``12.3``, ``0.04``, ``12.3 million``; a dash when there is none."""
    if value is None or not math.isfinite(value):
        return "–"  # noqa: RUF001 - the dash of an empty cell
    size = abs(value)
    if size >= 1e15:
        return f"{value:.2e}"
    for limit, word in _LARGE:
        if size >= 10 * limit:
            return f"{value / limit:,.1f} {word}"
    if size >= 99.95 or value == int(value):
        return f"{value:,.0f}"
    if size >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2g}" if size < 0.995 else f"{value:.2f}".rstrip("0").rstrip(".")


def short(value: float) -> str:
    """For an axis: ``850``, ``1.2k``, ``3M``."""
    for limit, letter in _SHORT:
        if abs(value) >= limit:
            return f"{value / limit:.3g}{letter}" if abs(value) < 1e15 else f"{value:.0e}"
    return f"{value:.3g}"


def percent(share: float | None) -> str:
    """``31 %``, ``0.4 %``, ``<0.1 %``; never ``100 %`` or ``0 %`` for what is only nearly so."""
    if share is None or not math.isfinite(share):
        return "–"  # noqa: RUF001 - the dash of an empty cell
    if share == 0:
        return "0 %"
    size, sign = abs(share) * 100, "-" if share < 0 else ""
    if size < 0.1:
        return f"<{sign}0.1 %"
    if size < 9.95:
        return f"{sign}{size:.1f}".removesuffix(".0") + " %"
    if 99 < size < 100:
        return f"{sign}{min(size, 99.9):.1f} %"
    return f"{sign}{size:,.0f} %"


def change(share: float) -> str:
    """``31 % less``, ``12 % more``, ``as much``."""
    if abs(share) < 0.005:
        return "as much"
    return f"{percent(abs(share))} {'less' if share < 0 else 'more'}"


def signed(share: float) -> str:
    """``+31 %``, ``-8 %``; from ten times on ``14-fold``."""
    if share >= 9:
        return f"{number(1 + share)}-fold"
    return f"{'+' if share > 0 else ''}{percent(share)}"


def duration(minutes: float) -> str:
    """``45 min``, ``7 h 02 min``, ``63 h``, ``5 d 3 h``."""
    whole = max(0, round(minutes))
    if whole < 60:
        return f"{whole} min"
    hours, rest = divmod(whole, 60)
    if hours < 24:
        return f"{hours} h {rest:02d} min" if rest else f"{hours} h"
    if hours < 100:
        return f"{round(whole / 60)} h"
    days, hours = divmod(round(whole / 60), 24)
    return f"{days:,} d {hours} h" if hours and days < 30 else f"{round(whole / 1440):,} d"


def hours(minutes: float) -> str:
    """For sums over many places, where days would be read as calendar days: ``391 h``."""
    return duration(minutes) if minutes < 6000 else f"{number(round(minutes / 60))} h"


def day(value: date) -> str:
    """``5 Jan 2026``."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime, zone: str) -> str:
    """``5 Jan 2026 21:58`` in ``zone``."""
    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local)} {local:%H:%M}"


def count(many: int, noun: str) -> str:
    """``1 line``, ``27 lines``, ``2 classes``, ``3 series``."""
    return f"{many:,} {noun if many == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """``lines``, ``classes``, ``series``."""
    if noun == "series":
        return noun
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def are(many: int) -> str:
    """``is`` or ``are``."""
    return "is" if many == 1 else "are"


def listing(names: Sequence[str], limit: int = 3) -> str:
    """``A``, ``A and B``, ``A, B, C and 4 more``."""
    if len(names) > limit + 1:
        return f"{', '.join(names[:limit])} and {len(names) - limit} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def clip(text: str, length: int = 18) -> str:
    """At most ``length`` characters, the middle left out: ends of ids tell more than middles."""
    if len(text) <= length:
        return text
    head = length // 2
    return f"{text[:head]}…{text[head + 1 - length :]}"


def safe(text: object) -> str:
    """Escaped for HTML, in attributes too; characters that print nothing are shown as such."""
    return escape(_CONTROL.sub("\ufffd", str(text)))


def prose(text: str) -> str:
    """A sentence as HTML: escaped, and no line break between a number and its per cent sign."""
    return re.sub(r"(\d) %", "\\1\u00a0%", safe(text))
