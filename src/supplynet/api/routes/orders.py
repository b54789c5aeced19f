"""Orders: list them, add one, and take one through its life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from supplynet.api import cursors
from supplynet.api.bodies import Approval, Cancellation
from supplynet.api.depends import (
    ACTOR,
    NO_PARAMETERS,
    BooksDep,
    IdempotencyKey,
    OrderParameters,
    RecordId,
)
from supplynet.api.models import OrderRow, Page
from supplynet.api.order_bodies import (
    Closing,
    GoodsIn,
    Handling,
    NewOrder,
    OrderChange,
    Orders,
    Reversal,
    Snooze,
    Split,
)
from supplynet.services import orders
from supplynet.services.orders import Said

router = APIRouter(prefix="/orders", tags=["orders"])
Json = dict[str, Any]
_ONE: Json = {"response_model": OrderRow, "dependencies": [NO_PARAMETERS]}


@router.get("", response_model=Page[OrderRow])
def list_orders(books: BooksDep, query: OrderParameters) -> Json:
    """Orders, the earliest departure first. `due`: only proposals that wait for an answer now."""
    wanted = orders.Filter(
        states=None if query.state is None else [query.state],
        kind=query.kind,
        part_id=query.part_id,
        to_location=query.to_location,
        lane_id=query.lane_id,
        due=query.due,
    )
    after = cursors.decode(query.cursor, datetime, str)
    rows, following = orders.list_orders(books, wanted, limit=query.limit, after=after)
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.post("", **_ONE)
def add_order(books: BooksDep, body: NewOrder, idempotency_key: IdempotencyKey = None) -> Json:
    """Add a proposal by hand; plans leave it alone.

    409 when an open order for the part goes with that departure already: change that one.
    """
    return orders.add(books, body.wanted(), _said(body.reason, idempotency_key))


@router.get("/{order_id}", **_ONE)
def get_order(books: BooksDep, order_id: RecordId) -> Json:
    """One order with its explanation."""
    return orders.get_order(books, order_id)


@router.post("/{order_id}/approve", **_ONE)
def approve_order(
    books: BooksDep,
    order_id: RecordId,
    body: Approval | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Release a proposal; its parts are reserved at the source.

    Refused with 409 when they are not there, and when the order is no proposal any more: of two
    who approve, the second is told.
    """
    body = body or Approval()
    said = _said(body.reason, idempotency_key)
    return orders.approve(books, order_id, said, quantity=body.quantity)


@router.post("/{order_id}/change", **_ONE)
def change_order(
    books: BooksDep, order_id: RecordId, body: OrderChange, idempotency_key: IdempotencyKey = None
) -> Json:
    """Another quantity for what nobody has picked yet; plans leave it alone from then on."""
    said = _said(body.reason, idempotency_key)
    return orders.change(books, order_id, said, quantity=body.quantity)


@router.post("/{order_id}/snooze", **_ONE)
def snooze_order(
    books: BooksDep, order_id: RecordId, body: Snooze, idempotency_key: IdempotencyKey = None
) -> Json:
    """Set a proposal aside: until then it is neither due nor released by automation."""
    said = _said(body.reason, idempotency_key)
    return orders.snooze(books, order_id, said, until=body.until)


@router.post("/{order_id}/split", response_model=Orders, dependencies=[NO_PARAMETERS])
def split_order(
    books: BooksDep, order_id: RecordId, body: Split, idempotency_key: IdempotencyKey = None
) -> Json:
    """Let a part go with another departure of the lane: what is left, and the new order."""
    said = _said(body.reason, idempotency_key)
    pair = orders.split(
        books, order_id, said, quantity=body.quantity, departure_at=body.departure_at
    )
    return {"items": pair}


@router.post("/{order_id}/cancel", **_ONE)
def cancel_order(
    books: BooksDep, order_id: RecordId, body: Cancellation, idempotency_key: IdempotencyKey = None
) -> Json:
    """Cancel or reject an order that has not left; its reservation is given back."""
    return orders.cancel(books, order_id, _said(body.reason, idempotency_key))


@router.post("/{order_id}/pick", **_ONE)
def pick_order(
    books: BooksDep,
    order_id: RecordId,
    body: Handling | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Take the parts of a transfer from their shelf."""
    body = body or Handling()
    said = _said(body.reason, idempotency_key)
    return orders.pick(books, order_id, said, quantity=body.quantity)


@router.post("/{order_id}/ship", **_ONE)
def ship_order(
    books: BooksDep,
    order_id: RecordId,
    body: Handling | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Let it leave, all or less; what stays behind is free again."""
    body = body or Handling()
    said = _said(body.reason, idempotency_key)
    return orders.ship(books, order_id, said, quantity=body.quantity)


@router.post("/{order_id}/receive", **_ONE)
def receive_order(
    books: BooksDep, order_id: RecordId, body: GoodsIn, idempotency_key: IdempotencyKey = None
) -> Json:
    """Take in what has come: a transfer closes with it, the rest of a purchase stays open."""
    said = _said(body.reason, idempotency_key)
    return orders.receive(books, order_id, body.receipt(), said)


@router.post("/{order_id}/close", **_ONE)
def close_order(
    books: BooksDep,
    order_id: RecordId,
    body: Closing | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """End a received order, or a purchase whose rest will not come."""
    body = body or Closing()
    return orders.close(books, order_id, _said(body.reason, idempotency_key))


@router.post("/{order_id}/reverse", **_ONE)
def reverse_order(
    books: BooksDep, order_id: RecordId, body: Reversal, idempotency_key: IdempotencyKey = None
) -> Json:
    """Undo an order that has left: counter movements take back all that was posted for it."""
    return orders.reverse(books, order_id, _said(body.reason, idempotency_key))


def _said(reason: str | None, key: str | None) -> Said:
    return Said(actor=ACTOR, reason=reason or "", key=key)
