"""Counters of machines: numbers that only ever rise, made into what was used between two reads.

What is used between two neighbouring reads depends on these two alone, so reads may come late and
in any order: a read that falls between two known ones splits their difference, and the sum stays.

| this read, after the one before | used since |
|---|---|
| is the first of its counter | 0: it only says where the counter stands |
| says ``"reset": true`` | its value: the counter was set to 0 in between |
| is not lower | the difference |
| is lower, with ``"modulus"`` (65536 of a 16-bit counter) | the difference, around the corner |
| is lower | its value: the counter began again at 0 |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from supplynet.core.bom import first_choices
from supplynet.core.events import Event
from supplynet.core.network import DEFAULT_PRODUCT, Plant
from supplynet.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Read:
    """One read of a counter; reads sort by time.

    Attributes:
        value: Where the counter stood, >= 0.
        event_id: Of the event that brought it.
        reset: Whether it was set to 0 since the read before.
        modulus: Where it begins again at 0; None = it does not.
    """

    occurred_at: datetime
    value: int
    event_id: str
    reset: bool = False
    modulus: int | None = None


def read_of(event: Event) -> Read:
    """The read that a ``counter`` event brings.

    Raises:
        InvalidInput: No quantity, or ``reset`` or ``modulus`` of its data cannot be.
    """
    value, reset, modulus = event.quantity, event.data.get("reset", False), _modulus(event)
    if value is None or value < 0:
        raise _wrong(event, f"has quantity {value}", "say where the counter stands, 0 or more")
    if not isinstance(reset, bool):
        raise _wrong(event, f"has reset {reset!r}", "true or false is right")
    if modulus is not None and value >= modulus:
        raise _wrong(event, f"stands at {value} of a counter up to {modulus - 1}", "see modulus")
    return Read(
        occurred_at=event.occurred_at,
        value=value,
        event_id=event.event_id,
        reset=reset,
        modulus=modulus,
    )


def counted(before: Read | None, after: Read) -> tuple[int, int]:
    """Where the counter began and ended between two neighbouring reads: their difference counts.

    Returns:
        ``(begin, end)`` with ``0 <= begin <= end``.
    """
    if before is None:
        return after.value, after.value
    if after.reset:
        return 0, after.value
    if after.value >= before.value:
        return before.value, after.value
    if after.modulus is not None:
        return before.value, after.value + after.modulus
    return 0, after.value


def used_between(
    plant: Plant, line_id: str, span: tuple[int, int], day: date, product: str = DEFAULT_PRODUCT
) -> dict[str, int]:
    """Parts that units ``span`` of a line took by its bill of materials.

    Unit number n has used ``floor(n * quantity)`` of a part since the counter stood at 0, so the
    remainder of a fraction is carried and many small spans take as much as a large one. Of parts
    that replace each other the first counts.

    Args:
        plant: Its requirements that are valid on ``day`` count.
        line_id: The line that built.
        span: From ``counted``, in units.
        day: The local date of the shift.
        product: One that the line has requirements for.

    Raises:
        NotFound: The line has no requirement for ``product``.
    """
    begin, end = (Decimal(each) for each in span)
    taken: dict[str, int] = {}
    for row in first_choices(plant, line_id, day, product):
        whole = int(row.quantity * end) - int(row.quantity * begin)
        taken[row.part_id] = taken.get(row.part_id, 0) + whole
    return taken


def _modulus(event: Event) -> int | None:
    data: Mapping[str, Any] = event.data
    modulus = data.get("modulus")
    if modulus is None:
        return None
    if isinstance(modulus, bool) or not isinstance(modulus, int) or modulus < 2:
        raise _wrong(event, f"has modulus {modulus!r}", "a whole number such as 65536 is right")
    return modulus


def _wrong(event: Event, wrong: str, right: str) -> InvalidInput:
    return InvalidInput(f"event {event.key} (counter at {event.location_id}) {wrong}; {right}")
