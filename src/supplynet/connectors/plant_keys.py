"""Keys of a TOML file as checked values: every mistake is noted with the path of its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from supplynet.connectors.plant_cells import (
    CLOCK,
    DAY,
    TEXT,
    WEEKDAY_SET,
    BadCell,
    Kind,
    check_day,
    near,
)
from supplynet.connectors.plant_sheets import Report
from supplynet.core.shifts import holiday_regions

Reader = Callable[[Any], Any]
"""Reads the value of a key; raises ``BadCell``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a TOML table.

    Attributes:
        required: Whether it must be there.
        default: Its value when it is left out; None = it has no value then.
    """

    read: Reader
    required: bool = False
    default: Any = None


Keys = Mapping[str, Key | None]
"""Keys of a table; None marks a list of tables, which is read by ``tables_of``."""


def tables_of(
    file: str, content: Mapping[str, Any], key: str, path: str, report: Report
) -> list[tuple[str, Mapping[str, Any]]]:
    """The tables of ``[[key]]``, each with its path; they are counted from 1."""
    where = f"{path}.{key}" if path else key
    found = content.get(key, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        report.add(file, None, where, "not a list of tables", f"write it as [[{key}]]")
        return []
    return [(f"{where}[{number}]", table) for number, table in enumerate(found, start=1)]


def read_keys(
    file: str, content: Mapping[str, Any], keys: Keys, path: str, report: Report
) -> dict[str, Any]:
    """Right values by key; a wrong key has none, and a left-out one its default, if any."""
    prefix = f"{path}." if path else ""
    values: dict[str, Any] = {}
    for name in content:
        if name not in keys:
            right = near(name, keys.keys() - content.keys(), f"keys are {', '.join(keys)}")
            report.add(file, None, prefix + name, "the key is unknown", right)
    for name, key in keys.items():
        if key is None:
            continue
        if name not in content:
            if key.required:
                report.add(file, None, prefix + name, "the key is missing", "it must be given")
            elif key.default is not None:
                values[name] = key.default
            continue
        try:
            values[name] = key.read(content[name])
        except BadCell as bad:
            report.add(file, None, prefix + name, bad.wrong, bad.right)
    return values


def string(kind: Kind, *, empty: bool = False) -> Reader:
    """A text of one kind of cell."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise BadCell(f"{value!r} is not a text", "put it in quotation marks")
        if not value.strip() and not empty:
            raise BadCell("the text is empty", "it must be given")
        return kind.parse(value)

    return read


def list_of(read: Reader) -> Reader:
    """A list of what ``read`` reads."""

    def read_all(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise BadCell(f"{value!r} is not a list", "put it in [ ]")
        return [read(item) for item in value]

    return read_all


def clock(value: Any) -> time:
    """A TOML time or a text, whole minutes."""
    if isinstance(value, time):
        if value.second or value.microsecond:
            raise BadCell(f"{value} is not a whole minute", "write it as 06:30:00")
        return value
    parsed: time = string(CLOCK)(value)
    return parsed


def day(value: Any) -> date:
    """A TOML date or a text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return check_day(value)
    parsed: date = string(DAY)(value)
    return parsed


def weekdays(value: Any) -> frozenset[int]:
    """A list of weekday names."""
    names = list_of(string(WEEKDAY_SET))(value)
    if not names:
        raise BadCell("the list is empty", "name at least one day, or leave the key out")
    return frozenset[int]().union(*names)


def region(value: Any) -> str:
    """A country, or country-state, whose holidays are known."""
    code: str = string(TEXT)(value)
    regions = holiday_regions()
    country, dash, state = code.partition("-")
    if country not in regions:
        right = "use an ISO country code such as DE"
        raise BadCell(f"{country!r} is not a country with known holidays", right)
    if dash and state not in regions[country]:
        right = f"use one of {', '.join(regions[country])}" if regions[country] else "leave it out"
        raise BadCell(f"{country} has no state {state!r}", right)
    return code
