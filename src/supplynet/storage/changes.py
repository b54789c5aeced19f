"""The change feed: what is other than before, in the order in which it became visible.

A reader that has seen number N never meets a new one below N, and there are no gaps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from supplynet.errors import SnapshotMoved
from supplynet.storage.bulk import Insert
from supplynet.storage.tables import changes
from supplynet.storage.transaction import ReadTx, WriteTx

_insert = Insert(changes, ("seq", "kind", "ref", "at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``ref`` of this ``kind`` (event, movement, order, alert, plan, job, setting) changed."""

    seq: int
    kind: str
    ref: str
    at: datetime


def append(tx: WriteTx) -> None:
    """Write what the transaction has collected; called once, at its end."""
    if not tx.changed:
        return
    first = tx.take_seq(changes, len(tx.changed))
    _insert(tx, [(first + i, kind, ref, tx.now) for i, (kind, ref) in enumerate(tx.changed)])


def latest_seq(tx: ReadTx, kinds: Collection[str] | None = None) -> int:
    """Number of the newest change, of these kinds if given; 0 when there is none."""
    query = select(func.max(changes.c.seq))
    if kinds is not None:
        query = query.where(changes.c.kind.in_(list(kinds)))
    return tx.connection.scalar(query) or 0


def newest_of(tx: ReadTx, kinds: Sequence[str]) -> int:
    """Number of the newest change of these kinds, 0 when there is none; one look at each kind."""
    # One query with all kinds would read every change of them.
    query = [select(func.max(changes.c.seq)).where(changes.c.kind == kind) for kind in kinds]
    return max((tx.connection.scalar(each) or 0 for each in query), default=0)


def changes_since(
    tx: ReadTx, seq: int, limit: int = 1000, kinds: Collection[str] = ()
) -> list[Change]:
    """Up to ``limit`` changes after ``seq``, of these kinds if given, oldest first."""
    query = select(changes).where(changes.c.seq > seq).order_by(changes.c.seq).limit(limit)
    if kinds:
        query = query.where(changes.c.kind.in_(list(kinds)))
    return [Change(**row) for row in tx.connection.execute(query).mappings()]


def oldest_seq(tx: ReadTx) -> int:
    """Number of the oldest change still kept; one who has seen less needs a fresh snapshot."""
    return tx.connection.scalar(select(func.min(changes.c.seq))) or 0


def require_unmoved(tx: ReadTx, seq: int, kinds: Collection[str]) -> None:
    """Check that nothing of these kinds has changed after ``seq``.

    Raises:
        SnapshotMoved: Something has; compute again.
    """
    found = latest_seq(tx, kinds)
    if found > seq:
        raise SnapshotMoved(seq, found)


def prune(tx: WriteTx, keep: int) -> int:
    """Forget all but the newest ``keep`` changes (at least 1); returns how many went."""
    last_kept = latest_seq(tx) - max(keep, 1)
    return tx.connection.execute(delete(changes).where(changes.c.seq <= last_kept)).rowcount
