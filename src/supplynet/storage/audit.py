"""The audit log: who did what to what, when and why. Append-only, and chained by hashes.

Row n holds SHA-256(hash of row n-1, newline, row n as stable JSON), so that an edited, deleted or
swapped row shows. Against cutting off the end only an anchor outside the database helps: keep
``head``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from supplynet.storage.bulk import Insert
from supplynet.storage.column_types import encode_json
from supplynet.storage.tables import audit
from supplynet.storage.transaction import ReadTx, WriteTx

GENESIS = "0" * 64
_HASHED = ("seq", "at", "actor", "action", "subject", "before", "after", "reason")

_COLUMNS = (*_HASHED, "prev_hash", "hash")
_HEAD = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_insert = Insert(audit, _COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One row of the audit log."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: Any
    after: Any
    reason: str
    prev_hash: str
    hash: str


def append(tx: WriteTx) -> None:
    """Write the transaction's notes; called once, at its end."""
    if not tx.notes:
        return
    last, previous = head(tx)
    first = tx.take_seq(audit, len(tx.notes), last=last)
    rows = []
    for i, note in enumerate(tx.notes):
        row: dict[str, Any] = {
            "seq": first + i,
            "at": tx.now,
            "actor": tx.actor,
            "action": note.action,
            "subject": note.subject,
            "before": _as_stored(note.before),
            "after": _as_stored(note.after),
            "reason": note.reason,
        }
        row |= {"prev_hash": previous, "hash": _hash(previous, row)}
        previous = row["hash"]
        rows.append([row[name] for name in _COLUMNS])
    _insert(tx, rows)


def head(tx: ReadTx) -> tuple[int, str]:
    """Number and hash of the newest row: what to keep outside as an anchor."""
    row = tx.connection.exec_driver_sql(_HEAD).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def entries(
    tx: ReadTx, *, subject: str | None = None, after_seq: int = 0, limit: int = 1000
) -> list[AuditEntry]:
    """Up to ``limit`` entries after ``after_seq``, oldest first; of one subject if given."""
    query = select(audit).where(audit.c.seq > after_seq).order_by(audit.c.seq).limit(limit)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return [AuditEntry(**row) for row in tx.connection.execute(query).mappings()]


def first_bad_row(tx: ReadTx) -> int | None:
    """Number of the first row that is edited, missing or out of place; None when all is well."""
    previous = GENESIS
    rows = tx.connection.execute(select(audit).order_by(audit.c.seq)).mappings()
    for expected, row in enumerate(rows, start=1):
        if row["seq"] != expected or row["prev_hash"] != previous:
            return expected
        if row["hash"] != _hash(previous, row):
            return expected
        previous = row["hash"]
    return None


def _as_stored(value: Any) -> Any:
    """What a reader will get back, so that the hash is over the same (keys are text, say)."""
    return json.loads(encode_json(value))


def _hash(previous: str, row: Any) -> str:
    text = encode_json({name: row[name] for name in _HASHED})
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
