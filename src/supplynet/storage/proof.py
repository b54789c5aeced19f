"""Proving the books: what hangs together in them, beyond the balances. See ``balances.verify``.

Each finding is a sentence that says what is wrong, where, and what to do. The two usual reasons
are a database that was restored in part and a hand that went into it past SupplyNet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select

from supplynet.core.ledger import Account
from supplynet.core.orders import OrderState
from supplynet.storage import audit_chain, balances
from supplynet.storage.orders import OPEN
from supplynet.storage.tables import audit as audit_table
from supplynet.storage.tables import changes, events, movements, orders, reservations
from supplynet.storage.transaction import ReadTx

_RESTORE = "restore the books from a backup"
_SHOWN = 20
_ENDED = (OrderState.RECEIVED, OrderState.CLOSED, OrderState.CANCELLED, OrderState.REVERSED)
_RECEIVED = {"received": Account.ON_HAND, "short": Account.LOST, "damaged": Account.BLOCKED}


def faults(tx: ReadTx) -> list[str]:
    """What is wrong with the books, in sentences; nothing when all of it is proven."""
    return [
        *balances.verify(tx),
        *_gaps(tx),
        *_broken_chain(tx),
        *_without_event(tx),
        *_doubled_orders(tx),
        *_wrongly_received(tx),
        *_held_in_vain(tx),
    ]


def _gaps(tx: ReadTx) -> Iterator[str]:
    """Numbers begin at 1; of the change feed the oldest are forgotten, so it begins anywhere."""
    for table in (movements, events, audit_table, changes):
        rows, first, last = tx.connection.execute(
            select(func.count(), func.min(table.c.seq), func.max(table.c.seq)).select_from(table)
        ).one()
        if rows and table is not changes and first != 1:
            yield f"{table.name} begin with number {first}, not with 1; {_RESTORE}"
        if rows and last - first + 1 != rows:
            missing = last - first + 1 - rows
            yield f"{missing:,} of {table.name} are missing up to number {last}; {_RESTORE}"


def _broken_chain(tx: ReadTx) -> Iterator[str]:
    fault = audit_chain.walk(tx).fault
    if fault is not None:
        yield f"{fault.says}; {_RESTORE}"


def _without_event(tx: ReadTx) -> Iterator[str]:
    """A movement names its event as ``source/event_id``; a source has no slash."""
    whole = movements.c.event_id
    slash = (func.instr if tx.is_sqlite else func.strpos)(whole, "/")
    known = exists().where(
        events.c.source == func.substr(whole, 1, slash - 1),
        events.c.event_id == func.substr(whole, slash + 1),
    )
    query = select(movements.c.movement_id, whole).where(whole.is_not(None), ~known)
    yield from _each(
        tx,
        query.order_by(movements.c.seq),
        lambda row: f"movement {row[0]} is of event {row[1]}, which is not there; {_RESTORE}",
    )


def _doubled_orders(tx: ReadTx) -> Iterator[str]:
    key = (orders.c.part_id, orders.c.from_location, orders.c.to_location, orders.c.departure_at)
    query = (
        select(func.count(), *key)
        .where(orders.c.state.in_([state.value for state in OPEN]))
        .group_by(*key)
        .having(func.count() > 1)
    )
    yield from _each(
        tx,
        query,
        lambda row: (
            f"{row[0]} open orders bring {row[1]} from {row[2]} to {row[3]} at "
            f"{row[4].isoformat()}; cancel all but one"
        ),
    )


def _wrongly_received(tx: ReadTx) -> Iterator[str]:
    """What an order says it received must have come; more may come once it is closed."""
    open_ = orders.c.state == OrderState.SHIPPED.value
    states = [OrderState.SHIPPED.value, OrderState.RECEIVED.value, OrderState.CLOSED.value]
    for name, account in _RECEIVED.items():
        said, moved = orders.c[name], _moved(account)
        differs = or_(said > moved, and_(open_, said != moved))
        query = select(orders.c.order_id, said, moved).where(orders.c.state.in_(states), differs)
        if account is Account.LOST:  # what a supplier did not send was never ours to lose
            query = query.where(orders.c.kind == literal("transfer"))
        yield from _each(
            tx,
            query.order_by(orders.c.order_id),
            lambda row, name=name: (
                f"order {row[0]} says {name} {row[1]}, its movements say {row[2]}; "
                "count the part where it went and correct the order"
            ),
        )


def _moved(account: Account) -> Any:
    """Into an account at the order's destination by its movements, less what was taken back."""
    of_order = movements.c.order_id == orders.c.order_id
    place = orders.c.to_location

    def at(location: Any, side: Any) -> ColumnElement[bool]:
        return and_(location == place, side == account.value)

    amount = case(
        (at(movements.c.to_location, movements.c.to_account), movements.c.quantity),
        (at(movements.c.from_location, movements.c.from_account), -movements.c.quantity),
        else_=0,
    )
    return select(func.coalesce(func.sum(amount), 0)).where(of_order).scalar_subquery()


def _held_in_vain(tx: ReadTx) -> Iterator[str]:
    query = (
        select(
            reservations.c.reservation_id,
            reservations.c.quantity,
            reservations.c.part_id,
            orders.c.order_id,
            orders.c.state,
        )
        .join_from(reservations, orders, reservations.c.order_id == orders.c.order_id)
        .where(reservations.c.state == literal("held"))
        .where(orders.c.state.in_([state.value for state in _ENDED]))
        .order_by(reservations.c.reservation_id)
    )
    yield from _each(
        tx,
        query,
        lambda row: (
            f"reservation {row[0]} still holds {row[1]} of {row[2]} for order {row[3]}, which is "
            f"{row[4]}; it ends at its time-out"
        ),
    )


def _each(tx: ReadTx, query: Any, sentence: Any) -> Iterator[str]:
    """A sentence for each row found, up to a number that somebody reads."""
    rows: Sequence[Any] = tx.connection.execute(query.limit(_SHOWN + 1)).all()
    for row in rows[:_SHOWN]:
        yield sentence(row)
    if len(rows) > _SHOWN:
        yield f"... and more like the {_SHOWN} before"
