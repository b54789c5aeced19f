"""Dead letters: what came in and could not be taken, as it came, until somebody decides.

The same letter again is the same dead letter, tried once more; so a sender that repeats itself
fills no disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import RowMapping, func, insert, select, update

from supplynet.errors import NotFound
from supplynet.storage.tables import dead_letters as table
from supplynet.storage.transaction import ReadTx, WriteTx

MOST_BYTES = 64 * 1024
"""Of a payload; what is longer is cut off here, for it can never be taken."""
_LONGEST_REASON = 2000
_LONGEST_SOURCE = 512


class LetterState(StrEnum):
    """Waiting for somebody; taken in after all; or dropped as worthless."""

    WAITING = "waiting"
    REPLAYED = "replayed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One letter that could not be taken.

    Attributes:
        channel: How it came: ``http``, ``mqtt``, ``file``.
        source: From where: a topic, a file and row.
        reason: Why it was not taken, when it was last tried.
        tries: How often it came or was tried.
        decided_at, decided_by: When it was replayed or dropped, and by whom.
    """

    seq: int
    channel: str
    source: str
    payload: bytes
    reason: str
    state: LetterState
    tries: int
    received_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None


_FIELDS = tuple(field.name for field in fields(DeadLetter))


def add(tx: WriteTx, channel: str, source: str, payload: bytes, reason: str) -> None:
    """Put a letter aside; one that is there already is tried once more and waits again."""
    source, reason = _text(source, _LONGEST_SOURCE), _text(reason, _LONGEST_REASON)
    digest = hashlib.sha256(payload).hexdigest()
    again = tx.connection.execute(
        update(table)
        .where(table.c.channel == channel, table.c.source == source)
        .where(table.c.payload_hash == digest)
        .values(
            reason=reason,
            tries=table.c.tries + 1,
            state=LetterState.WAITING.value,
            decided_at=None,
            decided_by=None,
        )
    )
    if again.rowcount == 0:
        tx.connection.execute(
            insert(table).values(
                seq=tx.take_seq(table),
                channel=channel,
                source=source,
                payload=payload[:MOST_BYTES],
                payload_hash=digest,
                reason=reason,
                state=LetterState.WAITING.value,
                tries=1,
                received_at=tx.now,
            )
        )
    tx.change("dead_letter", digest)


def get(tx: ReadTx, seq: int) -> DeadLetter:
    """One dead letter.

    Raises:
        NotFound: There is none with this number.
    """
    row = tx.connection.execute(select(table).where(table.c.seq == seq)).mappings().first()
    if row is None:
        raise NotFound("dead letter", str(seq))
    return _letter(row)


def list_letters(
    tx: ReadTx,
    *,
    states: Sequence[LetterState] = (LetterState.WAITING,),
    after: int = 0,
    limit: int = 200,
) -> list[DeadLetter]:
    """Dead letters in these states, oldest first, those after number ``after``."""
    query = (
        select(table)
        .where(table.c.state.in_([state.value for state in states]), table.c.seq > after)
        .order_by(table.c.seq)
        .limit(limit)
    )
    return [_letter(row) for row in tx.connection.execute(query).mappings()]


def waiting(tx: ReadTx) -> int:
    """How many wait for somebody."""
    query = select(func.count()).select_from(table)
    return tx.connection.scalar(query.where(table.c.state == LetterState.WAITING.value)) or 0


def decide(tx: WriteTx, seqs: Iterable[int], state: LetterState, reason: str = "") -> None:
    """Say that letters were replayed or dropped, and by whom."""
    for seq in seqs:
        tx.connection.execute(
            update(table)
            .where(table.c.seq == seq)
            .values(state=state.value, decided_at=tx.now, decided_by=tx.actor)
        )
        tx.note(f"dead_letter_{state.value}", str(seq), reason=reason)
        tx.change("dead_letter", str(seq))


def tried(tx: WriteTx, seq: int, reason: str) -> None:
    """Say why a letter could not be taken this time either."""
    tx.connection.execute(
        update(table)
        .where(table.c.seq == seq)
        .values(reason=_text(reason, _LONGEST_REASON), tries=table.c.tries + 1)
    )
    tx.change("dead_letter", str(seq))


def _text(said: str, longest: int) -> str:
    """What both databases can store: no NUL, no half of a surrogate pair, not too long."""
    whole = said.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return whole.encode("utf-8", "replace").decode("utf-8")[:longest]


def _letter(row: RowMapping) -> DeadLetter:
    values = {name: row[name] for name in _FIELDS}
    values["payload"] = bytes(values["payload"])
    return DeadLetter(**values | {"state": LetterState(row["state"])})
