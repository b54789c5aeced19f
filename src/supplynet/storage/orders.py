"""Orders in the database: one open order per (part, from, to, departure), whoever plans it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update

from supplynet.core.orders import RELEASED, Order, OrderKind, OrderState
from supplynet.errors import (
    ConflictingContent,
    InvalidInput,
    NotFound,
    OrderKeyTaken,
    OrderStateError,
)
from supplynet.storage.tables import orders as table
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.within import Within, lies_in

OrderKey = tuple[str, str, str, datetime]
"""``Order.key``: part, from, to, departure."""

OPEN = (OrderState.PROPOSED, *RELEASED)
_FIELDS = tuple(field.name for field in fields(Order))
_PLANNED = ("lane_id", "cutoff_at", "arrives_at", "quantity")
_ATTRIBUTES = ("policy", "model_version", "explanation")
LONGEST_SNOOZE = timedelta(days=31)
"""What is set aside for longer would be forgotten: older departures are not looked up."""


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

    A proposal under the key of one that is still proposed keeps that one's id and creation, its
    snooze, and its quantity where a person set that. What was snoozed for longer than until its
    departure stays so for the departures after it.

    Raises:
        InvalidInput: An order that is not ``proposed``.
    """
    wanted = list(proposals)
    departures = [order.departure_at for order in wanted]
    if not wanted:
        return Upserted()
    query = _open().where(table.c.departure_at.between(min(departures), max(departures)))
    known = {order.key: order for order in _all(tx, query)}
    snoozes = _snoozes(tx)
    result = Upserted()
    for order in wanted:
        if order.state is not OrderState.PROPOSED:
            raise InvalidInput(
                f"order {order.order_id} is {order.state}; only proposals are planned"
            )
        asleep = replace(order, snoozed_until=snoozes.get(order.key[:3]))
        known[order.key] = _upsert(tx, asleep, known.get(order.key), result)
    return result


def _upsert(tx: WriteTx, order: Order, there: Order | None, result: Upserted) -> Order:
    """Write one proposal, file it in ``result`` and return what is stored now."""
    if there is None:
        _insert(tx, order, "order_proposed")
        result.new.append(order)
        return order
    if there.state is not OrderState.PROPOSED:
        result.kept.append(there)
        return there
    values = {name: getattr(order, name) for name in (*_PLANNED, *_ATTRIBUTES)}
    if there.by_person:
        values |= {"quantity": there.quantity, "proposed_quantity": order.quantity}
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


def _snoozes(tx: WriteTx) -> dict[tuple[str, str, str], datetime]:
    """Until when each (part, from, to) is set aside, where that is still to come."""
    way = (table.c.part_id, table.c.from_location, table.c.to_location)
    asleep = [OrderState.PROPOSED.value, OrderState.CANCELLED.value]
    query = (
        select(*way, func.max(table.c.snoozed_until))
        .where(table.c.state.in_(asleep), table.c.departure_at > tx.now - LONGEST_SNOOZE)
        .where(table.c.snoozed_until > tx.now)
        .group_by(*way)
    )
    return {(part, start, end): until for part, start, end, until in tx.connection.execute(query)}


def add_order(tx: WriteTx, order: Order, *, reason: str = "") -> Order:
    """Write one order made by hand; the same again is skipped.

    Raises:
        ConflictingContent: Its id is taken by another.
        OrderKeyTaken: Its key is taken by another open order.
    """
    there = _all(tx, select(table).where(table.c.order_id == order.order_id))
    if there:
        if _terms(there[0]) == _terms(order):
            return there[0]
        raise ConflictingContent("order", order.order_id)
    same = _all(tx, _open().where(*_has_key(order.key)))
    if same:
        raise OrderKeyTaken(same[0].order_id, same[0].state)
    return _insert(tx, order, "order_added", reason)


def advance(
    tx: WriteTx,
    order_id: str,
    state: OrderState,
    *,
    quantity: int | None = None,
    received: int | None = None,
    short: int | None = None,
    damaged: int | None = None,
    reason: str = "",
) -> Order:
    """Take an order to its next state and return it; the numbers may be set on the way.

    ``quantity`` is another one than planned, > 0: on approval, picking or shipping; ``received``,
    ``short`` and ``damaged`` are what is known in all, >= 0: on receipt.

    Raises:
        NotFound: There is no such order.
        OrderStateError: Its state, by now, does not allow the step; nothing is written.
        InvalidInput: A quantity that cannot be.
    """
    before = get(tx, order_id)
    counted = {"received": received, "short": short, "damaged": damaged}
    values = {"quantity": quantity, **counted}
    given: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    _check_counted(order_id, *(given[name] for name in counted if name in given))
    after = replace(before.advance(state), **given)
    return revise(tx, before, after, f"order_{state.value}", reason=reason)


def set_received(
    tx: WriteTx,
    order_id: str,
    received: int,
    *,
    short: int = 0,
    damaged: int = 0,
    reason: str = "",
) -> Order:
    """Note a receipt of a shipped order; all numbers are what is known in all; the state stays.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It is not shipped.
        InvalidInput: A negative number.
    """
    before = get(tx, order_id)
    if before.state is not OrderState.SHIPPED:
        raise OrderStateError(order_id, before.state, "partly received")
    _check_counted(order_id, received, short, damaged)
    after = replace(before, received=received, short=short, damaged=damaged)
    return revise(tx, before, after, "order_partly_received", reason=reason)


def revise(tx: WriteTx, before: Order, after: Order, action: str, *, reason: str = "") -> Order:
    """Write what is other in ``after``, note it as ``action``, and return it.

    The caller has read ``before`` in this transaction and checked that its state allows it.
    """
    old, new = _row(before), _row(after)
    _update(tx, before, {name: value for name, value in new.items() if value != old[name]})
    tx.note(action, before.order_id, before=_terms(before), after=_terms(after), reason=reason)
    tx.change("order", before.order_id)
    return after


def end_snooze(tx: WriteTx, order: Order) -> None:
    """Forget the snoozes of earlier departures on the order's way: somebody has decided."""
    part, from_location, to_location, _ = order.key
    tx.connection.execute(
        update(table)
        .where(table.c.part_id == part, table.c.snoozed_until.is_not(None))
        .where(table.c.from_location == from_location, table.c.to_location == to_location)
        .where(table.c.state == OrderState.CANCELLED.value)
        .values(snoozed_until=None)
    )


def _check_counted(order_id: str, *numbers: int) -> None:
    least = min(numbers, default=0)
    if least < 0:
        raise InvalidInput(f"order {order_id} cannot have received {least}; use 0 or more")


def get(tx: ReadTx, order_id: str, within: Within = None) -> Order:
    """One order; ``within`` some places only, of which it leaves one or goes to one.

    Raises:
        NotFound: There is none with this id.
    """
    found = _all(tx, select(table).where(table.c.order_id == order_id, *_at(within)))
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
    lane_id: str | None = None,
    kind: OrderKind | None = None,
    due_at: datetime | None = None,
    within: Within = None,
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> list[Order]:
    """Orders by departure, then id; all conditions given must hold.

    ``departing_from`` is the earliest departure; ``due_at`` leaves out what has missed its cut-off
    by then or is snoozed for longer; ``within`` leaves out what neither leaves nor goes to one of
    its places; ``after`` is ``(departure_at, order_id)`` of the last order seen, for the page after
    it.
    """
    query = select(table).where(*_at(within)).order_by(table.c.departure_at, table.c.order_id)
    if states is not None:
        query = query.where(table.c.state.in_([state.value for state in states]))
    if departing_from is not None:
        query = query.where(table.c.departure_at >= departing_from)
    same = {"part_id": part_id, "to_location": to_location, "lane_id": lane_id, "kind": kind}
    for name, value in same.items():
        if value is not None:
            query = query.where(table.c[name] == str(value))
    if due_at is not None:
        awake = table.c.snoozed_until.is_(None) | (table.c.snoozed_until <= due_at)
        query = query.where(table.c.cutoff_at >= due_at, awake)
    if after is not None:
        at, order_id = after
        later = (table.c.departure_at == at) & (table.c.order_id > order_id)
        query = query.where((table.c.departure_at > at) | later)
    if limit is not None:
        query = query.limit(limit)
    return _all(tx, query)


def moving(tx: ReadTx, start: datetime, end: datetime, left_from: datetime) -> list[Order]:
    """What leaves or arrives in ``[start, end)`` and what is on the road, by departure, then id.

    Of what departs at ``left_from`` or later; without explanations, which are most of an order.
    """
    columns = [table.c[name] for name in _FIELDS if name != "explanation"]
    leaves, arrives = (
        (column >= start) & (column < end) for column in (table.c.departure_at, table.c.arrives_at)
    )
    query = (
        select(*columns)
        .where(table.c.departure_at >= left_from)
        .where(leaves | arrives | (table.c.state == OrderState.SHIPPED.value))
        .order_by(table.c.departure_at, table.c.order_id)
    )
    return _all(tx, query)


def _at(within: Within) -> list[ColumnElement[bool]]:
    # Most of what people of some sites may see goes to them: the database looks there first.
    return [] if within is None else [lies_in(within, table.c.to_location, table.c.from_location)]


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


def _insert(tx: WriteTx, order: Order, action: str, reason: str = "") -> Order:
    tx.connection.execute(insert(table).values(updated_at=tx.now, **_row(order)))
    tx.note(action, order.order_id, after=_terms(order), reason=reason)
    tx.change("order", order.order_id)
    return order


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
            **{name: row[name] for name in _FIELDS if name in row}
            | {"kind": OrderKind(row["kind"]), "state": OrderState(row["state"])}
        )
        for row in tx.connection.execute(query).mappings()
    ]
