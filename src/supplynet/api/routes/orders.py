"""Orders: list, approve, cancel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from supplynet.api import cursors
from supplynet.api.bodies import Approval, Cancellation
from supplynet.api.depends import ACTOR, NO_PARAMETERS, BooksDep, OrderParameters, RecordId
from supplynet.api.models import OrderRow, Page
from supplynet.services import orders

router = APIRouter(prefix="/orders", tags=["orders"])
Json = dict[str, Any]


@router.get("", response_model=Page[OrderRow])
def list_orders(books: BooksDep, query: OrderParameters) -> Json:
    """Orders, the earliest departure first."""
    rows, following = orders.list_orders(
        books,
        state=query.state,
        limit=query.limit,
        after=cursors.decode(query.cursor, datetime, str),
    )
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.get("/{order_id}", response_model=OrderRow, dependencies=[NO_PARAMETERS])
def get_order(books: BooksDep, order_id: RecordId) -> Json:
    """One order with its explanation."""
    return orders.get_order(books, order_id)


@router.post("/{order_id}/approve", response_model=OrderRow, dependencies=[NO_PARAMETERS])
def approve_order(books: BooksDep, order_id: RecordId, body: Approval | None = None) -> Json:
    """Release a proposal; its parts are reserved at the source.

    Refused with 409 when they are not there, and when the order is no proposal any more: of two
    who approve, the second is told.
    """
    body = body or Approval()
    return orders.approve(books, order_id, quantity=body.quantity, reason=body.reason, actor=ACTOR)


@router.post("/{order_id}/cancel", response_model=OrderRow, dependencies=[NO_PARAMETERS])
def cancel_order(books: BooksDep, order_id: RecordId, body: Cancellation) -> Json:
    """Cancel an order that has not left; its reservation is given back."""
    return orders.cancel(books, order_id, reason=body.reason, actor=ACTOR)
