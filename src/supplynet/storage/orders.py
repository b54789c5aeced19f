"""Orders in the database: one open order per (part, from, to, departure), whoever plans it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from supplynet.core.orders import RELEASED, Order, OrderKind, OrderState
from supplynet.errors import ConflictingContent, InvalidInput, NotFound, OrderStateError
from supplynet.storage.tables import orders as table
from supplynet.storage.transaction import ReadTx, WriteTx

OrderKey = tuple[str, str, str, datetime]
"""``Order.key``: part, from, to, departure."""

OPEN = (OrderState.PROPOSED, *RELEASED)
_FIELDS = tuple(field.name for field in fields(Order))
_PLANNED = ("lane_id", "cutoff_at", "arrives_at", "quantity")
_ATTRIBUTES = ("policy", "model_version", "explanation")


@dataclass(frozen=True, kw_only=True)
class Upserted:
    """What became of a plan's proposals; each list holds the orders as they are stored now.

    Attributes:
        new: Written for the first time.
        changed: Were there and have another quantity, cut-off or arrival now.
        confirmed: Were there and stay; their explanation is the new plan's.
        kept: Released already under the same key: left alone.
    """

    new: list[Order] = field(default_factory=list)
    changed: list[Order] = field(default_factory=list)
    confirmed: list[Order] = field(default_factory=list)
    kept: list[Order] = field(default_factory=list)


def upsert_proposals(tx: WriteTx, proposals: Iterable[Order]) -> Upserted:
    """Write a plan's proposals: however often and by whomever it is made, none is doubled.

    A proposal under the key of one that is still proposed keeps that one's id and creation.

    Raises:
        InvalidInput: An order that is not ``proposed``.
    """
    wanted = list(proposals)
    departures = [order.departure_at for order in wanted]
    if not wanted:
        return Upserted()
    query = _open().where(table.c.departure_at.between(min(departures), max(departures)))
    known = {order.key: order for order in _all(tx, query)}
    result = Upserted()
    for order in wanted:
        if order.state is not OrderState.PROPOSED:
            raise InvalidInput(
                f"order {order.order_id} is {order.state}; only proposals are planned"
            )
        known[order.key] = _upsert(tx, order, known.get(order.key), result)
    return result


def _upsert(tx: WriteTx, order: Order, there: Order | None, result: Upserted) -> Order:
    """Write one proposal, file it in ``result`` and return what is stored now."""
    if there is None:
        tx.connection.execute(insert(table).values(updated_at=tx.now, **_row(order)))
        tx.note("order_proposed", order.order_id, after=_terms(order))
        tx.change("order", order.order_id)
        result.new.append(order)
        return order
    if there.state is not OrderState.PROPOSED:
        result.kept.append(there)
        return there
    names = (*_PLANNED, *_ATTRIBUTES)
    values = {name: getattr(order, name) for name in names}
    after = replace(there, **values)
    if after != there:
        _update(tx, there, values)
    if any(getattr(after, name) != getattr(there, name) for name in _PLANNED):
        tx.note("order_changed", there.order_id, before=_terms(there), after=_terms(after))
        tx.change("order", there.order_id)
        result.changed.append(after)
    else:
        result.confirmed.append(after)
    return after


def withdraw_proposals(tx: WriteTx, except_keys: Collection[OrderKey], reason: str) -> list[Order]:
    """Cancel every proposal that the newest plan no longer holds; returns them, cancelled."""
    keep = set(except_keys)
    query = select(table).where(table.c.state == OrderState.PROPOSED.value)
    gone = [order for order in _all(tx, query) if order.key not in keep]
    return [advance(tx, order.order_id, OrderState.CANCELLED, reason=reason) for order in gone]


def add_order(tx: WriteTx, order: Order) -> Order:
    """Write one order made by hand; the same again is skipped.

    Raises:
        ConflictingContent: Its id, or its key among open orders, is taken by another.
    """
    query = select(table).where(table.c.order_id == order.order_id)
    there = _all(tx, query) or _all(tx, _open().where(*_has_key(order.key)))
    if there:
        if there[0].order_id == order.order_id and _terms(there[0]) == _terms(order):
            return there[0]
        raise ConflictingContent("order", there[0].order_id)
    tx.connection.execute(insert(table).values(updated_at=tx.now, **_row(order)))
    tx.note("order_added", order.order_id, after=_terms(order))
    tx.change("order", order.order_id)
    return order


def advance(
    tx: WriteTx,
    order_id: str,
    state: OrderState,
    *,
    quantity: int | None = None,
    received: int | None = None,
    reason: str = "",
) -> Order:
    """Take an order to its next state and return it; both numbers may be set on the way.

    ``quantity`` is another one than planned, > 0: on approval, picking or shipping; ``received``
    is what has come in all, >= 0: on receipt.

    Raises:
        NotFound: There is no such order.
        OrderStateError: Its state, by now, does not allow the step; nothing is written.
        InvalidInput: A quantity that cannot be.
    """
    before = get(tx, order_id)
    values: dict[str, Any] = {"state": state}
    if quantity is not None:
        values["quantity"] = quantity
    if received is not None:
        values["received"] = received
        if received < 0:
            raise InvalidInput(f"order {order_id} cannot have received {received}; use 0 or more")
    after = replace(before.advance(state), **values)
    _update(tx, before, {**values, "state": state.value})
    tx.note(
        f"order_{state.value}", order_id, before=_terms(before), after=_terms(after), reason=reason
    )
    tx.change("order", order_id)
    return after


def set_received(tx: WriteTx, order_id: str, received: int, *, reason: str = "") -> Order:
    """Note a partial receipt of a shipped order: ``received`` in all, >= 0; the state stays.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It is not shipped.
        InvalidInput: A negative number.
    """
    before = get(tx, order_id)
    if before.state is not OrderState.SHIPPED:
        raise OrderStateError(order_id, before.state, "partly received")
    if received < 0:
        raise InvalidInput(f"order {order_id} cannot have received {received}; use 0 or more")
    after = replace(before, received=received)
    _update(tx, before, {"received": received})
    tx.note(
        "order_partly_received",
        order_id,
        before=_terms(before),
        after=_terms(after),
        reason=reason,
    )
    tx.change("order", order_id)
    return after


def get(tx: ReadTx, order_id: str) -> Order:
    """One order.

    Raises:
        NotFound: There is none with this id.
    """
    found = _all(tx, select(table).where(table.c.order_id == order_id))
    if not found:
        raise NotFound("order", order_id)
    return found[0]


def list_orders(
    tx: ReadTx,
    *,
    states: Sequence[OrderState] | None = None,
    departing_from: datetime | None = None,
    part_id: str | None = None,
    to_location: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> list[Order]:
    """Orders by departure, then id; all conditions given must hold.

    ``departing_from`` is the earliest departure; ``after`` is ``(departure_at, order_id)`` of the
    last order seen, for the page after it.
    """
    query = select(table).order_by(table.c.departure_at, table.c.order_id)
    if states is not None:
        query = query.where(table.c.state.in_([state.value for state in states]))
    if departing_from is not None:
        query = query.where(table.c.departure_at >= departing_from)
    if part_id is not None:
        query = query.where(table.c.part_id == part_id)
    if to_location is not None:
        query = query.where(table.c.to_location == to_location)
    if after is not None:
        at, order_id = after
        later = (table.c.departure_at == at) & (table.c.order_id > order_id)
        query = query.where((table.c.departure_at > at) | later)
    if limit is not None:
        query = query.limit(limit)
    return _all(tx, query)


def _open() -> Any:
    return select(table).where(table.c.state.in_([state.value for state in OPEN]))


def _has_key(key: OrderKey) -> tuple[Any, ...]:
    part, from_location, to_location, departure_at = key
    return (
        table.c.part_id == part,
        table.c.from_location == from_location,
        table.c.to_location == to_location,
        table.c.departure_at == departure_at,
    )


def _update(tx: WriteTx, before: Order, values: Mapping[str, Any]) -> None:
    """Update the order only if it is still as it was read."""
    done = tx.connection.execute(
        update(table)
        .where(table.c.order_id == before.order_id, table.c.state == before.state.value)
        .values(updated_at=tx.now, **values)
    )
    if done.rowcount != 1:
        raise OrderStateError(before.order_id, before.state, str(values.get("state", "changed")))


def _terms(order: Order) -> dict[str, Any]:
    """What the audit log keeps of an order."""
    row = _row(order)
    for name in ("order_id", "explanation", "created_at"):
        del row[name]
    return row


def _row(order: Order) -> dict[str, Any]:
    row = {name: getattr(order, name) for name in _FIELDS}
    return row | {"kind": order.kind.value, "state": order.state.value}


def _all(tx: ReadTx, query: Any) -> list[Order]:
    return [
        Order(
            **{name: row[name] for name in _FIELDS}
            | {"kind": OrderKind(row["kind"]), "state": OrderState(row["state"])}
        )
        for row in tx.connection.execute(query).mappings()
    ]
