"""Orders: list them, and all that people do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from supplynet import cycle
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.cycle import Command, Receipt, Wanted
from supplynet.services import history
from supplynet.services.books import Books
from supplynet.storage import orders

Row = dict[str, Any]
Position = tuple[datetime, str]
"""Where a page ended: departure and id of its last order."""
_FIELDS = tuple(field.name for field in fields(Order))


@dataclass(frozen=True, kw_only=True)
class Said:
    """Who asks for something, why, and under which idempotency key (None = none)."""

    actor: str
    reason: str = ""
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which orders to list; all that is given must hold.

    Attributes:
        due: Only what can still be released and is not snoozed.
    """

    states: Sequence[OrderState] | None = None
    kind: OrderKind | None = None
    part_id: str | None = None
    to_location: str | None = None
    lane_id: str | None = None
    departing_from: datetime | None = None
    due: bool = False


def list_orders(
    books: Books,
    wanted: Filter | None = None,
    *,
    limit: int = 200,
    after: Position | None = None,
) -> tuple[list[Row], Position | None]:
    """Orders by departure, and the position of the last one (None after the last page)."""
    wanted = wanted or Filter()
    asked: dict[str, Any] = {
        "states": wanted.states,
        "part_id": wanted.part_id,
        "to_location": wanted.to_location,
        "lane_id": wanted.lane_id,
        "departing_from": wanted.departing_from,
        "kind": wanted.kind,
    }
    if wanted.due:
        asked["states"], asked["due_at"] = [OrderState.PROPOSED], history.as_of(books)
    with books.store.read() as tx:
        found = orders.list_orders(tx, **asked, after=after, limit=limit + 1)
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


def approve(books: Books, order_id: str, said: Said, *, quantity: int | None = None) -> Row:
    """Release a proposal, with another quantity if wanted; its parts are reserved.

    Raises:
        NotFound, OrderStateError, InsufficientStock, InvalidInput: See ``order_steps.approve``.
    """
    command = command_of(books, said)
    return as_row(cycle.release(books.store, order_id, command, quantity=quantity))


def change(books: Books, order_id: str, said: Said, *, quantity: int) -> Row:
    """Another quantity; see ``order_steps.change``."""
    command = command_of(books, said)
    return as_row(cycle.change(books.store, order_id, command, quantity=quantity))


def cancel(books: Books, order_id: str, said: Said) -> Row:
    """Cancel an order that has not left; a person's no stands against the next plan.

    Raises:
        NotFound, OrderStateError: See ``order_steps.cancel``.
    """
    return as_row(cycle.cancel(books.store, order_id, command_of(books, said)))


def snooze(books: Books, order_id: str, said: Said, *, until: datetime) -> Row:
    """Set a proposal aside; see ``order_steps.snooze``."""
    return as_row(cycle.snooze(books.store, order_id, command_of(books, said), until=until))


def split(
    books: Books, order_id: str, said: Said, *, quantity: int, departure_at: datetime
) -> list[Row]:
    """Let a part go with another departure; what is left, and the new order."""
    pair = cycle.split(
        books.store,
        books.plant,
        order_id,
        command_of(books, said),
        quantity=quantity,
        departure_at=departure_at,
    )
    return [as_row(order) for order in pair]


def add(books: Books, wanted: Wanted, said: Said) -> Row:
    """Add a proposal by hand; see ``order_making.add``."""
    return as_row(cycle.add(books.store, books.plant, wanted, command_of(books, said)))


def pick(books: Books, order_id: str, said: Said, *, quantity: int | None = None) -> Row:
    """Take the parts from their shelf; see ``order_steps.pick``."""
    return as_row(cycle.pick(books.store, order_id, command_of(books, said), quantity=quantity))


def ship(books: Books, order_id: str, said: Said, *, quantity: int | None = None) -> Row:
    """Let it leave; see ``order_steps.ship``."""
    command = command_of(books, said)
    return as_row(cycle.ship(books.store, books.plant, order_id, command, quantity=quantity))


def receive(books: Books, order_id: str, receipt: Receipt, said: Said) -> Row:
    """Take in what has come; see ``order_steps.receive``."""
    command = command_of(books, said)
    return as_row(cycle.receive(books.store, books.plant, order_id, receipt, command))


def close(books: Books, order_id: str, said: Said) -> Row:
    """End a received order, or a purchase whose rest will not come."""
    return as_row(cycle.close(books.store, books.plant, order_id, command_of(books, said)))


def reverse(books: Books, order_id: str, said: Said) -> Row:
    """Undo all that was posted for an order; see ``order_reversal.reverse``."""
    return as_row(cycle.reverse(books.store, order_id, command_of(books, said)))


def command_of(books: Books, said: Said) -> Command:
    """What was said, at the time of the plant."""
    now = history.as_of(books)
    return Command(actor=said.actor, now=now, reason=said.reason, key=said.key)


def as_row(order: Order) -> Row:
    """An order as JSON types but for its times."""
    row = {name: getattr(order, name) for name in _FIELDS}
    return row | {"kind": order.kind.value, "state": order.state.value}
