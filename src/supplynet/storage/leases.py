"""Leases: which of several servers does a piece of work now.

A lease saves double work; it is not what keeps the books right. That is done by keys and by
transactions, so two holders for a moment (a server that slept, clocks that differ) do no harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from supplynet.storage.tables import leases as table
from supplynet.storage.transaction import ReadTx, WriteTx


def take(tx: WriteTx, name: str, holder: str, for_: timedelta) -> bool:
    """Take or renew a lease until ``tx.now + for_``; False while another holds it."""
    dialect = sqlite if tx.is_sqlite else postgresql
    statement = dialect.insert(table).values(name=name, holder=holder, expires_at=tx.now + for_)
    free = or_(table.c.holder == holder, table.c.expires_at <= tx.now)
    taken = tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "expires_at": tx.now + for_},
            where=free,
        ).returning(table.c.name)  # the driver of PostgreSQL does not count inserted rows
    )
    return taken.first() is not None


def give_back(tx: WriteTx, name: str, holder: str) -> None:
    """End a lease, so that another can take it at once; another's is left alone."""
    tx.connection.execute(delete(table).where(table.c.name == name, table.c.holder == holder))


def holder_of(tx: ReadTx, name: str, now: datetime) -> str | None:
    """Who holds a lease; None when nobody does."""
    query = select(table.c.holder).where(table.c.name == name, table.c.expires_at > now)
    found: str | None = tx.connection.scalar(query)
    return found
