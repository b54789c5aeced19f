"""Profiles: how a known layout is recognised, and what each of its columns is. Data, in TOML.

Those of public layouts and of our own templates ship in ``profiles/``; a workspace has its own.
Column names are compared without case, and whatever is no letter or digit counts as ``_``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from supplynet.connectors.table_kinds import KINDS
from supplynet.connectors.table_mapping import plain_name
from supplynet.connectors.table_options import options_from
from supplynet.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognise:
    """When a header is of this layout.

    Attributes:
        required: Columns that must be there; each a tuple of names of which one is enough.
        forbidden: Columns that must not be there.
        pattern: A pattern that the name of one column or more must match.
        cells: Patterns that the first cells of a column must match, where names alone do not tell.
    """

    required: tuple[tuple[str, ...], ...] = ()
    forbidden: tuple[str, ...] = ()
    pattern: str | None = None
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Days that are written as numbers, as ``d_1``.

    Attributes:
        pattern: Finds the number, in its first group.
        day_one: The day with number 1.
        column: Where they are written; None = they are the names of columns (a wide table).
    """

    pattern: str
    day_one: date
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something done with rows whose cell matches.

    Attributes:
        column: The first of these that the file has.
        matches: A pattern for the whole cell.
        says: What was done with those rows, after their number.
    """

    column: tuple[str, ...]
    matches: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One layout.

    Attributes:
        name: How ``--profile`` names it.
        title: How people call it.
        kind: What it holds, see ``table_kinds``.
        about: One sentence.
        columns: Our column to theirs: the first of these that the file has (``a+b``: both).
        options: Of ``ImportOptions``.
        constants: Our column to one value for all rows.
        days: Days written as numbers.
        keep: Column to the values whose rows are taken; the others are left out.
        leave_out: Rows that are not taken.
        minus: Rows whose quantity is taken off its day, whatever its sign in the file.
        plus: Rows whose quantity counts, whatever its sign in the file.
        own: Whether a person saved it.
    """

    name: str
    title: str
    kind: str = "demand"
    about: str = ""
    recognise: Recognise = field(default_factory=Recognise)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    days: Numbered | None = None
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leave_out: tuple[Rule, ...] = ()
    minus: tuple[Rule, ...] = ()
    plus: tuple[Rule, ...] = ()
    own: bool = False

    def wants(self) -> str:
        """The columns by which it is recognised, for people."""
        names = ["/".join(names) for names in self.recognise.required]
        return ", ".join([*names, *([self.recognise.pattern] if self.recognise.pattern else [])])


@lru_cache(maxsize=1)
def shipped_profiles() -> tuple[Profile, ...]:
    """The profiles of known layouts, by name."""
    folder = files("supplynet.connectors") / "profiles"
    found = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    return tuple(
        _parse(file.read_text(encoding="utf-8"), file.name, own=False)
        for file in sorted(found, key=lambda file: file.name)
    )


def read_profile(path: Path) -> Profile:
    """The profile in a file.

    Raises:
        InvalidInput: No such file, or it is no profile.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"profile {path} cannot be read: {error}") from error
    return _parse(text, path.name, own=True)


def saved_profiles(folder: Path) -> tuple[Profile, ...]:
    """The profiles in ``folder``, by name; none without the folder.

    Raises:
        InvalidInput: One of them is no profile.
    """
    return tuple(read_profile(path) for path in sorted(folder.glob("*.toml")))


def _parse(text: str, file: str, *, own: bool) -> Profile:
    try:
        read = tomllib.loads(text)
        profile = _profile(read, own=own)
        _check(profile)
    except (tomllib.TOMLDecodeError, TypeError, AttributeError, KeyError, ValueError) as error:
        raise InvalidInput(f"{file} is no profile: {error}") from error
    except re.error as error:
        raise InvalidInput(f"{file} has a pattern that is none: {error}") from error
    except InvalidInput as error:
        raise InvalidInput(f"{file}: {error}") from error
    return profile


def _profile(read: dict[str, Any], *, own: bool) -> Profile:
    """Unknown keys are refused by the dataclasses, missing ones take their defaults."""
    given = dict(read)
    recognise = dict(given.pop("recognise", {}))
    recognise["required"] = tuple(_names(each) for each in recognise.get("required", ()))
    recognise["forbidden"] = tuple(recognise.get("forbidden", ()))
    days = given.pop("days", None)
    return Profile(
        columns={ours: _names(theirs) for ours, theirs in given.pop("columns", {}).items()},
        keep={column: _names(values) for column, values in given.pop("keep", {}).items()},
        leave_out=_rules(given.pop("leave_out", ())),
        minus=_rules(given.pop("minus", ())),
        plus=_rules(given.pop("plus", ())),
        recognise=Recognise(**recognise),
        days=None if days is None else Numbered(**days),
        own=own,
        **given,
    )


def _rules(read: Any) -> tuple[Rule, ...]:
    return tuple(Rule(**{**rule, "column": _names(rule["column"])}) for rule in read)


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _check(profile: Profile) -> None:
    if profile.kind not in KINDS:
        raise InvalidInput(f"kind {profile.kind!r} is not one of {', '.join(KINDS)}")
    names = KINDS[profile.kind].names
    for ours in (*profile.columns, *profile.constants):
        if ours not in names:
            raise InvalidInput(f"{profile.kind} has no column {ours!r}; it has {', '.join(names)}")
    options_from(profile.options)
    rules = (*profile.leave_out, *profile.minus, *profile.plus)
    patterns = [rule.matches for rule in rules] + list(profile.recognise.cells.values())
    for pattern in (*patterns, profile.recognise.pattern or ""):
        re.compile(pattern)
    if profile.days is not None and re.compile(profile.days.pattern).groups != 1:
        raise InvalidInput("days.pattern needs one group, around the number")


def find_column(columns: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The first of ``names`` that is in ``columns`` (plain name to real name)."""
    for name in names:
        if plain_name(name) in columns:
            return columns[plain_name(name)]
    return None
