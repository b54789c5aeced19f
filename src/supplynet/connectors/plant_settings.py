"""``plant.toml``: what the plant is called, its time zone and its shift calendars.

```toml
plant_id = "demo"
name = "Demo plant"
time_zone = "Europe/Berlin"
default_policy = "order_up_to"

[[calendar]]
calendar_id = "SR1"
time_zone = "Europe/Berlin"      # the plant's when left out
holiday_country = "DE-BY"        # public holidays have no shifts; left out: worked
closed_days = [2026-12-24]

[[calendar.pattern]]
name = "night"
start = 18:00:00
end = 06:00:00                   # on the next day
weekdays = ["mon", "tue", "wed", "thu", "fri"]   # all seven when left out

[[calendar.overtime]]
day = 2026-12-24
name = "day"
start = 06:00:00
end = 12:00:00
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import tomli_w

from supplynet.connectors.plant_cells import ID, TEXT, WEEKDAYS, ZONE
from supplynet.connectors.plant_keys import (
    Key,
    Keys,
    clock,
    day,
    list_of,
    read_keys,
    region,
    string,
    tables_of,
    weekdays,
)
from supplynet.connectors.plant_sheets import Report, decode
from supplynet.core.network import Plant
from supplynet.core.shifts import Overtime, Shift, ShiftCalendar, ShiftPattern

FILE = "plant.toml"
ALL_WEEK = frozenset(range(7))

Rows = Sequence[tuple[str, Mapping[str, Any]]]
"""Right values of each table of a list, with its path."""

_PLANT_KEYS: Keys = {
    "plant_id": Key(read=string(ID), required=True),
    "name": Key(read=string(TEXT, empty=True)),
    "time_zone": Key(read=string(ZONE), required=True),
    "default_policy": Key(read=string(ID)),
    "calendar": None,
}
_CALENDAR_KEYS: Keys = {
    "calendar_id": Key(read=string(ID), required=True),
    "time_zone": Key(read=string(ZONE)),
    "holiday_country": Key(read=region),
    "closed_days": Key(read=lambda value: frozenset(list_of(day)(value))),
    "pattern": None,
    "overtime": None,
}
_PATTERN_KEYS: Keys = {
    "name": Key(read=string(ID), required=True),
    "start": Key(read=clock, required=True),
    "end": Key(read=clock, required=True),
    "weekdays": Key(read=weekdays, default=ALL_WEEK),
}
_OVERTIME_KEYS: Keys = {
    "day": Key(read=day, required=True),
    "name": Key(read=string(ID), required=True),
    "start": Key(read=clock, required=True),
    "end": Key(read=clock, required=True),
}


@dataclass(slots=True, kw_only=True)
class Settings:
    """What was right in ``plant.toml``.

    Attributes:
        values: Right top-level values by key.
        calendars: Calendars without mistakes.
        shift_names: Names of the shifts of every calendar that has an id, right or wrong.
        readable: False when the file is missing or not TOML: nothing can be said of calendars.
    """

    values: dict[str, Any] = field(default_factory=dict)
    calendars: list[ShiftCalendar] = field(default_factory=list)
    shift_names: dict[str, set[str]] = field(default_factory=dict)
    readable: bool = False


def read_settings(data: bytes | None, report: Report) -> Settings:
    """Read ``plant.toml``; the column of a mistake is the key's path: ``calendar[2].time_zone``."""
    settings = Settings()
    if data is None:
        report.add(FILE, None, None, "the file is missing", 'start it with plant_id = "..."')
        return settings
    text = decode(FILE, data, report)
    if text is None:
        return settings
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        row = int(line[1]) if line else text.count("\n") + 1
        report.add(FILE, row, None, f"not TOML: {error}", "correct that line")
        return settings
    settings.readable = True
    settings.values = read_keys(FILE, content, _PLANT_KEYS, "", report)
    for path, table in tables_of(FILE, content, "calendar", "", report):
        _read_calendar(table, path, settings, report)
    return settings


def write_settings(plant: Plant) -> bytes:
    """The file that ``read_settings`` reads back."""
    content = {
        "plant_id": plant.plant_id,
        "name": plant.name,
        "time_zone": plant.time_zone,
        "default_policy": plant.default_policy,
    }
    calendars = [_calendar_content(calendar) for calendar in plant.calendars]
    return tomli_w.dumps(content | ({"calendar": calendars} if calendars else {})).encode()


def _calendar_content(calendar: ShiftCalendar) -> dict[str, Any]:
    content: dict[str, Any] = {
        "calendar_id": calendar.calendar_id,
        "time_zone": calendar.time_zone,
    }
    if calendar.holiday_country is not None:
        content["holiday_country"] = calendar.holiday_country
    if calendar.closed_days:
        content["closed_days"] = sorted(calendar.closed_days)
    content["pattern"] = [
        {"name": pattern.name, "start": pattern.start, "end": pattern.end}
        | (
            {}
            if pattern.weekdays == ALL_WEEK
            else {"weekdays": [WEEKDAYS[number] for number in sorted(pattern.weekdays)]}
        )
        for pattern in calendar.patterns
    ]
    if calendar.overtime:
        content["overtime"] = [
            {"day": extra.day, "name": extra.name, "start": extra.start, "end": extra.end}
            for extra in calendar.overtime
        ]
    return content


def _read_calendar(table: Mapping[str, Any], path: str, settings: Settings, report: Report) -> None:
    before = len(report.mistakes)
    values = read_keys(FILE, table, _CALENDAR_KEYS, path, report)
    values.setdefault("time_zone", settings.values.get("time_zone", "UTC"))
    patterns = [
        (where, read_keys(FILE, row, _PATTERN_KEYS, where, report))
        for where, row in tables_of(FILE, table, "pattern", path, report)
    ]
    extras = [
        (where, read_keys(FILE, row, _OVERTIME_KEYS, where, report))
        for where, row in tables_of(FILE, table, "overtime", path, report)
    ]
    calendar_id = table.get("calendar_id")
    if isinstance(calendar_id, str):
        if calendar_id in settings.shift_names:
            wrong = f"calendar {calendar_id!r} is already there"
            report.add(FILE, None, f"{path}.calendar_id", wrong, "give every calendar its own id")
        names = {row["name"] for _, row in patterns + extras if "name" in row}
        settings.shift_names.setdefault(calendar_id, set()).update(names)
    _check_names(patterns, ("name",), report)
    _check_names(extras, ("day", "name"), report)
    _check_overlaps(patterns, report)
    if len(report.mistakes) == before:
        settings.calendars.append(
            ShiftCalendar(
                **values,
                patterns=tuple(ShiftPattern(**row) for _, row in patterns),
                overtime=tuple(Overtime(**row) for _, row in extras),
            )
        )
        _check_overtime(settings.calendars[-1], extras, report)


def _check_names(rows: Rows, keys: Sequence[str], report: Report) -> None:
    seen: dict[tuple[Any, ...], str] = {}
    for path, row in rows:
        if not all(key in row for key in keys):
            continue
        key = tuple(row[key] for key in keys)
        first = seen.setdefault(key, path)
        if first != path:
            name = " ".join(str(value) for value in key)
            right = "give every shift of a calendar its own name"
            report.add(FILE, None, f"{path}.name", f"{name} is already at {first}", right)


def _check_overlaps(rows: Rows, report: Report) -> None:
    """Compare the minutes of the week on which the shifts run; midnight on Sunday wraps round."""
    week = 7 * 24 * 60
    taken: list[tuple[int, int, str]] = []
    for path, row in rows:
        if not {"start", "end", "weekdays"} <= row.keys():
            continue
        start = row["start"].hour * 60 + row["start"].minute
        end = row["end"].hour * 60 + row["end"].minute
        length = end - start if end > start else end - start + 24 * 60
        runs = [day * 24 * 60 + start for day in sorted(row["weekdays"])]
        for other_start, other_length, other in taken:
            if any(
                (run - other_start) % week < other_length or (other_start - run) % week < length
                for run in runs
            ):
                wrong = f"the shift overlaps {other}"
                right = (
                    "shifts must not overlap; one that ends at or before its start ends next day"
                )
                report.add(FILE, None, f"{path}.start", wrong, right)
                break
        taken += [(run, length, path) for run in runs]


def _check_overtime(calendar: ShiftCalendar, rows: Rows, report: Report) -> None:
    for path, row in rows:
        days = [row["day"] + timedelta(days=offset) for offset in (-1, 0, 1)]
        around = [shift for each in days for shift in calendar.shifts_of(each)]
        own = next((s for s in around if (s.day, s.name) == (row["day"], row["name"])), None)
        other = _overlapping(own, around) if own else None
        if other is not None:
            wrong = f"overtime overlaps the shift {other.shift_id}"
            right = "shorten it, or give it the name of the shift that it replaces"
            report.add(FILE, None, f"{path}.start", wrong, right)


def _overlapping(own: Shift, others: Sequence[Shift]) -> Shift | None:
    for other in others:
        if other != own and other.start < own.end and own.start < other.end:
            return other
    return None
