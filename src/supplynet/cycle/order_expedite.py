"""Telling the outside, once per order, that a late order has to be pushed."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from supplynet.monitor.expedite import Expedite
from supplynet.storage import WriteTx, audit, outbox

_DONE = "order_expedited"


def push(tx: WriteTx, found: Iterable[Expedite]) -> int:
    """Put a message for each late order into the outbox that has none yet; returns how many."""
    told = 0
    for each in found:
        order = each.order
        if any(entry.action == _DONE for entry in audit.entries(tx, subject=order.order_id)):
            continue
        message = {
            "order_id": order.order_id,
            "kind": order.kind.value,
            "part_id": order.part_id,
            "from_location": order.from_location,
            "to_location": order.to_location,
            "outstanding": order.outstanding,
            "arrives_at": order.arrives_at,
            "runs_out_at": each.runs_out_at,
            "instead_at": each.instead_at,
        }
        message_id = sha256(f"{order.order_id}/expedite".encode()).hexdigest()[:32]
        outbox.enqueue(tx, message_id, "expedite", message)
        tx.note(_DONE, order.order_id, after={"outstanding": order.outstanding})
        tx.change("expedite", order.order_id)
        told += 1
    return told
