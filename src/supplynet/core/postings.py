"""What an event means for the books: events in, ledger movements out.

The ids of movements are made from the key of the event, so an event that is sent again makes the
same movements again, and the ledger skips them.

| event | at | from | to |
|---|---|---|---|
| consumed | a line | its stock point, on_hand | the line, consumed |
| counted | a stock point | the difference to the book comes from or goes to adjustment | |
| shipped | a stock point or supplier | on_hand (supplier) | ``to_location``, in_transit |
| received | a stock point | in_transit, or ``supplier_id``, supplier | on_hand; see below |
| scrapped | anywhere | its stock point, on_hand (or blocked) | the place, scrapped |
| returned | a line | the line, consumed | its stock point, on_hand |
| returned, ``to_location`` | anywhere | its stock point, on_hand | on_hand (supplier) there |

The ``quantity`` of a receipt is the good parts; ``short`` and ``damaged`` in its data come on top:
of 100 shipped, 3 missing and 2 broken, it is ``quantity`` 95. Broken parts go to blocked, missing
ones to lost; what a supplier did not send was never ours and makes no movement. A ``counter`` moves
what was used between two reads (``used``), which takes other reads to know: see ``core.counters``.
The other types of events make none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from supplynet.core.events import Event, EventType
from supplynet.core.ids import check_id
from supplynet.core.ledger import Account, Movement
from supplynet.core.network import Location, LocationKind, Plant
from supplynet.errors import InvalidInput

Place = tuple[str, Account]


@dataclass(frozen=True, slots=True)
class _Leg:
    """One movement to be: a quantity (0 makes none) from one place to another."""

    quantity: int
    source: Place
    target: Place


def movements_of(
    event: Event, plant: Plant, *, recorded_at: datetime, on_hand: int | None = None
) -> list[Movement]:
    """Ledger movements of ``event``; none for events that move no parts.

    Args:
        event: As it was sent.
        plant: Where it happened.
        recorded_at: When the books learn it, aware.
        on_hand: Book stock of the event's part at its location just before; needed for counts.

    Raises:
        NotFound: The location or part does not exist in ``plant``.
        InvalidInput: The quantity or a piece of ``data`` is missing or wrong, or the event cannot
            happen at its location.
    """
    location = plant.location(event.location_id)
    if event.part_id is not None:
        plant.part(event.part_id)
    legs_of = _LEGS.get(event.type)
    if legs_of is None:
        return []
    if event.part_id is None:
        raise _wrong(event, "has no part_id", "say which part")
    quantity = _whole(event, "quantity", event.quantity)
    legs = [leg for leg in legs_of(event, plant, location, quantity, on_hand) if leg.quantity]
    shift_id = _shift_id(plant, event)
    return [
        _movement(event, event.part_id, number, leg, shift_id=shift_id, recorded_at=recorded_at)
        for number, leg in enumerate(legs)
    ]


def used(
    event: Event,
    plant: Plant,
    part_id: str,
    quantity: int,
    *,
    movement_id: str,
    recorded_at: datetime,
    at: datetime | None = None,
) -> Movement:
    """The movement of parts that a line used by what ``event`` tells.

    Args:
        event: At a line.
        plant: Where it happened.
        part_id: What was used.
        quantity: Not 0; below 0 it was booked before and was not used after all.
        movement_id: Made from the event's key.
        recorded_at: When the books learn it, aware.
        at: When it was used; None = when the event occurred.

    Raises:
        NotFound: No such line or part, or no stock point above the line.
        InvalidInput: Not at a line.
    """
    plant.part(part_id)
    leg = next(_consumed(event, plant, plant.location(event.location_id), abs(quantity), None))
    if quantity < 0:
        leg = _Leg(leg.quantity, leg.target, leg.source)
    moved = event if at is None else replace(event, occurred_at=at)
    shift_id = _shift_id(plant, moved)
    made = _movement(moved, part_id, 0, leg, shift_id=shift_id, recorded_at=recorded_at)
    return replace(made, movement_id=movement_id)


def _movement(
    event: Event,
    part_id: str,
    number: int,
    leg: _Leg,
    *,
    shift_id: str | None,
    recorded_at: datetime,
) -> Movement:
    return Movement(
        movement_id=f"{event.key}#{number}",
        part_id=part_id,
        quantity=leg.quantity,
        from_location=leg.source[0],
        from_account=leg.source[1],
        to_location=leg.target[0],
        to_account=leg.target[1],
        occurred_at=event.occurred_at,
        recorded_at=recorded_at,
        shift_id=shift_id,
        reason=_text(event, "reason") or event.type.value,
        actor=event.source,
        event_id=event.key,
        order_id=_text(event, "order_id"),
        lot_id=_text(event, "lot_id"),
        container_id=_text(event, "container_id"),
    )


def _consumed(
    event: Event, plant: Plant, line: Location, quantity: int, _: int | None
) -> Iterator[_Leg]:
    if line.kind is not LocationKind.LINE:
        raise _wrong(event, f"is at a {line.kind.value}", "only a line consumes")
    source = plant.stock_point_of(line.location_id)
    yield _Leg(quantity, (source, Account.ON_HAND), (line.location_id, Account.CONSUMED))


def _counted(
    event: Event, plant: Plant, place: Location, quantity: int, on_hand: int | None
) -> Iterator[_Leg]:
    assert on_hand is not None, "a count needs the book stock"
    here = _own_stock(event, plant, place)
    shelf, adjustment = (here, Account.ON_HAND), (here, Account.ADJUSTMENT)
    if quantity >= on_hand:
        yield _Leg(quantity - on_hand, adjustment, shelf)
    else:
        yield _Leg(on_hand - quantity, shelf, adjustment)


def _shipped(
    event: Event, plant: Plant, place: Location, quantity: int, _: int | None
) -> Iterator[_Leg]:
    to_location = _required(event, "to_location", "say where it goes")
    target = _own_stock(event, plant, plant.location(to_location))
    if target == place.location_id:
        raise _wrong(event, f"goes from {target} to itself", "name another to_location")
    source = (
        (place.location_id, Account.SUPPLIER)
        if place.kind is LocationKind.SUPPLIER
        else (_own_stock(event, plant, place), Account.ON_HAND)
    )
    yield _Leg(quantity, source, (target, Account.IN_TRANSIT))


def _received(
    event: Event, plant: Plant, place: Location, quantity: int, _: int | None
) -> Iterator[_Leg]:
    here = _own_stock(event, plant, place)
    damaged = _whole(event, "damaged", event.data.get("damaged", 0))
    short = _whole(event, "short", event.data.get("short", 0))
    supplier_id = _text(event, "supplier_id")
    if supplier_id is None:
        source = (here, Account.IN_TRANSIT)
    else:
        source = (_supplier(event, plant, supplier_id), Account.SUPPLIER)
    yield _Leg(quantity, source, (here, Account.ON_HAND))
    yield _Leg(damaged, source, (here, Account.BLOCKED))
    if supplier_id is None:
        yield _Leg(short, source, (here, Account.LOST))


def _scrapped(
    event: Event, plant: Plant, place: Location, quantity: int, _: int | None
) -> Iterator[_Leg]:
    account = _text(event, "from_account") or Account.ON_HAND.value
    if account not in {Account.ON_HAND, Account.BLOCKED}:
        raise _wrong(event, f"takes from_account {account!r}", "use on_hand or blocked")
    source = plant.stock_point_of(place.location_id)
    yield _Leg(quantity, (source, Account(account)), (place.location_id, Account.SCRAPPED))


def _returned(
    event: Event, plant: Plant, place: Location, quantity: int, _: int | None
) -> Iterator[_Leg]:
    stock_point = plant.stock_point_of(place.location_id)
    shelf = (stock_point, Account.ON_HAND)
    to_location = _text(event, "to_location")
    if to_location is None:
        if place.kind is not LocationKind.LINE:
            raise _wrong(event, "has no to_location", "say where the parts go back to")
        yield _Leg(quantity, (place.location_id, Account.CONSUMED), shelf)
        return
    target = plant.location(to_location)
    if target.kind is LocationKind.SUPPLIER:
        yield _Leg(quantity, shelf, (to_location, Account.SUPPLIER))
        return
    if _own_stock(event, plant, target) == stock_point:
        raise _wrong(event, f"goes from {stock_point} to itself", "name another to_location")
    yield _Leg(quantity, shelf, (to_location, Account.ON_HAND))


_LEGS: dict[EventType, Callable[[Event, Plant, Location, int, int | None], Iterator[_Leg]]] = {
    EventType.CONSUMED: _consumed,
    EventType.COUNTED: _counted,
    EventType.SHIPPED: _shipped,
    EventType.RECEIVED: _received,
    EventType.SCRAPPED: _scrapped,
    EventType.RETURNED: _returned,
}


def _own_stock(event: Event, plant: Plant, place: Location) -> str:
    """``place`` when it is a stock point itself; a shelf is counted and filled where it stands."""
    if place.holds_stock:
        return place.location_id
    above = plant.stock_point_of(place.location_id)
    raise _wrong(event, f"names {place.location_id}, which holds no stock", f"name {above}")


def _supplier(event: Event, plant: Plant, supplier_id: str) -> str:
    known = plant.location_by_id.get(supplier_id)
    if known is not None and known.kind is not LocationKind.SUPPLIER:
        raise _wrong(
            event,
            f"names the {known.kind.value} {supplier_id} as its supplier",
            "leave supplier_id out for a transfer",
        )
    return check_id(supplier_id, "supplier_id")


def _shift_id(plant: Plant, event: Event) -> str | None:
    if not plant.calendars:
        return None
    shift = plant.calendar_of(event.location_id).shift_of(event.occurred_at)
    return None if shift is None else shift.shift_id


def _whole(event: Event, name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        missing = value is None
        raise _wrong(
            event,
            f"has no {name}" if missing else f"has {name} {value!r}",
            "a whole number of 0 or more is right",
        )
    return value


def _text(event: Event, name: str) -> str | None:
    data: Mapping[str, Any] = event.data
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(event, f"has {name} {value!r} in its data", "a text is right")
    return value or None


def _required(event: Event, name: str, hint: str) -> str:
    value = _text(event, name)
    if value is None:
        raise _wrong(event, f"has no {name} in its data", hint)
    return value


def _wrong(event: Event, wrong: str, right: str) -> InvalidInput:
    return InvalidInput(
        f"event {event.key} ({event.type.value} at {event.location_id}) {wrong}; {right}"
    )
