"""Undoing a mis-scan: a second movement the other way, once."""

from __future__ import annotations

from datetime import datetime

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account, Movement, reverse
from supplynet.cycle.counts import CountedStock
from supplynet.errors import LedgerError
from supplynet.storage import ReadTx, Store, ledger


def undo(store: Store, movement_id: str, *, actor: str, now: datetime, reason: str) -> Movement:
    """Undo one movement and return the one that undoes it.

    It takes effect at the moment of the wrong one: the use of that shift is right again, and a
    count since then, which saw what was really there, still holds.

    Raises:
        NotFound: There is no such movement.
        LedgerError: It was undone before, undoes another one, or belongs to a count or an order.
    """
    with store.write(actor, now) as tx:
        wrong = ledger.get(tx, movement_id)
        undone_by = f"{movement_id}~undo"
        _check(tx, wrong, undone_by)
        right = reverse(
            wrong, movement_id=undone_by, recorded_at=now, actor=actor, reason=reason or "undone"
        )
        # Counts are asked as if the movement were an event of its moment that comes late.
        late = Event(
            source="undo",
            event_id="undo",
            type=EventType.RETURNED,
            occurred_at=right.occurred_at,
            location_id=right.to_location,
            part_id=right.part_id,
        )
        ledger.append_movements(tx, CountedStock(tx, [late]).post(late, [right]))
        tx.note("movement_undone", movement_id, after={"by": undone_by}, reason=reason)
    return right


def _check(tx: ReadTx, wrong: Movement, undone_by: str) -> None:
    name = f"movement {wrong.movement_id}"
    for undone in ledger.find(tx, [undone_by]):
        raise LedgerError(
            f"{name} was undone by {undone.actor} at {undone.recorded_at.isoformat()}; "
            "it is undone once only"
        )
    if wrong.reverses is not None:
        raise LedgerError(f"{name} undoes {wrong.reverses}; report again what happened instead")
    if wrong.order_id is not None:
        raise LedgerError(f"{name} belongs to order {wrong.order_id}; reverse the order instead")
    if Account.ADJUSTMENT in {wrong.from_account, wrong.to_account}:
        raise LedgerError(f"{name} is the difference of a count; count again instead")
