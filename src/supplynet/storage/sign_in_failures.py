"""Counts of failed sign-ins; what they mean is in ``security.lockout``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import delete, insert, select

from supplynet.security.lockout import FORGOTTEN, Failures
from supplynet.storage.tables import sign_in_failures as table
from supplynet.storage.transaction import ReadTx, WriteTx


def known(tx: ReadTx, keys: Collection[str]) -> dict[str, Failures]:
    """The counts under some keys; a key without failures is not there."""
    query = select(table).where(table.c.key.in_(list(keys)))
    return {row["key"]: Failures(**row) for row in tx.connection.execute(query).mappings()}


def keep(tx: WriteTx, counts: Collection[Failures]) -> None:
    """Write counts; those that mean nothing any more go."""
    clear(tx, [each.key for each in counts])
    tx.connection.execute(delete(table).where(table.c.last_at < tx.now - FORGOTTEN))
    tx.connection.execute(insert(table), [asdict(each) for each in counts])


def clear(tx: WriteTx, keys: Collection[str]) -> None:
    """Forget the failures under some keys."""
    tx.connection.execute(delete(table).where(table.c.key.in_(list(keys))))
