"""What people and automation do with one order, within the caller's transaction.

Every step checks the order's state as it is in this transaction. What moves stock is posted as an
event, so that ledger, order and history stay one story; the ids of these events are made from the
order, so that no step can be posted twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.core.orders import RELEASED, Order, OrderKind, OrderState
from supplynet.cycle import order_diary as diary
from supplynet.cycle.intake import post
from supplynet.errors import InvalidInput, OrderStateError
from supplynet.storage import WriteTx, changes, ledger, orders, outbox, reservations
from supplynet.storage.diary import DiaryAction

SOURCE = "order"
"""Source of the events that commands post."""
RESERVED_FOR = timedelta(hours=24)
"""How long after its planned departure an order still holds its parts at the source."""
_BEFORE_PICKING = (OrderState.PROPOSED, OrderState.APPROVED)


def approve(tx: WriteTx, order_id: str, *, quantity: int | None = None, reason: str = "") -> Order:
    """Release a proposal and reserve its parts at the source, or neither.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It is no proposal any more.
        InvalidInput: Its cut-off has passed.
        InsufficientStock: The source has less free stock.
    """
    order = orders.get(tx, order_id)
    in_time(order, tx.now)
    order.advance(OrderState.APPROVED)  # only a proposal
    wanted = with_quantity(order, quantity)
    after = replace(wanted.advance(OrderState.APPROVED), snoozed_until=None)
    orders.revise(tx, order, after, "order_approved", reason=reason)
    orders.end_snooze(tx, after)
    reserve(tx, after)
    diary.note_decision(tx, order, after, DiaryAction.APPROVE, reason)
    return tell(tx, after)


def change(tx: WriteTx, order_id: str, quantity: int, *, reason: str = "") -> Order:
    """Another quantity, > 0, for what nobody has picked yet; the reservation follows.

    Raises:
        NotFound, OrderStateError: As ``approve``; it may be approved here.
        InvalidInput: A quantity that cannot be.
        InsufficientStock: The source has less free stock; nothing is written.
    """
    order = _in_state(tx, order_id, _BEFORE_PICKING, "changed")
    after = with_quantity(order, quantity)
    if after == order:
        return order
    orders.revise(tx, order, after, "order_changed", reason=reason)
    if order.state is OrderState.APPROVED:
        reservations.resize(tx, order_id, quantity)
    diary.note_decision(tx, order, after, DiaryAction.CHANGE, reason)
    return tell(tx, after)


def cancel(tx: WriteTx, order_id: str, *, reason: str) -> Order:
    """Cancel an order that has not left and give its parts back.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It has left already.
    """
    order = orders.get(tx, order_id)
    after = replace(order.advance(OrderState.CANCELLED), snoozed_until=None)
    orders.revise(tx, order, after, "order_cancelled", reason=reason)
    orders.end_snooze(tx, after)
    reservations.end_of_order(tx, order_id)
    diary.note_decision(tx, order, after, DiaryAction.REJECT, reason)
    return tell(tx, after)


def snooze(tx: WriteTx, order_id: str, until: datetime | None, *, reason: str = "") -> Order:
    """Set a proposal aside: until then it is neither shown as due nor released by automation.

    Without ``until`` it is put back among what waits.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It is no proposal any more.
        InvalidInput: A moment that has passed, or more than a month ahead.
    """
    order = _in_state(tx, order_id, (OrderState.PROPOSED,), "snoozed")
    if until is None:
        orders.end_snooze(tx, order)
    elif until <= tx.now:
        raise InvalidInput(f"order {order_id} cannot be snoozed until a moment that has passed")
    elif until > tx.now + orders.LONGEST_SNOOZE:
        raise InvalidInput(
            f"order {order_id} can be snoozed for {orders.LONGEST_SNOOZE.days} days at most; "
            "change the supply rule where nothing is wanted for longer"
        )
    after = replace(order, snoozed_until=until)
    orders.revise(tx, order, after, "order_snoozed", reason=reason)
    if until is not None:  # to have it back is no decision yet
        diary.note_decision(tx, order, after, DiaryAction.SNOOZE, reason)
    return after


def pick(tx: WriteTx, order_id: str, *, quantity: int | None = None, reason: str = "") -> Order:
    """Take the parts of a transfer from their shelf, all of them or fewer; the rest is free again.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It is not approved, or a purchase.
        InvalidInput: More than it is for.
    """
    order = _in_state(tx, order_id, (OrderState.APPROVED,), OrderState.PICKED)
    if order.kind is OrderKind.PURCHASE:
        raise OrderStateError(order_id, "a purchase", OrderState.PICKED)
    quantity = _at_most(order, quantity, "picked")
    after = replace(order.advance(OrderState.PICKED), quantity=quantity)
    orders.revise(tx, order, after, "order_picked", reason=reason)
    reservations.resize(tx, order_id, quantity)
    return tell(tx, after)


def ship(
    tx: WriteTx, plant: Plant, order_id: str, *, quantity: int | None = None, reason: str = ""
) -> Order:
    """Let it leave, all of it or fewer parts; what stays behind is free again.

    A purchase whose supplier is no place of the plant is only noted as on its way: it becomes ours
    with the receipt.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It is neither approved nor picked.
        InvalidInput: More than it is for.
    """
    order = orders.get(tx, order_id)
    order.advance(OrderState.SHIPPED)
    quantity = _at_most(order, quantity, "shipped")
    if order.kind is OrderKind.PURCHASE and order.from_location not in plant.location_by_id:
        return tell(tx, orders.advance(tx, order_id, OrderState.SHIPPED, reason=reason))
    data = {"to_location": order.to_location, "lane_id": order.lane_id, **_said(reason)}
    _post(tx, plant, order, EventType.SHIPPED, "ship", order.from_location, quantity, data)
    return tell(tx, orders.get(tx, order_id))


def receive(
    tx: WriteTx,
    plant: Plant,
    order_id: str,
    good: int,
    *,
    short: int | None = None,
    damaged: int = 0,
    reason: str = "",
) -> Order:
    """Take in what has come. A transfer closes with it; the rest of a purchase stays open.

    Args:
        tx: The transaction.
        plant: Where it happens.
        order_id: Of the order.
        good: Parts that came and can be used, >= 0.
        damaged: Parts that came broken, >= 0.
        short: Parts that will not come, >= 0; None = of a transfer all that is missing, of a
            purchase none.
        reason: Needed for what is damaged, and for what is said to be short.

    Raises:
        NotFound: There is no such order.
        OrderStateError: A transfer that has not left, or an order that is over.
        InvalidInput: Numbers that cannot be, or no reason.
    """
    order = _in_state(tx, order_id, _receivable(tx, order_id), OrderState.RECEIVED)
    rest = max(order.outstanding - good - damaged, 0)
    if order.kind is OrderKind.TRANSFER and short is not None and short < rest:
        raise InvalidInput(
            f"order {order_id} has {order.outstanding} to come, and {good + damaged + short} are "
            f"accounted for; the rest of a transfer is short: say {rest}, or leave it out"
        )
    if short is not None and short > rest:
        raise InvalidInput(
            f"order {order_id} has {order.outstanding} to come, {good + damaged} of them are here: "
            f"{short} cannot be short, {rest} can"
        )
    missing = (rest if order.kind is OrderKind.TRANSFER else 0) if short is None else short
    if min(good, missing, damaged) < 0 or good + missing + damaged == 0:
        raise InvalidInput(f"a receipt of order {order_id} needs numbers of 0 or more, not all 0")
    if (damaged or short) and not reason:
        raise InvalidInput(f"say why parts of order {order_id} are short or damaged")
    data: dict[str, Any] = {"short": missing, "damaged": damaged, **_said(reason)}
    if order.kind is OrderKind.PURCHASE and not _came_by_road(tx, order):
        data["supplier_id"] = order.from_location
    step = f"receive-{order.accounted}"
    _post(tx, plant, order, EventType.RECEIVED, step, order.to_location, good, data)
    return tell(tx, orders.get(tx, order_id))


def close(tx: WriteTx, plant: Plant, order_id: str, *, reason: str = "") -> Order:
    """End a received order, or a purchase whose rest will not come.

    Raises:
        NotFound: There is no such order.
        OrderStateError: Its goods are still to come: receive them, or cancel it.
        InvalidInput: No reason for the rest that will not come.
    """
    order = orders.get(tx, order_id)
    if order.state is OrderState.RECEIVED:
        return tell(tx, orders.advance(tx, order_id, OrderState.CLOSED, reason=reason))
    if order.state is not OrderState.SHIPPED or order.kind is not OrderKind.PURCHASE:
        raise OrderStateError(order_id, order.state, OrderState.CLOSED)
    return receive(tx, plant, order_id, 0, short=order.outstanding, reason=reason)


def in_time(order: Order, now: datetime) -> None:
    """Release nothing that its vehicle does not take any more.

    Raises:
        InvalidInput: The cut-off of the proposal has passed.
    """
    if order.cutoff_at < now and order.state is OrderState.PROPOSED:
        minutes = int((now - order.cutoff_at).total_seconds() // 60)
        raise InvalidInput(
            f"order {order.order_id} missed its cut-off by {minutes:,} min; "
            "plan again for the next departure"
        )


def with_quantity(order: Order, quantity: int | None) -> Order:
    """The order for another quantity, with what was proposed beside it; None = as it is."""
    if quantity is None or quantity == order.quantity:
        return order
    proposed = order.quantity if order.proposed_quantity is None else order.proposed_quantity
    return replace(order, quantity=quantity, proposed_quantity=proposed)


def reserve(tx: WriteTx, order: Order) -> None:
    """Reserve the parts of an approved transfer at its source.

    Raises:
        InsufficientStock: The source has less free stock.
    """
    if order.kind is OrderKind.TRANSFER:
        wanted = reservations.Reservation(
            reservation_id=order.order_id,
            part_id=order.part_id,
            location_id=order.from_location,
            quantity=order.quantity,
            order_id=order.order_id,
            expires_at=order.departure_at + RESERVED_FOR,
        )
        reservations.reserve(tx, wanted)


def tell(tx: WriteTx, order: Order) -> Order:
    """Put what became of an order into the outbox, to be sent after the commit; returns it."""
    message = {
        "order_id": order.order_id,
        "kind": order.kind.value,
        "state": order.state.value,
        "part_id": order.part_id,
        "from_location": order.from_location,
        "to_location": order.to_location,
        "lane_id": order.lane_id,
        "departure_at": order.departure_at,
        "arrives_at": order.arrives_at,
        "quantity": order.quantity,
        "received": order.received,
        "short": order.short,
        "damaged": order.damaged,
    }
    # The change number makes it another message when an order comes back to what it was.
    what = f"{order.order_id}/{order.state.value}/{changes.latest_seq(tx)}"
    outbox.enqueue(tx, sha256(what.encode()).hexdigest()[:32], "order", message)
    return order


def _receivable(tx: WriteTx, order_id: str) -> tuple[OrderState, ...]:
    """A supplier seldom says that something is on its way."""
    if orders.get(tx, order_id).kind is OrderKind.PURCHASE:
        return RELEASED
    return (OrderState.SHIPPED,)


def _in_state(tx: WriteTx, order_id: str, allowed: tuple[OrderState, ...], wanted: str) -> Order:
    order = orders.get(tx, order_id)
    if order.state not in allowed:
        raise OrderStateError(order_id, order.state, wanted)
    return order


def _at_most(order: Order, quantity: int | None, done: str) -> int:
    if quantity is None:
        return order.quantity
    if not 0 < quantity <= order.quantity:
        raise InvalidInput(
            f"order {order.order_id} is for {order.quantity:,}, {quantity:,} cannot be {done}; "
            "change the order first"
        )
    return quantity


def _came_by_road(tx: WriteTx, order: Order) -> bool:
    """Whether a shipment of it was posted: its goods then come out of transit."""
    moves = ledger.movements_of_order(tx, order.order_id)
    return any(move.to_account is Account.IN_TRANSIT for move in moves)


def _said(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}


def _post(
    tx: WriteTx,
    plant: Plant,
    order: Order,
    kind: EventType,
    step: str,
    place: str,
    quantity: int,
    data: dict[str, Any],
) -> None:
    event = Event(
        source=SOURCE,
        event_id=f"{order.order_id}.{step}",
        type=kind,
        occurred_at=tx.now,
        location_id=place,
        part_id=order.part_id,
        quantity=quantity,
        data={"order_id": order.order_id, **data},
    )
    post(tx, plant, [event])
