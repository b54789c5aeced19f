"""Tokens for machines: never more than their owner may, now and at every later use."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from supplynet.core.ids import check_id, uuid7
from supplynet.core.sites import Sites, both
from supplynet.errors import AccountError, InvalidInput, NotAllowed, NotFound
from supplynet.security.access import PERMISSIONS
from supplynet.security.credentials import fingerprint, new_token
from supplynet.security.principal import Principal, narrower
from supplynet.services.books import Books, plant_of
from supplynet.services.lost_jobs import stop_jobs
from supplynet.services.recognition import forget, principal_of
from supplynet.services.users import check_sites, managed
from supplynet.storage import tokens, users
from supplynet.storage.tokens import Token
from supplynet.storage.transaction import ReadTx
from supplynet.storage.users import User

Row = dict[str, Any]
DAYS, MOST_DAYS, MOST_TOKENS = 365, 3650, 100
"""How long a token lasts unless said otherwise, at most, and how many good ones one user has."""
_MANAGE = "users.manage"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token to be made.

    Attributes:
        scopes: Permissions that it is limited to, at least one.
        sites: Sites that it is limited to; None = those of its owner.
        days: How long it lasts; None = until it is revoked.
        owner: Whose; None = of who asks.
    """

    name: str
    scopes: frozenset[str]
    sites: Sites = None
    days: int | None = DAYS
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A token and its secret, which is shown once."""

    token: Row
    secret: str = field(repr=False)


def add(books: Books, new: NewToken, by: Principal) -> MadeToken:
    """Make a token.

    Raises:
        InvalidInput: A name, scope, site or time that cannot be.
        NotFound: No such owner, or one who may do more than ``by``.
        NotAllowed: A machine asks, or the owner may not do what the token shall do.
        AccountError: The owner has a good token of this name, or too many.
    """
    if by.how == "token":
        raise NotAllowed("a token makes no tokens: they would outlive it; sign in as a person")
    name = check_id(new.name, "token name")
    if new.days is not None and not 1 <= new.days <= MOST_DAYS:
        raise InvalidInput(f"a token lasts 1 to {MOST_DAYS} days, or until it is revoked")
    check_sites(new.sites or (), plant_of(books))
    secret, now = new_token(), books.wall_clock()
    with books.store.write(by.actor, now) as tx:
        owner = _owner(tx, new.owner, by)
        _check_scopes(new, principal_of(owner, "password"))
        _check_room(tx, owner, name, now)
        token = Token(
            token_id=uuid7(now, random.SystemRandom()),
            user_id=owner.user_id,
            name=name,
            token_hash=fingerprint(secret),
            scopes=new.scopes,
            sites=new.sites,
            created_at=now,
            expires_at=None if new.days is None else now + timedelta(days=new.days),
        )
        tokens.add(tx, token, owner.name)
    return MadeToken(token=_row(token, owner.name, now), secret=secret)


def list_tokens(
    books: Books, by: Principal, *, after: str | None = None, limit: int = 200
) -> tuple[list[Row], str | None]:
    """One's own tokens, or those of all users whom ``by`` may change; the oldest first.

    Returns:
        Rows, and the last id, unless it is the last page.
    """
    with books.store.read() as tx:
        owners = {each.user_id: each.name for each in users.list_users(tx) if _is_open(each, by)}
        found = tokens.list_tokens(tx, owners.keys(), after=after, limit=limit + 1)
    now = books.wall_clock()
    rows = [_row(each, owners[each.user_id], now) for each in found[:limit]]
    return rows, rows[-1]["token_id"] if len(found) > limit else None


def revoke(books: Books, token_id: str, by: Principal, *, reason: str = "") -> Row:
    """Make a token worthless and stop its jobs; a second time changes nothing.

    Raises:
        NotFound: No such token, or one of somebody who may do more than ``by``.
    """
    now = books.wall_clock()
    with books.store.write(by.actor, now) as tx:
        token = tokens.get(tx, token_id)
        owner = users.find_by_id(tx, token.user_id)
        if owner is None or not _is_open(owner, by):
            raise NotFound("token", token_id, "see supplynet token list")
        if token.revoked_at is None:
            tokens.revoke(tx, token, owner.name, reason=reason)
            actor = f"{owner.name}/{token.name}"
            stop_jobs(tx, lambda by: by == actor, lambda _: False, reason="its token is revoked")
        after = tokens.get(tx, token_id)
    forget(books)
    return _row(after, owner.name, now)


def _owner(tx: ReadTx, name: str | None, by: Principal) -> User:
    if name is None:
        own = users.find_by_id(tx, by.user_id)
        if own is None:
            raise InvalidInput(f"{by.actor} is no user: say whose token it shall be")
        return own
    user = users.get(tx, name.strip().lower())
    if user.user_id != by.user_id:
        if not by.may(_MANAGE):
            raise NotAllowed(f"a token for another needs the permission {_MANAGE!r}")
        managed(tx, user.name, by)
    return user


def _is_open(owner: User, by: Principal) -> bool:
    """Whether ``by`` may see and revoke somebody's tokens."""
    if owner.user_id == by.user_id:
        return True
    return by.may(_MANAGE) and narrower(owner.grants, than=by)


def _check_scopes(new: NewToken, owner: Principal) -> None:
    """Each scope must hold somewhere, and each site be of use for a scope."""
    if not new.scopes:
        raise InvalidInput("a token needs a scope: what the machine may do, such as events.send")
    unknown = sorted(new.scopes - PERMISSIONS.keys())
    if unknown:
        raise InvalidInput(f"no permission {unknown[0]!r}; see GET /api/v1/access")
    for scope in sorted(new.scopes):
        left = both(owner.sites_for(scope), new.sites)
        if left is not None and not left:
            raise NotAllowed(f"{owner.actor} has no permission {scope!r} to give away there")
    for site in sorted(new.sites or ()):
        if not any(_holds(owner.sites_for(scope), site) for scope in new.scopes):
            raise NotAllowed(f"{owner.actor} has none of these permissions at {site}")


def _holds(sites: Sites, site: str) -> bool:
    return sites is None or site in sites


def _check_room(tx: ReadTx, owner: User, name: str, now: datetime) -> None:
    good = [each for each in tokens.list_tokens(tx, [owner.user_id]) if each.is_good(now)]
    if any(each.name == name for each in good):
        raise AccountError(f"{owner.name} has a token {name!r}; revoke it or choose another name")
    if len(good) >= MOST_TOKENS:
        raise AccountError(f"{owner.name} has {len(good)} tokens; revoke those without use first")


def _row(token: Token, owner: str, now: datetime) -> Row:
    """A token as people see it: without its hash."""
    expired = "good" if token.is_good(now) else "expired"
    return {
        "token_id": token.token_id,
        "owner": owner,
        "name": token.name,
        "actor": f"{owner}/{token.name}",
        "scopes": sorted(token.scopes),
        "sites": None if token.sites is None else sorted(token.sites),
        "state": expired if token.revoked_at is None else "revoked",
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    }
