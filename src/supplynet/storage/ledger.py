"""The ledger in the database: append only, safe to retry, one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, insert, select

from supplynet.core.ledger import Account, Balances, Movement, post
from supplynet.core.orders import RELEASED
from supplynet.errors import ConflictingContent, NotFound
from supplynet.storage import balances as projections
from supplynet.storage.tables import balances as balance_table
from supplynet.storage.tables import movements as table
from supplynet.storage.tables import orders
from supplynet.storage.transaction import ReadTx, WriteTx

_FIELDS = tuple(field.name for field in fields(Movement))
_CONTENT = tuple(name for name in _FIELDS if name != "recorded_at")
_COLUMNS = tuple(table.c[name] for name in _FIELDS)
_CHUNK = 1000


def append_movements(tx: WriteTx, movements: Iterable[Movement]) -> int:
    """Append movements, move the balances with them, and return how many were new.

    A movement that is already there is skipped, so a sender may safely retry; when the books
    learned of it (``recorded_at``) may differ, everything else must be the same.

    Raises:
        ConflictingContent: A ``movement_id`` is already there with other content; nothing is
            written.
    """
    new = _new(tx, movements)
    if not new:
        return 0
    first = tx.take_seq(table, len(new))
    rows = [{"seq": first + i, **_row(movement)} for i, movement in enumerate(new)]
    tx.connection.execute(insert(table), rows)
    projections.apply(tx, post(Counter(), new))
    tx.note(
        "moved",
        new[0].movement_id,
        after={"count": len(new), "first_seq": first},
        reason=new[0].reason,
    )
    tx.change("movement", new[-1].movement_id)
    return len(new)


def get(tx: ReadTx, movement_id: str) -> Movement:
    """One movement, to be reversed for example.

    Raises:
        NotFound: There is none with this id.
    """
    found = _known(tx, [movement_id]).get(movement_id)
    if found is None:
        raise NotFound("movement", movement_id)
    return found


def on_hand(tx: ReadTx) -> dict[tuple[str, str], int]:
    """Usable stock by (location, part); below 0 where a receipt or count is missing."""
    query = select(balance_table).where(balance_table.c.account == Account.ON_HAND.value)
    rows = tx.connection.execute(query)
    return {(row.location_id, row.part_id): row.quantity for row in rows}


def on_order(tx: ReadTx) -> dict[tuple[str, str], int]:
    """Released and not yet received, by (receiving location, part), > 0."""
    missing = func.sum(orders.c.quantity - orders.c.received)
    query = (
        select(orders.c.to_location, orders.c.part_id, missing)
        .where(orders.c.state.in_([state.value for state in RELEASED]))
        .where(orders.c.received < orders.c.quantity)
        .group_by(orders.c.to_location, orders.c.part_id)
    )
    rows = tx.connection.execute(query)
    return {(location, part): int(quantity) for location, part, quantity in rows}


def balances(tx: ReadTx) -> Balances:
    """Every balance that is not 0, by (part, location, account)."""
    query = select(balance_table).where(balance_table.c.quantity != 0)
    return Counter(
        {
            (row.part_id, row.location_id, Account(row.account)): row.quantity
            for row in tx.connection.execute(query)
        }
    )


def movements_between(
    tx: ReadTx,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    from_accounts: Sequence[Account] | None = None,
    to_accounts: Sequence[Account] | None = None,
) -> list[Movement]:
    """Movements that occurred in ``[start, end)``, oldest first; an end left out is open."""
    query = select(*_COLUMNS).order_by(table.c.occurred_at, table.c.seq)
    if start is not None:
        query = query.where(table.c.occurred_at >= start)
    if end is not None:
        query = query.where(table.c.occurred_at < end)
    if from_accounts is not None:
        query = query.where(table.c.from_account.in_([account.value for account in from_accounts]))
    if to_accounts is not None:
        query = query.where(table.c.to_account.in_([account.value for account in to_accounts]))
    return [_movement(row) for row in tx.connection.execute(query).mappings()]


def movements_of_order(tx: ReadTx, order_id: str) -> list[Movement]:
    """Movements of one order, in the order of posting."""
    query = select(*_COLUMNS).where(table.c.order_id == order_id).order_by(table.c.seq)
    return [_movement(row) for row in tx.connection.execute(query).mappings()]


def movements_after(tx: ReadTx, seq: int, limit: int = 10_000) -> list[tuple[int, Movement]]:
    """Up to ``limit`` movements posted after number ``seq``, with their numbers."""
    query = select(table.c.seq, *_COLUMNS).where(table.c.seq > seq)
    query = query.order_by(table.c.seq).limit(limit)
    return [(row["seq"], _movement(row)) for row in tx.connection.execute(query).mappings()]


def _new(tx: ReadTx, movements: Iterable[Movement]) -> list[Movement]:
    """Those that the books do not have yet, each once."""
    batch = list(movements)
    known = _known(tx, [movement.movement_id for movement in batch])
    new = []
    for movement in batch:
        earlier = known.get(movement.movement_id)
        if earlier is None:
            known[movement.movement_id] = movement
            new.append(movement)
        elif any(getattr(earlier, name) != getattr(movement, name) for name in _CONTENT):
            raise ConflictingContent("movement", movement.movement_id)
    return new


def _known(tx: ReadTx, ids: Sequence[str]) -> dict[str, Movement]:
    found: dict[str, Movement] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(*_COLUMNS).where(table.c.movement_id.in_(ids[start : start + _CHUNK]))
        for row in tx.connection.execute(query).mappings():
            found[row["movement_id"]] = _movement(row)
    return found


def _row(movement: Movement) -> dict[str, Any]:
    row = {name: getattr(movement, name) for name in _FIELDS}
    row["from_account"] = movement.from_account.value
    row["to_account"] = movement.to_account.value
    return row


def _movement(row: RowMapping) -> Movement:
    values = {name: row[name] for name in _FIELDS}
    values["from_account"] = Account(values["from_account"])
    values["to_account"] = Account(values["to_account"])
    return Movement(**values)
