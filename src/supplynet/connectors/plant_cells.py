"""What one cell of a plant file may hold: how it is read, checked and written.

Every kind reads a stripped, non-empty text and raises ``BadCell`` with what is wrong and what
would be right; empty cells are the table's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from supplynet.core.ids import check_id
from supplynet.core.spelling import nearest
from supplynet.errors import InvalidId

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LARGEST = 2_000_000_000
"""Quantities are kept in 32 bits by the arrays of models and the twin."""

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?\Z", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)
_SHIFT_ID = re.compile(r"([^/]+)/(\d{4}-\d{2}-\d{2})/([^/]+)\Z", re.ASCII)


class BadCell(ValueError):
    """A text that is not what its column wants."""

    def __init__(self, wrong: str, right: str) -> None:
        super().__init__(f"{wrong}; {right}")
        self.wrong, self.right = wrong, right


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of cell. ``keeps_spaces``: blanks around the text belong to it."""

    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str
    keeps_spaces: bool = False


def near(wanted: str, known: Iterable[str], otherwise: str) -> str:
    """A suggestion for a misspelt name, or ``otherwise`` when nothing is like it."""
    meant = nearest(wanted, known)
    return f"did you mean {meant!r}?" if meant else otherwise


def one_of(names: Iterable[str], what: str) -> Kind:
    """A kind that allows ``names`` only."""
    allowed = tuple(names)

    def parse(text: str) -> str:
        if text not in allowed:
            choices = f"use one of {', '.join(allowed)}"
            raise BadCell(f"{text!r} is not a {what}", near(text, allowed, choices))
        return text

    return Kind(parse=parse)


def member_of(enum: type[StrEnum], what: str) -> Kind:
    """A kind that allows the members of ``enum``."""
    names = one_of([member.value for member in enum], what)
    return Kind(parse=lambda text: enum(names.parse(text)), format=lambda member: str(member.value))


def whole(minimum: int) -> Kind:
    """A whole number of ``minimum`` or more."""

    def parse(text: str) -> int:
        if not _WHOLE.match(text) or len(text) > 18:
            raise BadCell(
                f"{text!r} is not a whole number", f"write digits only, such as {minimum}"
            )
        return _in_range(int(text), text, minimum)

    return Kind(parse=parse)


def number(minimum: float) -> Kind:
    """A number of ``minimum`` or more, with a decimal point."""

    def parse(text: str) -> float:
        _check_number(text)
        return _in_range(float(text), text, minimum)

    return Kind(parse=parse, format=lambda value: repr(float(value)))


N = TypeVar("N", int, float)


def _in_range(value: N, text: str, minimum: float) -> N:
    if value < minimum:
        raise BadCell(f"{text} is too small", f"{minimum:g} or more is right")
    if value > LARGEST:
        raise BadCell(f"{text} is too large", f"{LARGEST} or less is right")
    return value


def _check_number(text: str) -> None:
    if not _NUMBER.match(text):
        right = "write a number such as 12.5"
        if re.fullmatch(r"\d+,\d+", text):
            right = f"write {text.replace(',', '.')} with a decimal point"
        raise BadCell(f"{text!r} is not a number", right)


def _quantity(text: str) -> Decimal:
    _check_number(text)
    quantity = Decimal(text)
    if quantity <= 0:
        raise BadCell(f"{text} is too small", "more than 0 is right")
    if quantity > LARGEST or quantity < Decimal("1e-9"):
        raise BadCell(f"{text} cannot be counted", f"use 0.000000001 to {LARGEST}")
    return quantity


def _id(text: str) -> str:
    try:
        return check_id(text)
    except InvalidId:
        right = "use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        raise BadCell(f"{text!r} is not an id", right) from None


def _ids(text: str) -> tuple[str, ...]:
    found = tuple(_id(word) for word in text.split())
    for index, word in enumerate(found):
        if word in found[:index]:
            raise BadCell(f"{word!r} is there twice", "name it once")
    return found


def _text(text: str) -> str:
    for character in text:
        if character < " " or character == "\x7f":
            raise BadCell(f"{text!r} has a line break or control character", "keep it on one line")
    return text


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadCell(f"{text!r} is not a date", "write it as 2026-01-31") from None
    return check_day(day)


def check_day(day: date) -> date:
    """Refuse the years of slips of the pen, such as 0206; calendars reckon around every day.

    Raises:
        BadCell: Not between 1900 and 2199.
    """
    if not 1900 <= day.year < 2200:
        raise BadCell(f"{day} is too far away", "use a year from 1900 to 2199")
    return day


def _moment(text: str) -> datetime:
    right = "write it as 2026-01-05T21:58:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadCell(f"{text!r} is not a date and time", right) from None
    check_day(moment.date())
    if moment.utcoffset() is None:
        raise BadCell(f"{text!r} has no time zone", right)
    return moment.astimezone(UTC)


def _clock(text: str) -> time:
    match = _CLOCK.match(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise BadCell(f"{text!r} is not a clock time", "write whole minutes as 06:30")
    return time(int(match[1]), int(match[2]))


def _clocks(text: str) -> tuple[time, ...]:
    clocks = sorted(_clock(word) for word in text.split())
    for earlier, later in pairwise(clocks):
        if earlier == later:
            raise BadCell(f"{later:%H:%M} is there twice", "name it once")
    return tuple(clocks)


def _weekdays(text: str) -> frozenset[int]:
    found = set()
    for word in text.split():
        if word not in WEEKDAYS:
            choices = f"use {' '.join(WEEKDAYS)}"
            right = near(word[:3], WEEKDAYS, choices)
            raise BadCell(f"{word!r} is not a weekday", right)
        found.add(WEEKDAYS.index(word))
    return frozenset(found)


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        right = near(text, available_timezones(), "use an IANA name such as Europe/Berlin")
        raise BadCell(f"{text!r} is not a time zone", right) from None
    return text


def _yes_no(text: str) -> bool:
    word = text.lower()
    if word in {"yes", "true", "1"}:
        return True
    if word in {"no", "false", "0"}:
        return False
    raise BadCell(f"{text!r} is neither yes nor no", "write yes or no")


def _shift_id(text: str) -> str:
    match = _SHIFT_ID.match(text)
    if match is None:
        raise BadCell(f"{text!r} is not a shift", "write calendar/date/name: SR1/2026-01-05/night")
    _id(match[1])
    _day(match[2])
    _id(match[3])
    return text


ID = Kind(parse=_id)
IDS = Kind(parse=_ids, format=" ".join)
TEXT = Kind(parse=_text, keeps_spaces=True)
QUANTITY = Kind(parse=_quantity)
DAY = Kind(parse=_day, format=date.isoformat)
MOMENT = Kind(parse=_moment, format=lambda m: m.astimezone(UTC).isoformat().replace("+00:00", "Z"))
CLOCK = Kind(parse=_clock, format=lambda clock: f"{clock:%H:%M}")
CLOCKS = Kind(parse=_clocks, format=lambda clocks: " ".join(f"{c:%H:%M}" for c in clocks))
WEEKDAY_SET = Kind(parse=_weekdays, format=lambda days: " ".join(WEEKDAYS[d] for d in sorted(days)))
ZONE = Kind(parse=_zone)
YES_NO = Kind(parse=_yes_no, format=lambda value: "yes" if value else "no")
SHIFT_ID = Kind(parse=_shift_id)
