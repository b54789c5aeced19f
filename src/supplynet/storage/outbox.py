"""Outgoing messages: written with what they tell of, then handed to the channels that want them.

What becomes of a message on each channel is in ``deliveries``. A message that no channel wants is
handed on all the same: it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, exists, func, insert, select, update

from supplynet.errors import ConflictingContent, NotFound
from supplynet.storage.column_types import encode_json
from supplynet.storage.tables import deliveries
from supplynet.storage.tables import outbox as table
from supplynet.storage.transaction import ReadTx, WriteTx


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to the outside.

    Attributes:
        message_id: Goes out with it, so that the receiver can skip a second delivery.
        kind: ``order``, ``alert``, ...
        payload: What JSON can hold; its moments are RFC 3339 texts.
        due_at: Not handed on before that.
        routed_at: When it was handed to its channels; None before.
    """

    message_id: str
    kind: str
    payload: dict[str, Any]
    created_at: datetime
    due_at: datetime
    routed_at: datetime | None = None


def enqueue(
    tx: WriteTx,
    message_id: str,
    kind: str,
    payload: Mapping[str, Any],
    *,
    due_at: datetime | None = None,
) -> bool:
    """Write a message in the transaction of what it tells of; sent only if that commits.

    The same message again is skipped; returns whether it was new.

    Args:
        tx: The transaction of the cause.
        message_id: Its key, 1 to 64 of ``A-Z a-z 0-9 . _ -``.
        kind: What it is about.
        payload: What JSON can hold.
        due_at: Not sent before that; default: at once.

    Raises:
        ConflictingContent: The id was used for another message.
    """
    known = tx.connection.execute(select(table).where(table.c.message_id == message_id)).first()
    if known is not None:
        if (known.kind, encode_json(known.payload)) != (kind, encode_json(dict(payload))):
            raise ConflictingContent("message", message_id)
        return False
    tx.connection.execute(
        insert(table).values(
            message_id=message_id,
            kind=kind,
            payload=dict(payload),
            created_at=tx.now,
            due_at=due_at or tx.now,
        )
    )
    return True


def withdraw(tx: WriteTx, message_id: str) -> bool:
    """Take a message back that was not yet handed on; whether it was still there."""
    query = delete(table).where(table.c.message_id == message_id, table.c.sent_at.is_(None))
    return bool(tx.connection.execute(query).rowcount)


def claim(tx: WriteTx, *, limit: int = 100) -> list[Message]:
    """Up to ``limit`` due messages that nobody else is handing on, oldest first."""
    query = (
        select(table)
        .where(table.c.sent_at.is_(None), table.c.due_at <= tx.now)
        .order_by(table.c.due_at, table.c.created_at, table.c.message_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_message(row) for row in tx.connection.execute(query).mappings()]


def mark_routed(tx: WriteTx, message_id: str) -> None:
    """Its deliveries are written, in this very transaction."""
    query = update(table).where(table.c.message_id == message_id, table.c.sent_at.is_(None))
    tx.connection.execute(query.values(sent_at=tx.now))


def get(tx: ReadTx, message_id: str) -> Message:
    """One message.

    Raises:
        NotFound: There is none with this id.
    """
    query = select(table).where(table.c.message_id == message_id)
    row = tx.connection.execute(query).mappings().first()
    if row is None:
        raise NotFound("message", message_id, "see supplynet outbox list")
    return _message(row)


def is_known(tx: ReadTx, message_id: str) -> bool:
    """Whether a message of this id is there, handed on or not."""
    query = select(table.c.message_id).where(table.c.message_id == message_id)
    return tx.connection.execute(query).first() is not None


def any_due(tx: ReadTx, now: datetime) -> bool:
    """Whether a message waits to be handed on."""
    query = select(table.c.message_id).where(table.c.sent_at.is_(None), table.c.due_at <= now)
    return tx.connection.execute(query.limit(1)).first() is not None


def waiting(tx: ReadTx) -> int:
    """Messages not yet handed to their channels."""
    query = select(func.count()).select_from(table).where(table.c.sent_at.is_(None))
    return tx.connection.scalar(query) or 0


def prune(tx: WriteTx, routed_before: datetime) -> int:
    """Forget messages handed on before that which no delivery names any more; how many went."""
    named = exists().where(deliveries.c.message_id == table.c.message_id)
    query = delete(table).where(table.c.sent_at < routed_before, ~named)
    return tx.connection.execute(query).rowcount


def _message(row: RowMapping) -> Message:
    return Message(
        message_id=row["message_id"],
        kind=row["kind"],
        payload=row["payload"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        routed_at=row["sent_at"],
    )
