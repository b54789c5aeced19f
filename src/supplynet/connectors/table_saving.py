"""How a file was read, as a profile: so that the next one like it needs no options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w

from supplynet.connectors.table_checked import Checked
from supplynet.connectors.table_layout import Said
from supplynet.connectors.table_profile import Profile, Recognise
from supplynet.errors import InvalidInput
from supplynet.files import write_atomically

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def profile_of(
    name: str, columns: Sequence[str], checked: Checked, base: Profile | None, said: Said
) -> Profile:
    """The profile that reads a file with these ``columns`` as it was read.

    Args:
        name: What to call it.
        columns: Header of the file; a file with all of them is recognised.
        checked: The import.
        base: The profile that was used.
        said: What was said besides.
    """
    start = base or Profile(name=name, title=name)
    days = start.days
    wide = days is not None and days.column is None
    required = [column for column in columns if not wide or column not in _wide(columns, start)]
    real = set(columns)
    mapping = {
        ours: (theirs,)
        for ours, theirs in checked.mapping.items()
        if all(piece in real for piece in ([theirs] if theirs in real else theirs.split("+")))
    }
    return replace(
        start,
        name=name,
        title=name,
        kind=checked.kind.name,
        about=f"saved from {checked.file}",
        recognise=Recognise(
            required=tuple((column,) for column in required),
            pattern=start.recognise.pattern if wide else None,
        ),
        columns=mapping,
        options={**start.options, **said.options},
        constants={
            ours: value
            for ours, value in {**start.constants, **said.constants}.items()
            if ours not in mapping
        },
        keep={**start.keep, **{column: tuple(values) for column, values in said.where.items()}},
    )


def _wide(columns: Sequence[str], profile: Profile) -> set[str]:
    """Columns that hold one day each: another file of the same layout has more of them."""
    assert profile.days is not None
    return {column for column in columns if re.fullmatch(profile.days.pattern, column.strip())}


def check_profile_name(name: str) -> None:
    """Refuse a name under which no profile could be saved, before the work is done.

    Raises:
        InvalidInput: It cannot be that of a file.
    """
    if not NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} cannot name a profile: use a to z, 0 to 9, - and _, up to 64")


def write_profile(profile: Profile, folder: Path) -> Path:
    """Write ``profile`` to ``folder/NAME.toml``, in the place of one with that name.

    Raises:
        InvalidInput: See ``check_profile_name``.
    """
    check_profile_name(profile.name)
    path = folder / f"{profile.name}.toml"
    write_atomically(path, tomli_w.dumps(_as_toml(profile)).encode())
    return path


def _as_toml(profile: Profile) -> dict[str, Any]:
    """What differs from the defaults."""
    rules = {
        name: [
            {"column": list(rule.column), "matches": rule.matches, "says": rule.says}
            for rule in getattr(profile, name)
        ]
        for name in ("leave_out", "minus", "plus")
    }
    recognise = profile.recognise
    made: dict[str, Any] = {
        "name": profile.name,
        "title": profile.title,
        "kind": profile.kind,
        "about": profile.about,
        "recognise": {
            "required": [list(names) for names in recognise.required],
            "forbidden": list(recognise.forbidden),
            "pattern": recognise.pattern,
            "cells": dict(recognise.cells),
        },
        "columns": {ours: list(theirs) for ours, theirs in profile.columns.items()},
        "options": dict(profile.options),
        "constants": dict(profile.constants),
        "keep": {column: list(values) for column, values in profile.keep.items()},
        **rules,
    }
    if profile.days is not None:
        made["days"] = {
            "pattern": profile.days.pattern,
            "day_one": profile.days.day_one,
            "column": profile.days.column,
        }
    return _without_empty(made)


def _without_empty(table: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null, and an empty table says nothing."""
    cleaned = {
        key: _without_empty(value) if isinstance(value, dict) else value
        for key, value in table.items()
    }
    return {key: value for key, value in cleaned.items() if value not in (None, "", [], {})}
