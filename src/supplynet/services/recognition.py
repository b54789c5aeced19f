"""From a session or a token to who it is, remembered for a second.

Every request asks; the books are asked once a second for each person. Whoever changes users,
sessions or tokens calls ``forget``, so that in this process the change holds at once; another
process (the command line beside a server) is a second behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from supplynet.core.sites import Sites
from supplynet.errors import StoreError
from supplynet.security.credentials import fingerprint
from supplynet.security.principal import How, Principal
from supplynet.services.books import Books
from supplynet.storage import sessions, tokens, users
from supplynet.storage.sessions import Session
from supplynet.storage.tokens import Token
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.users import User

REMEMBERED = timedelta(seconds=1)
MOST_REMEMBERED = 2000
OWN_ACCOUNT = frozenset({"account.own"})
_OPENED = "people"
"""Where the memory lies in ``Books.opened``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """Who a session or token belongs to.

    Attributes:
        must_change_password: Nothing but the own account is open before that.
        expires_at: When the session or token is over at the latest; None = never.
    """

    who: Principal
    display_name: str
    must_change_password: bool = False
    expires_at: datetime | None = None


@dataclass(eq=False)
class _Memory:
    """What was found of late; a finding from before a change is not kept after it."""

    found: dict[str, tuple[datetime, Recognised]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    changes: int = 0
    has_users: bool = False

    def recall(self, key: str, now: datetime) -> Recognised | None:
        at, known = self.found.get(key, (None, None))
        fresh = at is not None and timedelta() <= now - at < REMEMBERED
        return known if fresh else None

    def keep(self, key: str, found: Recognised, now: datetime, changes: int) -> None:
        with self.lock:
            if changes != self.changes:
                return
            if len(self.found) >= MOST_REMEMBERED:
                self.found.clear()
            self.found[key] = now, found

    def forget(self) -> None:
        with self.lock:
            self.changes += 1
            self.found.clear()


def by_session(books: Books, secret: str) -> Recognised | None:
    """Whose session it is; None when it is nobody's, or over."""
    key = fingerprint(secret)
    return _remembered(books, key, _session)


def by_token(books: Books, secret: str) -> Recognised | None:
    """Whose token it is; None when it is nobody's, revoked, expired, or its owner disabled."""
    key = fingerprint(secret)
    return _remembered(books, key, _token)


def is_remembered(books: Books, secret: str) -> bool:
    """Whether it was looked up within a second, so that asking again asks no books."""
    return _memory(books).recall(fingerprint(secret), books.wall_clock()) is not None


def still_opens(books: Books, secret: str, who: Principal) -> bool:
    """Whether a session or token opens what it did; to be looked at is no use of it.

    Asked of the books each time: what was ended by another process counts at once, and a page
    that is left open keeps no session alive.
    """
    find = _token if who.how == "token" else _session
    with books.store.read() as tx:
        found = find(tx, fingerprint(secret), books.wall_clock())
    return found is not None and found[0].who == who


def forget(books: Books) -> None:
    """Ask the books anew: users, sessions or tokens have changed."""
    _memory(books).forget()


def has_users(books: Books) -> bool:
    """Whether anybody was ever added; users do not go again."""
    memory = _memory(books)
    if not memory.has_users:
        with books.store.read() as tx:
            memory.has_users = not users.is_empty(tx)
    return memory.has_users


def account_of(books: Books, who: Principal) -> Recognised:
    """What there is to know of who asks; a token's time is not said."""
    with books.store.read() as tx:
        user = users.find_by_id(tx, who.user_id)
        session = sessions.find(tx, who.session_hash) if who.session_hash else None
    if user is None:
        return Recognised(who=who, display_name=who.actor)
    if session is None:
        return Recognised(who=who, display_name=user.display_name)
    return of_session(user, session)


def of_session(user: User, session: Session) -> Recognised:
    """What a session of a user opens."""
    must_change = user.must_change_password and session.how == "password"
    who = principal_of(
        user,
        session.how,
        scopes=OWN_ACCOUNT if must_change else None,
        session_hash=session.session_hash,
    )
    return Recognised(
        who=who,
        display_name=user.display_name,
        must_change_password=must_change,
        expires_at=session.expires_at,
    )


def principal_of(
    user: User,
    how: How,
    *,
    machine: str = "",
    scopes: frozenset[str] | None = None,
    sites: Sites = None,
    session_hash: str = "",
) -> Principal:
    """A user, or one of his machines, as the door knows it."""
    return Principal(
        actor=f"{user.name}/{machine}" if machine else user.name,
        grants=user.grants,
        how=how,
        user_id=user.user_id,
        scopes=scopes,
        token_sites=sites,
        session_hash=session_hash,
    )


_Use = Callable[[WriteTx], None]
"""Writes down that it was used."""
_Find = Callable[[ReadTx, str, datetime], tuple[Recognised, _Use | None] | None]


def _remembered(books: Books, key: str, find: _Find) -> Recognised | None:
    memory, now = _memory(books), books.wall_clock()
    known = memory.recall(key, now)
    if known is not None:
        return known
    changes = memory.changes
    with books.store.read() as tx:
        found = find(tx, key, now)
    if found is None:
        return None
    recognised, use = found
    memory.keep(key, recognised, now, changes)
    if use is not None:
        # Books that cannot be written, as on a full disk, can still be read.
        with suppress(StoreError), books.store.write("supplynet", now, audited=False) as tx:
            use(tx)
    return recognised


def _session(tx: ReadTx, key: str, now: datetime) -> tuple[Recognised, _Use | None] | None:
    session = sessions.find(tx, key)
    if session is None or not session.is_open(now):
        return None
    user = users.find_by_id(tx, session.user_id)
    if user is None or not user.is_active:
        return None
    stale = now - session.seen_at >= sessions.SEEN_EVERY
    return of_session(user, session), partial(sessions.touch, session_hash=key) if stale else None


def _token(tx: ReadTx, key: str, now: datetime) -> tuple[Recognised, _Use | None] | None:
    token = tokens.find(tx, key)
    if token is None or not token.is_good(now):
        return None
    user = users.find_by_id(tx, token.user_id)
    if user is None or not user.is_active:
        return None
    seen = token.last_used_at
    stale = seen is None or now - seen >= tokens.SEEN_EVERY
    return _of_token(user, token), partial(tokens.touch, token_id=token.token_id) if stale else None


def _of_token(user: User, token: Token) -> Recognised:
    who = principal_of(user, "token", machine=token.name, scopes=token.scopes, sites=token.sites)
    return Recognised(who=who, display_name=token.name, expires_at=token.expires_at)


def _memory(books: Books) -> _Memory:
    found = books.opened.setdefault(_OPENED, _Memory())
    assert isinstance(found, _Memory)
    return found
