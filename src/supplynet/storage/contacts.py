"""Contacts of users as they are kept, for who seals them anew; see ``users`` for all else."""

from __future__ import annotations

from sqlalchemy import select, update

from supplynet.storage.tables import users
from supplynet.storage.transaction import ReadTx, WriteTx


def kept(tx: ReadTx) -> dict[str, str]:
    """Contact by user id, sealed or not, of those who have one."""
    query = select(users.c.user_id, users.c.contact).where(users.c.contact.is_not(None))
    return {row.user_id: row.contact for row in tx.connection.execute(query)}


def replace(tx: WriteTx, contacts: dict[str, str]) -> None:
    """Write contacts that say what they said, in another spelling; one line in the audit log."""
    for user_id, text in contacts.items():
        query = update(users).where(users.c.user_id == user_id)
        tx.connection.execute(query.values(contact=text))
    if contacts:
        tx.note("contacts_sealed_anew", "users", after={"contacts": len(contacts)})
