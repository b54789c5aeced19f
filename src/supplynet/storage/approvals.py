"""Who has said yes to an order: people where it takes two of them, and automation for its cap."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from supplynet.core.orders import OrderState
from supplynet.storage.tables import approvals as table
from supplynet.storage.tables import orders
from supplynet.storage.transaction import ReadTx, WriteTx

_LOOKED_UP = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One yes.

    Attributes:
        quantity: What it was said to, in the part's unit.
        at: By the plant's clock, aware.
    """

    order_id: str
    actor: str
    quantity: int
    at: datetime
    reason: str


def of_order(tx: ReadTx, order_id: str) -> list[Approval]:
    """All of one order, the earliest first."""
    return of_orders(tx, [order_id]).get(order_id, [])


def of_orders(tx: ReadTx, order_ids: Collection[str]) -> dict[str, list[Approval]]:
    """Those of each order that has any, the earliest first."""
    wanted, found = list(order_ids), dict[str, list[Approval]]()
    for start in range(0, len(wanted), _LOOKED_UP):
        some = wanted[start : start + _LOOKED_UP]
        query = select(table).where(table.c.order_id.in_(some))
        for row in tx.connection.execute(query.order_by(table.c.at, table.c.actor)).mappings():
            found.setdefault(row["order_id"], []).append(Approval(**row))
    return found


def add(tx: WriteTx, order_id: str, quantity: int, *, reason: str = "") -> None:
    """Note that the transaction's actor agrees; he has not done so before."""
    row = {"order_id": order_id, "actor": tx.actor, "quantity": quantity}
    tx.connection.execute(insert(table).values(**row, at=tx.now, reason=reason))


def forget(tx: WriteTx, order_id: str) -> int:
    """Forget all of an order, for it is another one now; returns how many there were."""
    return tx.connection.execute(delete(table).where(table.c.order_id == order_id)).rowcount


def withdraw(tx: WriteTx, user: str) -> list[str]:
    """Forget what somebody, or a token of his, said of orders that still wait; returns which."""
    his = (table.c.actor == user) | table.c.actor.startswith(f"{user}/", autoescape=True)
    waits = select(orders.c.order_id).where(orders.c.state == OrderState.PROPOSED.value)
    mine = his & table.c.order_id.in_(waits)
    found = sorted(set(tx.connection.scalars(select(table.c.order_id).where(mine))))
    if found:
        tx.connection.execute(delete(table).where(mine))
        tx.note("approvals_withdrawn", user, after={"orders": found})
    for order_id in found:
        tx.change("order", order_id)
    return found


def forget_before(tx: WriteTx, actor: str, before: datetime) -> None:
    """Forget what an actor has agreed to before a moment."""
    tx.connection.execute(delete(table).where(table.c.actor == actor, table.c.at < before))


def parts_of(tx: ReadTx, actor: str, after: datetime) -> dict[str, int]:
    """Quantity by part of all that an actor has agreed to after a moment."""
    query = (
        select(orders.c.part_id, func.sum(table.c.quantity))
        .join_from(table, orders, table.c.order_id == orders.c.order_id)
        .where(table.c.actor == actor, table.c.at > after)
        .group_by(orders.c.part_id)
    )
    return {part: int(quantity) for part, quantity in tx.connection.execute(query)}


def explain(tx: WriteTx, order_id: str, explanation: dict[str, Any]) -> None:
    """Say in a proposal why it waits; its terms stay, and the caller notes what is new of it."""
    same = (orders.c.order_id == order_id, orders.c.state == OrderState.PROPOSED.value)
    tx.connection.execute(update(orders).where(*same).values(explanation=explanation))
    tx.change("order", order_id)
