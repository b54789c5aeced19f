"""The audit log: who did what to what, when, from where and why. Append-only, chained by hashes.

Row n holds SHA-256(hash of row n-1, newline, row n as stable JSON), so that an edited, deleted,
swapped or inserted row shows: see ``audit_chain``. Against cutting off the end, or computing the
whole chain anew, only an anchor outside the database helps: see ``security.anchors``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from supplynet.core.origin import LONGEST_ORIGIN, ORIGIN
from supplynet.storage.audit_chain import COLUMNS, GENESIS, hash_of, walk
from supplynet.storage.bulk import Insert
from supplynet.storage.column_types import encode_json
from supplynet.storage.tables import audit
from supplynet.storage.transaction import ReadTx, WriteTx

__all__ = ["GENESIS", "AuditEntry", "append", "entries", "first_bad_row", "head", "newest"]
_HEAD = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_insert = Insert(audit, COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One row of the audit log.

    Attributes:
        seq: Its number, from 1 on without gaps.
        at: When, by the books' clock, aware.
        origin: From where: ``http 10.1.2.3``, ``cli``; None = the server's own process.
    """

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
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries; all that is given must hold.

    Attributes:
        since, until: Bounds of ``at``, ``[since, until)``.
    """

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def append(tx: WriteTx) -> None:
    """Write the transaction's notes; called once, at its end."""
    if not tx.notes:
        return
    last, previous = head(tx)
    first = tx.take_seq(audit, len(tx.notes), last=last)
    origin = ORIGIN.get()
    rows = []
    for i, note in enumerate(tx.notes):
        come_from = origin if note.origin is None else note.origin
        row: dict[str, Any] = {
            "seq": first + i,
            "at": tx.now,
            "actor": note.actor or tx.actor,
            "action": note.action,
            "subject": note.subject,
            "before": _as_stored(note.before),
            "after": _as_stored(note.after),
            "reason": note.reason,
            "origin": come_from[:LONGEST_ORIGIN] or None,
        }
        row |= {"prev_hash": previous, "hash": hash_of(previous, row)}
        previous = row["hash"]
        rows.append([row[name] for name in COLUMNS])
    _insert(tx, rows)


def head(tx: ReadTx) -> tuple[int, str]:
    """Number and hash of the newest row: what is kept outside as an anchor."""
    row = tx.connection.exec_driver_sql(_HEAD).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def entries(
    tx: ReadTx, *, subject: str | None = None, after_seq: int = 0, limit: int = 1000
) -> list[AuditEntry]:
    """Up to ``limit`` entries after ``after_seq``, oldest first; of one subject if given."""
    query = _chosen(Wanted(subject=subject)).where(audit.c.seq > after_seq)
    return _all(tx, query.order_by(audit.c.seq).limit(limit))


def oldest(tx: ReadTx, wanted: Wanted, *, after_seq: int, limit: int) -> list[AuditEntry]:
    """Up to ``limit`` entries after ``after_seq``, oldest first."""
    query = _chosen(wanted).where(audit.c.seq > after_seq)
    return _all(tx, query.order_by(audit.c.seq).limit(limit))


def newest(
    tx: ReadTx, wanted: Wanted, *, before_seq: int | None = None, limit: int = 200
) -> list[AuditEntry]:
    """Up to ``limit`` entries before ``before_seq`` (None = from the end on), newest first."""
    query = _chosen(wanted)
    if before_seq is not None:
        query = query.where(audit.c.seq < before_seq)
    return _all(tx, query.order_by(audit.c.seq.desc()).limit(limit))


def first_bad_row(tx: ReadTx) -> int | None:
    """Number of the first row that is not as it was written; None when the chain holds."""
    fault = walk(tx).fault
    return None if fault is None else fault.row


def _chosen(wanted: Wanted) -> Any:
    query = select(audit)
    for name in ("actor", "action", "subject"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(audit.c[name] == value)
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit.c.at < wanted.until)
    return query


def _all(tx: ReadTx, query: Any) -> list[AuditEntry]:
    return [AuditEntry(**row) for row in tx.connection.execute(query).mappings()]


def _as_stored(value: Any) -> Any:
    """What a reader will get back, so that the hash is over the same (keys are text, say)."""
    return json.loads(encode_json(value))
