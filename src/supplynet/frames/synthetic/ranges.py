"""Fields of a dataclass that say which values they take."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any, TypeVar

from supplynet.errors import InvalidInput

T = TypeVar("T", int, float)


def between(default: T, low: T, high: T) -> Any:
    """A field with a default that takes ``low`` to ``high``, both included."""
    return field(default=default, metadata={"low": low, "high": high})


def check_ranges(made: Any) -> None:
    """Refuse a dataclass with a field outside of the ``low`` and ``high`` of its metadata.

    Raises:
        InvalidInput: A value is too low, too high, or not a number.
    """
    for each in fields(made):
        if "low" not in each.metadata:
            continue
        low, high = each.metadata["low"], each.metadata["high"]
        value = getattr(made, each.name)
        if not low <= value <= high:  # also true of NaN
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)[:40]
            raise InvalidInput(f"{each.name} is {shown}; it goes from {low} to {high}")
