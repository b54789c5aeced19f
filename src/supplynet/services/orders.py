"""Orders: list, approve, cancel."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from supplynet import cycle
from supplynet.core.orders import Order, OrderState
from supplynet.services import history
from supplynet.services.books import Books
from supplynet.storage import orders

Row = dict[str, Any]
Position = tuple[datetime, str]
"""Where a page ended: departure and id of its last order."""
_FIELDS = tuple(field.name for field in fields(Order))


def list_orders(
    books: Books,
    *,
    state: OrderState | None = None,
    limit: int = 200,
    after: Position | None = None,
) -> tuple[list[Row], Position | None]:
    """Orders by departure, and the position of the last one (None after the last page)."""
    states = None if state is None else [state]
    with books.store.read() as tx:
        found = orders.list_orders(tx, states=states, after=after, limit=limit + 1)
    page = found[:limit]
    following = (page[-1].departure_at, page[-1].order_id) if len(found) > limit else None
    return [as_row(order) for order in page], following


def get_order(books: Books, order_id: str) -> Row:
    """One order.

    Raises:
        NotFound: There is none with this id.
    """
    with books.store.read() as tx:
        return as_row(orders.get(tx, order_id))


def approve(
    books: Books, order_id: str, *, quantity: int | None, reason: str | None, actor: str
) -> Row:
    """Release a proposal, with another quantity if wanted; its parts are reserved.

    Raises:
        NotFound, OrderStateError, InsufficientStock, InvalidInput: See ``cycle.release``.
    """
    released = cycle.release(
        books.store,
        order_id,
        actor=actor,
        now=history.as_of(books),
        quantity=quantity,
        reason=reason or "",
    )
    return as_row(released)


def cancel(books: Books, order_id: str, *, reason: str, actor: str) -> Row:
    """Cancel an order that has not left; a person's no stands against the next plan.

    Raises:
        NotFound, OrderStateError: See ``cycle.cancel``.
    """
    cancelled = cycle.cancel(
        books.store, order_id, actor=actor, now=history.as_of(books), reason=reason
    )
    return as_row(cancelled)


def as_row(order: Order) -> Row:
    """An order as JSON types but for its times."""
    row = {name: getattr(order, name) for name in _FIELDS}
    return row | {"kind": order.kind.value, "state": order.state.value}
