"""Answers to commands that came with an idempotency key: the same key gets the same answer.

The answer is written in the transaction of what it tells of: whoever has lost it asks again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from supplynet.errors import ConflictingContent
from supplynet.storage.column_types import encode_json
from supplynet.storage.tables import requests as table
from supplynet.storage.transaction import ReadTx, WriteTx

KEPT_FOR = timedelta(days=7)
LONGEST_KEY = 128
Answer = dict[str, Any]


def content_hash(content: Any) -> str:
    """SHA-256 of what a command asks for: anything that JSON can hold, times included."""
    return hashlib.sha256(encode_json(content).encode()).hexdigest()


def once(tx: WriteTx, key: str | None, content: Any, do: Callable[[], Answer]) -> Answer:
    """Do something once under a key, and give the same answer from then on.

    Args:
        tx: What is done and its answer are written together.
        key: None = no retry is recognised: it is done whenever it is asked for.
        content: What is asked for, in words that JSON can hold.
        do: Does it and answers, in JSON types.

    Raises:
        ConflictingContent: The key was used for something else.
    """
    if key is None:
        return do()
    asked = content_hash(content)
    known: Answer | None = recall(tx, key, asked)
    if known is not None:
        return known
    answer = do()
    keep(tx, key, asked, answer)
    return answer


def recall(tx: ReadTx, key: str, content: str) -> Any | None:
    """The answer that was given under this key; None when there was none.

    Raises:
        ConflictingContent: The key was used for another command.
    """
    row = tx.connection.execute(select(table).where(table.c.key == key)).first()
    if row is None:
        return None
    if row.content_hash != content:
        raise ConflictingContent("idempotency key", key)
    return row.answer


def keep(tx: WriteTx, key: str, content: str, answer: Any) -> None:
    """Keep an answer; those that are older than a week go."""
    tx.connection.execute(delete(table).where(table.c.at < tx.now - KEPT_FOR))
    values = {"key": key, "content_hash": content, "answer": answer, "at": tx.now}
    tx.connection.execute(insert(table).values(**values))


def forget(tx: WriteTx, key: str) -> None:
    """Give a key back, as if it had never been used."""
    tx.connection.execute(delete(table).where(table.c.key == key))
