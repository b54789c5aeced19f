"""A short name for the content of a plant: equal plants have equal hashes, on every machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, singledispatch

from supplynet.core.network import Plant


def plant_hash(plant: Plant) -> str:
    """SHA-256 (hex) of everything in ``plant``; the key of snapshots and compiled plants.

    The order of rows counts, since arrays follow it; the spelling of a value does not: 1.0 and
    1.00, or one moment in two time zones, are the same.
    """
    text = json.dumps(_plain(plant), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@singledispatch
def _plain(value: object) -> object:
    """``value`` as JSON types, each in one spelling."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _field_names(type(value))}
    assert value is None or isinstance(value, str | int), value
    return value


@_plain.register
def _(value: tuple) -> object:  # type: ignore[type-arg]  # dispatch takes no parameters
    return [_plain(item) for item in value]


@_plain.register
def _(value: frozenset) -> object:  # type: ignore[type-arg]  # dispatch takes no parameters
    return sorted((_plain(item) for item in value), key=repr)


@_plain.register
def _(value: Decimal) -> object:
    return format(value.normalize(), "f")


@_plain.register
def _(value: float) -> object:
    return int(value) if value.is_integer() else value


@_plain.register
def _(value: datetime) -> object:
    return value.astimezone(UTC).isoformat()


@_plain.register(date)
@_plain.register(time)
def _(value: date | time) -> object:
    return value.isoformat()
