"""To the ERP: our approved orders and tuned thresholds; what is there already is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from supplynet.connectors.erp import Erp, Pushed, Threshold
from supplynet.core.orders import Order, OrderState
from supplynet.errors import ConnectorError, InvalidInput
from supplynet.services import erp_export
from supplynet.services.books import Books
from supplynet.services.erp_done import Done, Row, remember
from supplynet.services.erp_import import ACTOR
from supplynet.services.erp_orders import POLICY
from supplynet.storage import leases, orders, values

UNCERTAIN = "erp_uncertain"
SETTLED_AFTER = timedelta(minutes=5)
"""Longer than an ERP works on a call that we gave up on; then a look-up finds what it made."""
_LEASE = timedelta(minutes=15)


def push_orders(books: Books, erp: Erp, dry_run: bool) -> Done:
    """Tell our approved orders; those that the ERP made itself it knows.

    Raises:
        ConnectorError: No answer; the order is left alone until the ERP has settled.
    """
    with books.store.read() as tx:
        approved = orders.list_orders(tx, states=[OrderState.APPROVED])
        uncertain = values.get_value(tx, UNCERTAIN, {})
    rows: list[Row] = []
    refused: list[str] = []
    for order in approved:
        if order.policy == POLICY:
            continue
        until = _unsettled(uncertain, order.order_id, books.wall_clock())
        if until is not None:
            refused.append(
                f"order {order.order_id}: the ERP may still be making it; again from "
                f"{until:%H:%M:%S}Z on"
            )
            continue
        try:
            rows.append(_row(_push_order(books, erp, order, dry_run)))
        except InvalidInput as error:
            refused.append(f"order {order.order_id}: {error}")
    return _pushed("orders", dry_run, rows, [*refused, *erp.left_out])


def _push_order(books: Books, erp: Erp, order: Order, dry_run: bool) -> Pushed:
    try:
        pushed = erp.push_order(order)
    except ConnectorError:
        # The answer is lost, and perhaps nothing else: it is looked up when the ERP has settled.
        with books.store.write(ACTOR, books.now()) as tx:
            remember(tx, UNCERTAIN, order.order_id, books.wall_clock().isoformat())
        raise
    if pushed.done == "created" and not dry_run:
        with books.store.write(ACTOR, books.now()) as tx:
            tx.note("order_pushed", order.order_id, after={"erp_id": pushed.erp_id})
    return pushed


def push_min_max(books: Books, erp: Erp, dry_run: bool) -> Done:
    """Tell the thresholds as tuned."""
    wanted = [
        Threshold(
            location_id=row["location_id"],
            part_id=row["part_id"],
            reorder_point=row["reorder_point"],
            order_up_to_level=row["order_up_to_level"],
        )
        for row in erp_export.min_max(books)
    ]
    rows = [_row(each) for each in erp.push_min_max(wanted)]
    return _pushed("min_max", dry_run, rows, erp.left_out)


def _pushed(kind: str, dry_run: bool, rows: list[Row], refused: list[str]) -> Done:
    counts = dict.fromkeys(("created", "updated", "there"), 0)
    for row in rows:
        counts[row["done"]] += 1
    verb = "would be " if dry_run else ""
    return Done(
        kind=kind,
        dry_run=dry_run,
        summary=f"{kind}: {counts['created']:,} {verb}created, {counts['updated']:,} {verb}"
        f"updated, {counts['there']:,} there already, {len(refused):,} refused",
        rows=tuple(row for row in rows if row["done"] != "there"),
        refused=tuple(refused),
    )


def _row(pushed: Pushed) -> Row:
    return {"what": pushed.what, "done": pushed.done, "erp_id": pushed.erp_id}


def _unsettled(uncertain: Mapping[str, str], order_id: str, now: datetime) -> datetime | None:
    """Until when a lost call may still be worked on over there; None when it is settled."""
    if order_id not in uncertain:
        return None
    until = datetime.fromisoformat(uncertain[order_id]) + SETTLED_AFTER
    return until if now < until else None


@contextmanager
def only_one(books: Books) -> Iterator[None]:
    """Two pushes at once would both find nothing there, and both make it."""
    holder = uuid4().hex
    with books.store.write(ACTOR, books.wall_clock(), audited=False) as tx:
        taken = leases.take(tx, "erp_push", holder, _LEASE)
    if not taken:
        raise InvalidInput("another push is running; wait until it is done")
    try:
        yield
    finally:
        with books.store.write(ACTOR, books.wall_clock(), audited=False) as tx:
            leases.give_back(tx, "erp_push", holder)
