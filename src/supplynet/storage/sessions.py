"""Who is signed in: by the SHA-256 of what the cookie holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update

from supplynet.storage.tables import sessions as table
from supplynet.storage.transaction import ReadTx, WriteTx

SessionHow = Literal["password", "badge"]
IDLE: Mapping[str, timedelta] = MappingProxyType(
    {"password": timedelta(minutes=60), "badge": timedelta(minutes=15)}
)
"""A session that is not used for this long is over."""
LASTS: Mapping[str, timedelta] = MappingProxyType(
    {"password": timedelta(hours=12), "badge": timedelta(hours=8)}
)
"""A session is over after this long, whatever is done with it."""
SEEN_EVERY = timedelta(minutes=1)
"""How often it is written down that a session is used."""
MOST_SESSIONS = 20
"""Of one person at a time; one more ends the oldest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser or handheld of one person.

    Attributes:
        address: Where it was opened.
        seen_at: When it was last used, to the minute.
        expires_at: When it is over, however much it is used.
    """

    session_hash: str
    user_id: str
    how: SessionHow
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime

    def is_open(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return now < self.expires_at and now - self.seen_at < IDLE[self.how]


def add(tx: WriteTx, session: Session) -> None:
    """Open a session; those that are over go, and the oldest of the person beyond the most."""
    tx.connection.execute(delete(table).where(table.c.expires_at <= tx.now))
    query = select(table.c.session_hash).where(table.c.user_id == session.user_id)
    query = query.order_by(table.c.created_at.desc(), table.c.session_hash)
    rows = tx.connection.execute(query.offset(MOST_SESSIONS - 1))
    for row in rows.all():
        end(tx, row.session_hash)
    tx.connection.execute(insert(table).values(**asdict(session)))


def find(tx: ReadTx, session_hash: str) -> Session | None:
    """The session, if there is one; it may be over."""
    query = select(table).where(table.c.session_hash == session_hash)
    row = tx.connection.execute(query).mappings().first()
    return None if row is None else Session(**row)


def touch(tx: WriteTx, session_hash: str) -> None:
    """Write down that it is used, unless that was done within a minute."""
    query = update(table).where(table.c.session_hash == session_hash)
    tx.connection.execute(
        query.where(table.c.seen_at <= tx.now - SEEN_EVERY).values(seen_at=tx.now)
    )


def end(tx: WriteTx, session_hash: str) -> bool:
    """End one session; whether there was one."""
    return _deleted(tx, table.c.session_hash == session_hash) > 0


def end_all(tx: WriteTx, user_id: str, how: SessionHow | None = None) -> int:
    """End every session of a person, or those of one kind; how many there were."""
    theirs = table.c.user_id == user_id
    return _deleted(tx, theirs if how is None else theirs & (table.c.how == how))


def _deleted(tx: WriteTx, condition: Any) -> int:
    gone = tx.connection.execute(delete(table).where(condition).returning(table.c.session_hash))
    return len(gone.all())
