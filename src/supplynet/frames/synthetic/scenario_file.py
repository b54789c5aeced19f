"""Scenarios as TOML: the ones that ship with us by name, and anybody's own by path."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from supplynet.core.spelling import nearest
from supplynet.errors import InvalidInput, NotFound, StoreError
from supplynet.frames.synthetic.scenario import Scenario

T = TypeVar("T")
SCENARIOS = ("small", "medium", "large", "nasty")
"""Names of the scenarios that ship with us."""
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    date: "a day such as 2025-01-01, without quotes",
}


def read_scenario(name_or_path: str | Path) -> Scenario:
    """The scenario of that name (``SCENARIOS``) or in that TOML file.

    Raises:
        NotFound: No scenario has that name, and there is no such file.
        InvalidInput: A table, key or value is wrong; the message names it.
    """
    text, where = _text(name_or_path)
    return tables_of(Scenario, text, where)


def tables_of(kind: type[T], text: str, where: str) -> T:
    """A dataclass of dataclasses with defaults, read from TOML with a table for each.

    Args:
        kind: The dataclass.
        text: TOML; keys that it lacks keep their defaults.
        where: What to call it in a message.

    Raises:
        InvalidInput: A table, key or value is wrong; the message names it.
    """
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{where} is no TOML: {str(error).splitlines()[0]}") from error
    return _made(kind, content, where, "")


def scenario_toml(scenario: Scenario) -> str:
    """The scenario as TOML with every value; ``read_scenario`` reads the same back."""
    return tomli_w.dumps(asdict(scenario))


def write_scenario(scenario: Scenario, path: Path) -> None:
    """Write ``scenario_toml`` to a file.

    Raises:
        StoreError: The file cannot be written.
    """
    try:
        path.write_text(scenario_toml(scenario), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}") from error


def _text(name_or_path: str | Path) -> tuple[str, str]:
    """The content and what to call it."""
    if isinstance(name_or_path, str) and name_or_path in SCENARIOS:
        file = files(__package__).joinpath("scenarios", f"{name_or_path}.toml")
        return file.read_text(encoding="utf-8"), f"scenario {name_or_path}"
    path = Path(name_or_path)
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except FileNotFoundError:
        meant = nearest(str(name_or_path), SCENARIOS)
        hint = f"did you mean {meant!r}? " if meant else ""
        known = f"{hint}choose from {', '.join(SCENARIOS)}, or name a TOML file"
        raise NotFound("scenario", str(name_or_path), known) from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error


def _made(kind: type[T], content: Mapping[str, Any], where: str, table: str) -> T:
    """A ``kind`` of a table's keys; keys that are not there keep their defaults."""
    plain = kind()
    defaults = {each.name: getattr(plain, each.name) for each in fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
    values: dict[str, Any] = {}
    for key, value in content.items():
        if key not in defaults:
            raise InvalidInput(_unknown(key, value, defaults, where, table))
        values[key] = _value(f"{table}{key}", value, defaults[key], where)
    try:
        return kind(**values)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {table}{error}") from None


def _value(name: str, value: Any, default: Any, where: str) -> Any:
    """The value in the type of the default."""
    if is_dataclass(default):
        if not isinstance(value, dict):
            raise InvalidInput(f"{where}: {name} is a table: write [{name}] and its keys below it")
        return _made(type(default), value, where, f"{name}.")
    wanted = type(default)
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = whole if wanted is int else isinstance(value, wanted) and not isinstance(value, datetime)
    if not fits and not (wanted is float and whole):
        raise InvalidInput(f"{where}: {name} is {str(value)[:40]!r}; it is {_KINDS[wanted]}")
    try:
        return wanted(value) if wanted is float else value
    except OverflowError:
        raise InvalidInput(f"{where}: {name} is far too large") from None


def _unknown(key: str, value: Any, known: Iterable[str], where: str, table: str) -> str:
    what = "table" if isinstance(value, dict) else "key"
    meant = nearest(key, known)
    hint = f"did you mean {table + meant!r}?" if meant else f"there are {', '.join(known)}"
    return f"{where} has an unknown {what} {table + key!r}; {hint}"
