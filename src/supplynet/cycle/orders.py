"""Decision -> order: one short transaction, safe to repeat.

What people do with orders is in ``order_commands``, what automation does in ``order_automation``.
"""

from __future__ import annotations

import io
import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from supplynet.core.ids import uuid7
from supplynet.core.orders import Order, OrderState
from supplynet.cycle.decision import Plan
from supplynet.cycle.order_expedite import push
from supplynet.cycle.order_steps import tell
from supplynet.cycle.records import decision_run
from supplynet.cycle.snapshot import MISSED, NEVER_LEFT, WITHDRAWN, OrderKey
from supplynet.monitor import alerts as watch
from supplynet.storage import (
    Store,
    WriteTx,
    alerts,
    changes,
    decisions,
    orders,
    plans,
    reservations,
)

STOCK_AND_ORDERS = ("movement", "order")
"""Kinds of changes after which a decision is best computed again."""
ORDERS = ("order",)
"""Those after which it must be: what was released meanwhile would be ordered twice."""


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


def commit(
    store: Store,
    plan: Plan,
    *,
    actor: str,
    unmoved: Collection[str] = STOCK_AND_ORDERS,
    keep: timedelta = decisions.KEPT_FOR,
) -> Committed:
    """Write plan, decisions, proposals, alerts, audit and outgoing messages in one transaction.

    A plan that says what the newest one said, at the same moment, is not written again.

    Args:
        store: The books.
        plan: From ``make_plan``.
        actor: Who asked for it.
        unmoved: Kinds of which nothing may have changed since the snapshot.
        keep: How long decision records are kept.

    Raises:
        SnapshotMoved: Something has; nothing was written.
    """
    snapshot = plan.snapshot
    with store.write(actor, snapshot.now) as tx:
        changes.require_unmoved(tx, snapshot.seq, unmoved)
        upserted = orders.upsert_proposals(tx, plan.proposals)
        withdrawn = _withdraw(tx, {order.key for order in plan.proposals})
        for order in (*upserted.new, *upserted.changed, *withdrawn):
            tell(tx, order)
        alerts.set_open_alerts(tx, plan.causes, kinds=watch.KINDS)
        push(tx, plan.expedites)
        plan_id = _save(tx, plan, keep)
    return Committed(
        plan_id=plan_id,
        new=tuple(upserted.new),
        changed=tuple(upserted.changed),
        confirmed=tuple(upserted.confirmed),
        withdrawn=tuple(withdrawn),
    )


def _save(tx: WriteTx, plan: Plan, keep: timedelta) -> str:
    """Store the plan and return its id, or that of the newest one when it says the same."""
    snapshot = plan.snapshot
    record = plans.PlanRecord(
        plan_id=uuid7(snapshot.now, random.Random(f"{plan.seed} {snapshot.seq}")),  # noqa: S311
        made_at=snapshot.now,
        snapshot_seq=snapshot.seq,
        seed=plan.seed,
        model_version=plan.model_version,
        policy=plan.policy,
        document=plan.document,
    )
    newest = plans.latest_plan(tx)
    if newest is not None:
        same = replace(record, plan_id=newest.plan_id, snapshot_seq=newest.snapshot_seq)
        if newest == same:
            return newest.plan_id
    plans.save_plan(tx, record, _parquet(plan.forecast))
    decisions.save_run(tx, decision_run(plan, record.plan_id), plan.reasons.of, keep=keep)
    return record.plan_id


def _withdraw(tx: WriteTx, wanted: Collection[OrderKey]) -> list[Order]:
    """Cancel proposals that the plan does not hold, with the reason why.

    What a person changed, added or snoozed is only cancelled when it has missed its cut-off.
    """
    gone = []
    for order in orders.list_orders(tx, states=[OrderState.PROPOSED]):
        missed = order.cutoff_at < tx.now
        decided = order.by_person or order.is_snoozed(tx.now)
        if order.key in wanted or (decided and not missed):
            continue
        reason = MISSED if missed else WITHDRAWN
        gone.append(orders.advance(tx, order.order_id, OrderState.CANCELLED, reason=reason))
    return gone


def _parquet(frame: pl.DataFrame) -> bytes:
    with io.BytesIO() as file:
        frame.write_parquet(file)
        return file.getvalue()


def expire(store: Store, *, actor: str, now: datetime) -> list[Order]:
    """Cancel orders that never left and give their parts back, a day after their departure.

    Should a shipment be posted after all, its goods count as on the way, and an alert says so.
    """
    with store.read() as tx:
        if not reservations.held(tx, due_at=now):
            return []
    cancelled: list[Order] = []
    with store.write(actor, now) as tx:
        ended = reservations.expire_due(tx)
        for order_id in dict.fromkeys(each.order_id for each in ended if each.order_id):
            order = orders.get(tx, order_id)
            if order.state in (OrderState.APPROVED, OrderState.PICKED):
                gone = orders.advance(tx, order_id, OrderState.CANCELLED, reason=NEVER_LEFT)
                cancelled.append(gone)
                tell(tx, gone)
    return cancelled
