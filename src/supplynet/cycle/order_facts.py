"""What shipments and receipts do to their order. Facts: nothing here refuses anything."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from sqlalchemy import select

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.core.orders import NEXT_STATES, Order, OrderKind, OrderState
from supplynet.errors import NotFound
from supplynet.storage import WriteTx, diary, orders, reservations
from supplynet.storage.diary import DiaryAction, DiaryEntry
from supplynet.storage.tables import balances

_MOVES = {EventType.SHIPPED, EventType.RECEIVED}


def follow_order(tx: WriteTx, plant: Plant, event: Event) -> None:
    """Take the order of a shipment or receipt along; the fact stands whatever its state was.

    A scan may be late or missing: what was received has been shipped, and what was shipped has
    been approved; of a purchase that nobody approved what came is, and no more. An order that does
    not fit the goods is left alone; the plan raises an alert. Goods without an order of ours go
    into the shadow diary.
    """
    if event.type not in _MOVES:
        return
    order = _order_of(tx, event)
    if order is None:
        if not event.data.get("order_id"):
            _note_outside(tx, plant, event)
        return
    if order.state is OrderState.PROPOSED:
        reason = f"{event.type.value} before anyone approved it"
        came = _without_a_yes(event, order)
        order = orders.advance(
            tx, order.order_id, OrderState.APPROVED, quantity=came, reason=reason
        )
    if OrderState.SHIPPED in NEXT_STATES[order.state]:
        order = _ship(tx, event, order)
    reservations.end_of_order(tx, order.order_id, reservations.ReservationState.USED)
    if event.type is EventType.RECEIVED and order.state is OrderState.SHIPPED:
        _receive(tx, event, order)


def _without_a_yes(event: Event, order: Order) -> int | None:
    """What a purchase that nobody approved is for: what came. The rest has nobody's yes."""
    came = (event.quantity or 0) + event.data.get("short", 0) + event.data.get("damaged", 0)
    return came if order.kind is OrderKind.PURCHASE and 0 < came < order.quantity else None


def _order_of(tx: WriteTx, event: Event) -> Order | None:
    """The order that an event names, where it is for these goods."""
    order_id = event.data.get("order_id")
    if not order_id:
        return None
    try:
        order = orders.get(tx, order_id)
    except NotFound:
        return None
    shipped = event.type is EventType.SHIPPED
    goes_to = event.data.get("to_location") if shipped else event.location_id
    return order if (event.part_id, goes_to) == (order.part_id, order.to_location) else None


def _ship(tx: WriteTx, event: Event, order: Order) -> Order:
    """What left is what a transfer is for; the rest of a purchase stays open."""
    left = event.quantity if event.type is EventType.SHIPPED else None
    quantity = left if left and order.kind is OrderKind.TRANSFER else None
    reason = str(event.data.get("reason") or "")
    return orders.advance(tx, order.order_id, OrderState.SHIPPED, quantity=quantity, reason=reason)


def _receive(tx: WriteTx, event: Event, order: Order) -> None:
    """A transfer closes with its first receipt; a purchase when all of it is accounted for."""
    reason = str(event.data.get("reason") or "")
    good = order.received + (event.quantity or 0)
    short = order.short + event.data.get("short", 0)
    damaged = order.damaged + event.data.get("damaged", 0)
    known = {"short": short, "damaged": damaged}
    if order.kind is OrderKind.PURCHASE and good + short + damaged < order.quantity:
        orders.set_received(tx, order.order_id, good, **known, reason=reason)
        return
    done = OrderState.RECEIVED
    orders.advance(tx, order.order_id, done, received=good, **known, reason=reason)
    orders.advance(tx, order.order_id, OrderState.CLOSED)


def _note_outside(tx: WriteTx, plant: Plant, event: Event) -> None:
    """Goods on their way to a stock point of ours that no order of ours asked for.

    Noted once: with the shipment, or with the receipt where no shipment was posted before it.
    """
    place = event.location_id
    if event.type is EventType.SHIPPED:
        place = str(event.data.get("to_location"))
    elif not event.data.get("supplier_id") and _in_transit(tx, place, event) >= 0:
        return  # it was noted when it was shipped
    if (place, event.part_id) not in plant.supply_rule or not event.quantity:
        return
    beside = _proposal_for(tx, place, event)
    entry = DiaryEntry(
        entry_id=f"outside-{sha256(event.key.encode()).hexdigest()[:32]}",
        at=event.occurred_at,
        actor=event.source,
        action=DiaryAction.OUTSIDE,
        order_id=None,
        location_id=place,
        part_id=event.part_id or "",
        departure_at=event.occurred_at,
        proposed=0,
        done=event.quantity,
        reason=str(event.data.get("reason") or ""),
    )
    if beside is not None:
        entry = replace(
            entry,
            order_id=beside.order_id,
            proposed=beside.quantity,
            policy=beside.policy,
            model_version=beside.model_version,
        )
    diary.write_entry(tx, entry)


def _in_transit(tx: WriteTx, place: str, event: Event) -> int:
    """Parts on the road to a place by the books; below 0 when more came than was shipped."""
    query = select(balances.c.quantity).where(
        balances.c.part_id == event.part_id,
        balances.c.location_id == place,
        balances.c.account == Account.IN_TRANSIT.value,
    )
    return tx.connection.scalar(query) or 0


def _proposal_for(tx: WriteTx, place: str, event: Event) -> Order | None:
    """Our open proposal for these goods with the next departure, if there is one."""
    waiting = orders.list_orders(
        tx,
        states=[OrderState.PROPOSED],
        departing_from=event.occurred_at,
        part_id=event.part_id,
        to_location=place,
        limit=1,
    )
    return waiting[0] if waiting else None
