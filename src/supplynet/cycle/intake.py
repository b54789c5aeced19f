"""Event -> ledger, and what a delivery does to its order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account
from supplynet.core.network import LocationKind, Plant
from supplynet.core.orders import NEXT_STATES, Order, OrderKind, OrderState
from supplynet.core.postings import movements_of
from supplynet.cycle.counts import CountedStock
from supplynet.errors import InvalidInput, NotFound
from supplynet.storage import Store, WriteTx, events, ledger, orders, reservations

_LONGEST_ID = 64
_LINE_EVENTS = {EventType.LINE_STARVED, EventType.LINE_STOPPED, EventType.LINE_RESUMED}
_ARRIVED = {Account.ON_HAND, Account.BLOCKED, Account.LOST}


@dataclass(frozen=True, kw_only=True)
class TakenIn:
    """What became of a batch of events: how many were new, and how many known already."""

    new: int
    known: int


def take_in(
    store: Store, plant: Plant, batch: Sequence[Event], *, actor: str, now: datetime
) -> TakenIn:
    """Post a batch of events: all of it in one transaction, or nothing.

    An event that is there already is skipped, so a sender may retry. A fact is never refused for
    lack of stock: the ledger then goes below zero, and an alert asks for a count.

    Raises:
        ConflictingContent: A key was used before with other content.
        InvalidInput: An event that cannot be: unknown place or part, no quantity.
    """
    with store.write(actor, now) as tx:
        return post(tx, plant, batch)


def post(tx: WriteTx, plant: Plant, batch: Sequence[Event]) -> TakenIn:
    """``take_in`` within the caller's transaction."""
    stock = CountedStock(tx, batch)
    fresh = events.record_events(tx, batch)
    movements = []
    for event in fresh:
        _check(event, plant)
        held = None
        if event.type is EventType.COUNTED:
            held = stock.at((event.location_id, event.part_id or ""), event.occurred_at)
        moves = movements_of(event, plant, recorded_at=tx.now, on_hand=held)
        movements += stock.post(event, moves)
    ledger.append_movements(tx, movements)
    for event in fresh:
        _follow_order(tx, event)
    return TakenIn(new=len(fresh), known=len(batch) - len(fresh))


def _check(event: Event, plant: Plant) -> None:
    """What ``movements_of`` does not look at."""
    if event.type is EventType.COUNTER:
        raise _wrong(event, "would move no stock yet", "send the difference as consumed")
    for name in ("order_id", "lot_id", "container_id"):
        value = event.data.get(name)
        if isinstance(value, str) and len(value) > _LONGEST_ID:
            raise _wrong(event, f"has {len(value)} characters as {name}", f"use {_LONGEST_ID}")
    if event.type in _LINE_EVENTS:
        _check_standstill(event, plant)


def _check_standstill(event: Event, plant: Plant) -> None:
    if plant.location(event.location_id).kind is not LocationKind.LINE:
        raise _wrong(event, "is not at a line", "name the line that stands still")
    minutes = event.data.get("minutes")
    is_number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if minutes is not None and not (is_number and isfinite(minutes) and minutes >= 0):
        raise _wrong(event, f"has minutes {minutes!r}", "a number of 0 or more is right")
    parts = event.data.get("parts", [])
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise _wrong(event, f"has parts {parts!r}", "a list of part ids is right")
    if not isinstance(event.data.get("ended", False), bool):
        raise _wrong(event, f"has ended {event.data['ended']!r}", "true or false is right")


def _follow_order(tx: WriteTx, event: Event) -> None:
    """Take the order of a shipment or receipt along; the fact stands whatever its state was.

    A scan may be late or missing: what was received has been shipped, and what was shipped has
    been approved. An order that does not fit the goods is left alone; the plan raises an alert.
    """
    order_id = event.data.get("order_id")
    if not order_id or event.type not in {EventType.SHIPPED, EventType.RECEIVED}:
        return
    try:
        order = orders.get(tx, order_id)
    except NotFound:
        return
    shipped = event.type is EventType.SHIPPED
    goes_to = event.data.get("to_location") if shipped else event.location_id
    if (event.part_id, goes_to) != (order.part_id, order.to_location):
        return
    if order.state is OrderState.PROPOSED:
        reason = f"{event.type.value} before anyone approved it"
        order = orders.advance(tx, order_id, OrderState.APPROVED, reason=reason)
    quantity = event.quantity if shipped and event.quantity else None
    if OrderState.SHIPPED in NEXT_STATES[order.state]:
        order = orders.advance(tx, order_id, OrderState.SHIPPED, quantity=quantity)
    reservations.end_of_order(tx, order_id, reservations.ReservationState.USED)
    if not shipped and order.state is OrderState.SHIPPED:
        _receive(tx, event, order)


def _receive(tx: WriteTx, event: Event, order: Order) -> None:
    """A transfer closes with its first receipt; a purchase when all of it has come."""
    arrived = [
        move
        for move in ledger.movements_of_order(tx, order.order_id)
        if move.to_location == order.to_location and move.to_account in _ARRIVED
    ]
    good = sum(move.quantity for move in arrived if move.to_account is Account.ON_HAND)
    done = sum(move.quantity for move in arrived)
    if event.data.get("supplier_id"):  # what he did not send is no movement, but will not come
        done += event.data.get("short", 0)
    if order.kind is OrderKind.PURCHASE and done < order.quantity:
        orders.set_received(tx, order.order_id, good)
        return
    orders.advance(tx, order.order_id, OrderState.RECEIVED, received=good)
    orders.advance(tx, order.order_id, OrderState.CLOSED)


def _wrong(event: Event, wrong: str, right: str) -> InvalidInput:
    return InvalidInput(f"event {event.key} ({event.type.value}) {wrong}; {right}")
