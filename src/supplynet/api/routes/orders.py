"""Orders: list them, add one, and take one through its life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import Response

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.bodies import Approval, Cancellation
from supplynet.api.depends import (
    NO_PARAMETERS,
    BooksDep,
    IdempotencyKey,
    OrderParameters,
    RecordId,
)
from supplynet.api.etags import IfMatch, order_check, order_etag
from supplynet.api.models import ListedOrder, OrderRow, Page
from supplynet.api.order_bodies import (
    Closing,
    GoodsIn,
    Handling,
    NewOrder,
    OrderChange,
    Orders,
    OrderSnooze,
    Reversal,
    Split,
)
from supplynet.api.routing import Router
from supplynet.services import orders

router = Router(prefix="/orders", tags=["orders"])
Json = dict[str, Any]
_ONE: Json = {"response_model": OrderRow, "dependencies": [NO_PARAMETERS]}


@router.get("", response_model=Page[ListedOrder])
def list_orders(books: BooksDep, access: AccessDep, query: OrderParameters) -> Json:
    """Orders, the earliest departure first. `due`: only proposals that wait for an answer now."""
    wanted = orders.Filter(
        states=None if query.state is None else [query.state],
        kind=query.kind,
        part_id=query.part_id,
        to_location=query.to_location,
        lane_id=query.lane_id,
        departing_from=query.departing_from,
        due=query.due,
        within=access.locations,
    )
    after = cursors.decode(query.cursor, datetime, str)
    rows, following = orders.list_orders(books, wanted, limit=query.limit, after=after)
    tagged = [row | {"etag": order_etag(row)} for row in rows]
    return {"items": tagged, "next_cursor": cursors.encode(following)}


@router.post("", **_ONE)
def add_order(
    books: BooksDep,
    access: AccessDep,
    body: NewOrder,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Add a proposal by hand; plans leave it alone.

    409 when an open order for the part goes with that departure already: change that one.
    """
    return _told(
        orders.add(books, body.wanted(), access.said(body.reason, idempotency_key)), response
    )


@router.get("/{order_id}", **_ONE)
def get_order(books: BooksDep, access: AccessDep, order_id: RecordId, response: Response) -> Json:
    """One order with its explanation."""
    return _told(orders.get_order(books, order_id, access.locations), response)


@router.post("/{order_id}/approve", **_ONE)
def approve_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: Approval | None = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Release a proposal; its parts are reserved at the source.

    What is worth more than `four_eyes_cost` takes two people: after the first it is still
    `proposed`, and `approvals` says who that was.

    Refused with 409 when they are not there, and when the order is no proposal any more: of two
    who approve, the second is told.
    """
    body = body or Approval()
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.approve(books, order_id, said, quantity=body.quantity), response)


@router.post("/{order_id}/change", **_ONE)
def change_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: OrderChange,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Another quantity for what nobody has picked yet; plans leave it alone from then on."""
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.change(books, order_id, said, quantity=body.quantity), response)


@router.post("/{order_id}/snooze", **_ONE)
def snooze_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: OrderSnooze,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Set a proposal aside: until then it is neither due nor released by automation.

    With `until` null it is put back among what waits.
    """
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.snooze(books, order_id, said, until=body.until), response)


@router.post("/{order_id}/split", response_model=Orders, dependencies=[NO_PARAMETERS])
def split_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    body: Split,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Let a part go with another departure of the lane: what is left, and the new order."""
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    pair = orders.split(
        books, order_id, said, quantity=body.quantity, departure_at=body.departure_at
    )
    return {"items": pair}


@router.post("/{order_id}/cancel", **_ONE)
def cancel_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: Cancellation,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Cancel or reject an order that has not left; its reservation is given back."""
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.cancel(books, order_id, said), response)


@router.post("/{order_id}/pick", **_ONE)
def pick_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: Handling | None = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Take the parts of a transfer from their shelf."""
    body = body or Handling()
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.pick(books, order_id, said, quantity=body.quantity), response)


@router.post("/{order_id}/ship", **_ONE)
def ship_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: Handling | None = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Let it leave, all or less; what stays behind is free again."""
    body = body or Handling()
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.ship(books, order_id, said, quantity=body.quantity), response)


@router.post("/{order_id}/receive", **_ONE)
def receive_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: GoodsIn,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Take in what has come: a transfer closes with it, the rest of a purchase stays open."""
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.receive(books, order_id, body.receipt(), said), response)


@router.post("/{order_id}/close", **_ONE)
def close_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: Closing | None = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """End a received order, or a purchase whose rest will not come."""
    body = body or Closing()
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.close(books, order_id, said), response)


@router.post("/{order_id}/reverse", **_ONE)
def reverse_order(
    books: BooksDep,
    access: AccessDep,
    order_id: RecordId,
    response: Response,
    body: Reversal,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Undo an order that has left: counter movements take back all that was posted for it."""
    said = access.said(body.reason, idempotency_key, order_check(if_match, order_id))
    return _told(orders.reverse(books, order_id, said), response)


def _told(row: Json, response: Response) -> Json:
    response.headers["etag"] = order_etag(row)
    return row
