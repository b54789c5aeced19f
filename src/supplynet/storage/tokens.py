"""Tokens of machines, by their SHA-256. A revoked one stays: the audit log names it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from supplynet.core.sites import Sites
from supplynet.errors import NotFound
from supplynet.storage.tables import tokens as table
from supplynet.storage.transaction import ReadTx, WriteTx

SEEN_EVERY = timedelta(minutes=1)
"""How often it is written down that a token is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What one machine may do in its owner's name.

    Attributes:
        scopes: Permissions that it is limited to, at least one.
        sites: Sites that it is limited to; None = those of its owner.
        expires_at: None = never.
        last_used_at: To the minute.
    """

    token_id: str
    user_id: str
    name: str
    token_hash: str = field(repr=False)
    scopes: frozenset[str]
    sites: Sites
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def add(tx: WriteTx, token: Token, owner: str) -> None:
    """Add a token of ``owner``, a user's name."""
    tx.connection.execute(insert(table).values(**_row(token)))
    tx.note("token_added", token.token_id, after=_told(token, owner))


def get(tx: ReadTx, token_id: str) -> Token:
    """One token by its id.

    Raises:
        NotFound: There is none.
    """
    found = _one(tx, table.c.token_id == token_id)
    if found is None:
        raise NotFound("token", token_id, "see supplynet token list")
    return found


def find(tx: ReadTx, token_hash: str) -> Token | None:
    """The token, if there is one; it may be revoked."""
    return _one(tx, table.c.token_hash == token_hash)


def list_tokens(
    tx: ReadTx,
    user_ids: Collection[str] | None = None,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> list[Token]:
    """Tokens by id, the oldest first, revoked ones too; of some users if given."""
    query = select(table).order_by(table.c.token_id).limit(limit)
    if user_ids is not None:
        query = query.where(table.c.user_id.in_(list(user_ids)))
    if after is not None:
        query = query.where(table.c.token_id > after)
    return [_token(row) for row in tx.connection.execute(query).mappings()]


def revoke(tx: WriteTx, token: Token, owner: str, *, reason: str = "") -> None:
    """Make a token worthless for good."""
    query = update(table).where(table.c.token_id == token.token_id)
    tx.connection.execute(query.values(revoked_at=tx.now))
    tx.note("token_revoked", token.token_id, before=_told(token, owner), reason=reason)


def touch(tx: WriteTx, token_id: str) -> None:
    """Write down that it is used, unless that was done within a minute."""
    seen = table.c.last_used_at
    stale = seen.is_(None) | (seen <= tx.now - SEEN_EVERY)
    query = update(table).where(table.c.token_id == token_id).where(stale)
    tx.connection.execute(query.values(last_used_at=tx.now))


def _told(token: Token, owner: str) -> dict[str, Any]:
    """What the audit log may know."""
    sites = None if token.sites is None else sorted(token.sites)
    scopes = sorted(token.scopes)
    named = {"owner": owner, "name": token.name, "scopes": scopes, "sites": sites}
    return named | {"expires_at": token.expires_at}


def _row(token: Token) -> dict[str, Any]:
    values = {each.name: getattr(token, each.name) for each in fields(token)}
    sites = None if token.sites is None else sorted(token.sites)
    return values | {"scopes": sorted(token.scopes), "sites": sites}


def _one(tx: ReadTx, condition: Any) -> Token | None:
    row = tx.connection.execute(select(table).where(condition)).mappings().first()
    return None if row is None else _token(row)


def _token(row: RowMapping) -> Token:
    sites = None if row["sites"] is None else frozenset(row["sites"])
    return Token(**{**row, "scopes": frozenset(row["scopes"]), "sites": sites})
