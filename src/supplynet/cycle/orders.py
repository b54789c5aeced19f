"""Decision -> order: one short transaction, safe to repeat; and what people do with orders."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from supplynet.core.ids import uuid7
from supplynet.core.orders import Order, OrderKind, OrderState
from supplynet.cycle.decision import Plan
from supplynet.cycle.snapshot import WITHDRAWN
from supplynet.errors import InsufficientStock, InvalidInput
from supplynet.monitor import alerts as watch
from supplynet.storage import Store, WriteTx, alerts, changes, orders, outbox, plans, reservations

MOVES_A_DECISION = ("movement", "order")
"""Kinds of changes after which a decision must be computed again."""
RESERVED_FOR = timedelta(hours=24)
"""How long after its planned departure an order still holds its parts at the source."""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a plan changed in the books. The second of two runs changes nothing.

    Attributes:
        new, changed, confirmed: Proposals by what became of them.
        withdrawn: Proposals that the plan no longer wants, or that missed their cut-off.
    """

    plan_id: str
    new: tuple[Order, ...]
    changed: tuple[Order, ...]
    confirmed: tuple[Order, ...]
    withdrawn: tuple[Order, ...]


def commit(store: Store, plan: Plan, *, actor: str) -> Committed:
    """Write plan, proposals, alerts, audit and outgoing messages in one transaction.

    Raises:
        SnapshotMoved: Stock or orders changed since the snapshot; nothing was written.
    """
    snapshot = plan.snapshot
    plan_id = uuid7(snapshot.now, random.Random(f"{plan.seed} {snapshot.seq}"))  # noqa: S311 - id
    with store.write(actor, snapshot.now) as tx:
        changes.require_unmoved(tx, snapshot.seq, MOVES_A_DECISION)
        upserted = orders.upsert_proposals(tx, plan.proposals)
        keys = [order.key for order in plan.proposals]
        withdrawn = orders.withdraw_proposals(tx, keys, WITHDRAWN)
        for order in (*upserted.new, *upserted.changed, *withdrawn):
            _tell(tx, order)
        alerts.set_open_alerts(tx, plan.causes, kinds=watch.KINDS)
        record = plans.PlanRecord(
            plan_id=plan_id,
            made_at=snapshot.now,
            snapshot_seq=snapshot.seq,
            seed=plan.seed,
            model_version=plan.model_version,
            policy=plan.policy,
            document=plan.document,
        )
        plans.save_plan(tx, record, _parquet(plan.forecast))
    return Committed(
        plan_id=plan_id,
        new=tuple(upserted.new),
        changed=tuple(upserted.changed),
        confirmed=tuple(upserted.confirmed),
        withdrawn=tuple(withdrawn),
    )


def _parquet(frame: pl.DataFrame) -> bytes:
    with io.BytesIO() as file:
        frame.write_parquet(file)
        return file.getvalue()


def _tell(tx: WriteTx, order: Order) -> None:
    """Put what became of an order into the outbox, to be sent after the commit."""
    message = {
        "order_id": order.order_id,
        "state": order.state.value,
        "part_id": order.part_id,
        "from_location": order.from_location,
        "to_location": order.to_location,
        "departure_at": order.departure_at,
        "quantity": order.quantity,
    }
    message_id = f"{order.order_id}/{order.state.value}/{order.quantity}/{tx.now.isoformat()}"
    outbox.enqueue(tx, message_id, "order", message)


def release(
    store: Store,
    order_id: str,
    *,
    actor: str,
    now: datetime,
    quantity: int | None = None,
    reason: str = "",
) -> Order:
    """Approve a proposal and reserve its parts at the source, or neither.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It is no proposal any more.
        InsufficientStock: The source has less free stock.
    """
    with store.write(actor, now) as tx:
        order = orders.get(tx, order_id)
        if order.cutoff_at < now and order.state is OrderState.PROPOSED:
            raise InvalidInput(
                f"order {order_id} missed its cut-off at {order.cutoff_at:%Y-%m-%d %H:%M}Z; "
                "plan again for the next departure"
            )
        approved = orders.advance(
            tx, order_id, OrderState.APPROVED, quantity=quantity, reason=reason
        )
        if approved.kind is OrderKind.TRANSFER:
            wanted = reservations.Reservation(
                reservation_id=order_id,
                part_id=approved.part_id,
                location_id=approved.from_location,
                quantity=approved.quantity,
                order_id=order_id,
                expires_at=approved.departure_at + RESERVED_FOR,
            )
            reservations.reserve(tx, wanted)
        _tell(tx, approved)
    return approved


def cancel(store: Store, order_id: str, *, actor: str, now: datetime, reason: str) -> Order:
    """Cancel an order that has not left and give its parts back.

    Raises:
        NotFound: There is no such order.
        OrderStateError: It has left already.
    """
    with store.write(actor, now) as tx:
        cancelled = orders.advance(tx, order_id, OrderState.CANCELLED, reason=reason)
        reservations.end_of_order(tx, order_id)
        _tell(tx, cancelled)
    return cancelled


def release_due(
    store: Store, *, actor: str, now: datetime, until: datetime
) -> tuple[list[Order], list[Order]]:
    """Approve every proposal whose cut-off lies in ``[now, until]``: what automation does.

    Returns:
        Orders that were released, and those that were not because the parts are not there.
    """
    with store.read() as tx:
        waiting = orders.list_orders(tx, states=[OrderState.PROPOSED])
    done: list[Order] = []
    refused: list[Order] = []
    for order in waiting:
        if not now <= order.cutoff_at <= until:
            continue
        try:
            done.append(release(store, order.order_id, actor=actor, now=now, reason="automatic"))
        except InsufficientStock:
            refused.append(order)
    return done, refused
