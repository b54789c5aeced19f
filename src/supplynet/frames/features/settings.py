"""Settings of a feature: which values they take, said beside the field and checked in one place."""

from __future__ import annotations

import math
from dataclasses import field, fields
from types import NoneType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from supplynet.errors import ConfigError

LONGEST_WINDOW = 3660


def whole(default: int, least: int = 1, most: int = LONGEST_WINDOW) -> Any:
    """A field that takes a whole number from ``least`` to ``most``."""
    return field(default=default, metadata={"least": least, "most": most})


def number(default: float, least: float, most: float) -> Any:
    """A field that takes a finite number from ``least`` to ``most``."""
    return field(default=default, metadata={"least": least, "most": most})


def checked(settings: Any, what: str) -> None:
    """Check every field of a frozen dataclass against its type and limits.

    A whole number is taken where a number is asked for, and a list where a tuple is.

    Raises:
        ConfigError: Names the field, its value and what it takes.
    """
    hints = type_hints(type(settings))
    for one in fields(settings):
        value = getattr(settings, one.name)
        made = _read(value, hints[one.name])
        limits = one.metadata
        if made is _WRONG or (limits and not limits["least"] <= made <= limits["most"]):
            wanted = wanted_text(hints[one.name])
            if limits:
                wanted += f" from {limits['least']} to {limits['most']}"
            raise ConfigError(f"{what}: {one.name} is {value!r}; it takes {wanted}")
        if made is not value:
            object.__setattr__(settings, one.name, made)


def type_hints(kind: type) -> dict[str, Any]:
    """Types of the fields of a dataclass."""
    return get_type_hints(kind)


def wanted_text(hint: Any) -> str:
    """What a field of this type takes, for messages and the docs."""
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(str(choice) for choice in get_args(hint))
    if _is_union(hint):
        return " or ".join(wanted_text(part) for part in get_args(hint))
    if get_origin(hint) is tuple:
        return "a list of whole numbers"
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(hint, "nothing")


_WRONG = object()


def _read(value: Any, hint: Any) -> Any:
    """``value`` in the type of ``hint``, or ``_WRONG``."""
    if _is_union(hint):
        made = [_read(value, part) for part in get_args(hint)]
        return next((one for one in made if one is not _WRONG), _WRONG)
    if get_origin(hint) is Literal:
        return value if value in get_args(hint) else _WRONG
    if get_origin(hint) is tuple:
        whole_numbers = isinstance(value, tuple | list) and all(type(v) is int for v in value)
        return _WRONG if not whole_numbers else value if type(value) is tuple else tuple(value)
    if hint is float:
        usable = type(value) in (int, float) and math.isfinite(value)
        return _WRONG if not usable else value if type(value) is float else float(value)
    if hint is str:
        return value if isinstance(value, str) and value.strip() else _WRONG
    return value if type(value) is hint else _WRONG


def _is_union(hint: Any) -> bool:
    return get_origin(hint) is Union or type(hint).__name__ == "UnionType"


def is_optional(hint: Any) -> bool:
    """Whether the field may be left empty."""
    return _is_union(hint) and NoneType in get_args(hint)
