"""Orders: list them, and all that people do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from supplynet import cycle
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.cycle import Check, Command, Receipt, Wanted
from supplynet.services import history, reach
from supplynet.services.books import Books
from supplynet.services.order_limits import limits_of, with_approvals
from supplynet.storage import orders
from supplynet.storage.within import Within

Row = dict[str, Any]
Position = tuple[datetime, str]
"""Where a page ended: departure and id of its last order."""
_FIELDS = tuple(field.name for field in fields(Order))


@dataclass(frozen=True, kw_only=True)
class Said:
    """Who asks for something, why, and under which idempotency key (None = none).

    Attributes:
        check: Refuses in the transaction of the write what was decided on an older state.
        within: Places that they may touch; None = all, see ``services.reach``.
    """

    actor: str
    reason: str = ""
    key: str | None = None
    check: Check | None = None
    within: Within = None


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which orders to list; all that is given must hold.

    Attributes:
        due: Only what can still be released and is not snoozed.
        within: Only what leaves one of these places or goes to one; None = all.
    """

    states: Sequence[OrderState] | None = None
    kind: OrderKind | None = None
    part_id: str | None = None
    to_location: str | None = None
    lane_id: str | None = None
    departing_from: datetime | None = None
    due: bool = False
    within: Within = None


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
        "within": wanted.within,
    }
    if wanted.due:
        asked["states"], asked["due_at"] = [OrderState.PROPOSED], history.as_of(books)
    with books.store.read() as tx:
        found = orders.list_orders(tx, **asked, after=after, limit=limit + 1)
    page = found[:limit]
    following = (page[-1].departure_at, page[-1].order_id) if len(found) > limit else None
    return with_approvals(books, [as_row(order, wanted.within) for order in page]), following


def get_order(books: Books, order_id: str, within: Within = None) -> Row:
    """One order; ``within`` some places only, of which it leaves one or goes to one.

    Raises:
        NotFound: There is none with this id.
    """
    with books.store.read() as tx:
        row = as_row(orders.get(tx, order_id, within), within)
    return with_approvals(books, [row])[0]


def approve(books: Books, order_id: str, said: Said, *, quantity: int | None = None) -> Row:
    """Release a proposal, with another quantity if wanted; its parts are reserved.

    What takes two people stays proposed after the first one's yes: see ``order_four_eyes``.

    Raises:
        NotFound, OrderStateError, InsufficientStock, InvalidInput: See ``order_steps.approve``.
        NotAllowed: This and all below: it is for another site to say, see ``services.reach``.
    """
    command = deciding(books, order_id, said)
    limits = limits_of(books)
    done = cycle.release(books.store, order_id, command, quantity=quantity, limits=limits)
    return _told(books, done, said)


def change(books: Books, order_id: str, said: Said, *, quantity: int) -> Row:
    """Another quantity; see ``order_steps.change``."""
    command = deciding(books, order_id, said)
    limits = limits_of(books)
    done = cycle.change(books.store, order_id, command, quantity=quantity, limits=limits)
    return _told(books, done, said)


def cancel(books: Books, order_id: str, said: Said) -> Row:
    """Cancel an order that has not left; a person's no stands against the next plan.

    Raises:
        NotFound, OrderStateError: See ``order_steps.cancel``.
    """
    command = deciding(books, order_id, said)
    return _told(books, cycle.cancel(books.store, order_id, command), said)


def snooze(books: Books, order_id: str, said: Said, *, until: datetime | None) -> Row:
    """Set a proposal aside; see ``order_steps.snooze``."""
    command = deciding(books, order_id, said)
    return _told(books, cycle.snooze(books.store, order_id, command, until=until), said)


def split(
    books: Books, order_id: str, said: Said, *, quantity: int, departure_at: datetime
) -> list[Row]:
    """Let a part go with another departure; what is left, and the new order."""
    pair = cycle.split(
        books.store,
        books.plant,
        order_id,
        deciding(books, order_id, said),
        quantity=quantity,
        departure_at=departure_at,
        limits=limits_of(books),
    )
    return with_approvals(books, [as_row(order, said.within) for order in pair])


def add(books: Books, wanted: Wanted, said: Said) -> Row:
    """Add a proposal by hand; see ``order_making.add``."""
    reach.must_name(said.within, books.plant, wanted.to_location)
    command = command_of(books, said)
    return _told(books, cycle.add(books.store, books.plant, wanted, command), said)


def pick(books: Books, order_id: str, said: Said, *, quantity: int | None = None) -> Row:
    """Take the parts from their shelf; see ``order_steps.pick``."""
    command = _handing_out(books, order_id, said)
    return _told(books, cycle.pick(books.store, order_id, command, quantity=quantity), said)


def ship(books: Books, order_id: str, said: Said, *, quantity: int | None = None) -> Row:
    """Let it leave; see ``order_steps.ship``."""
    command = _handing_out(books, order_id, said)
    done = cycle.ship(books.store, books.plant, order_id, command, quantity=quantity)
    return _told(books, done, said)


def receive(books: Books, order_id: str, receipt: Receipt, said: Said) -> Row:
    """Take in what has come; see ``order_steps.receive``."""
    command = deciding(books, order_id, said)
    return _told(books, cycle.receive(books.store, books.plant, order_id, receipt, command), said)


def close(books: Books, order_id: str, said: Said) -> Row:
    """End a received order, or a purchase whose rest will not come."""
    command = deciding(books, order_id, said)
    return _told(books, cycle.close(books.store, books.plant, order_id, command), said)


def reverse(books: Books, order_id: str, said: Said) -> Row:
    """Undo all that was posted for an order; see ``order_reversal.reverse``."""
    command = deciding(books, order_id, said)
    return _told(books, cycle.reverse(books.store, order_id, command), said)


def command_of(books: Books, said: Said) -> Command:
    """What was said, at the time of the plant."""
    now = history.as_of(books)
    return Command(actor=said.actor, now=now, reason=said.reason, key=said.key, check=said.check)


def as_row(order: Order, within: Within = None) -> Row:
    """An order as JSON types but for its times, as people of some places may read it."""
    row = {name: getattr(order, name) for name in _FIELDS}
    row["explanation"] = reach.told(order.explanation, within)
    return row | {"kind": order.kind.value, "state": order.state.value}


def _told(books: Books, order: Order, said: Said) -> Row:
    return with_approvals(books, [as_row(order, said.within)])[0]


def deciding(books: Books, order_id: str, said: Said) -> Command:
    """The command of one who may say what becomes of an order."""
    if said.within is not None:  # its ends never change: no need to look in the transaction
        with books.store.read() as tx:
            reach.must_decide(said.within, orders.get(tx, order_id, said.within))
    return command_of(books, said)


def _handing_out(books: Books, order_id: str, said: Said) -> Command:
    """The command of one who may pick and ship it."""
    if said.within is not None:
        with books.store.read() as tx:
            order = orders.get(tx, order_id, said.within)
        reach.must_hand_out(said.within, books.plant, order)
    return command_of(books, said)
