"""Outgoing messages: written with what they tell of, sent afterwards, at least once.

A sender claims messages for a while; one that dies loses the claim, and another sends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from supplynet.storage.tables import outbox as table
from supplynet.storage.transaction import ReadTx, WriteTx

_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to the outside.

    Attributes:
        message_id: Goes out with it, so that the receiver can skip a second delivery.
        attempts: How often it has been tried, this time included.
    """

    message_id: str
    kind: str
    payload: Any
    attempts: int
    created_at: datetime


def enqueue(tx: WriteTx, message_id: str, kind: str, payload: Mapping[str, Any]) -> None:
    """Write a message in the transaction of what it tells of; sent only if that commits."""
    tx.connection.execute(
        insert(table).values(
            message_id=message_id,
            kind=kind,
            payload=dict(payload),
            created_at=tx.now,
            due_at=tx.now,
            attempts=0,
        )
    )


def claim(tx: WriteTx, *, lease: timedelta, limit: int = 100) -> list[Message]:
    """Take up to ``limit`` due messages for ``tx.actor``, oldest first, for ``lease``."""
    query = (
        select(table)
        .where(table.c.sent_at.is_(None), table.c.due_at <= tx.now)
        .order_by(table.c.created_at, table.c.message_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = tx.connection.execute(query).mappings().all()
    if not rows:
        return []
    tx.connection.execute(
        update(table)
        .where(table.c.message_id.in_([row["message_id"] for row in rows]))
        .values(attempts=table.c.attempts + 1, leased_by=tx.actor, due_at=tx.now + lease)
    )
    return [
        Message(
            message_id=row["message_id"],
            kind=row["kind"],
            payload=row["payload"],
            attempts=row["attempts"] + 1,
            created_at=row["created_at"],
        )
        for row in rows
    ]


def mark_sent(tx: WriteTx, message_id: str) -> None:
    """The receiver has it."""
    tx.connection.execute(
        update(table)
        .where(table.c.message_id == message_id, table.c.sent_at.is_(None))
        .values(sent_at=tx.now, leased_by=None, error=None)
    )


def mark_failed(tx: WriteTx, message: Message, error: str) -> datetime:
    """Try again later: after 1, 2, 4, ... seconds, an hour at most; returns when.

    Only the holder of the claim may say so; another's word is ignored.
    """
    wait = min(_FIRST_WAIT * 2 ** min(message.attempts - 1, 12), _LONGEST_WAIT)
    due_at: datetime = tx.now + wait
    tx.connection.execute(
        update(table)
        .where(table.c.message_id == message.message_id, table.c.sent_at.is_(None))
        .where(or_(table.c.leased_by == tx.actor, table.c.leased_by.is_(None)))
        .values(due_at=due_at, leased_by=None, error=error)
    )
    return due_at


def waiting(tx: ReadTx) -> int:
    """Messages not yet sent."""
    query = select(func.count()).select_from(table).where(table.c.sent_at.is_(None))
    return tx.connection.scalar(query) or 0
