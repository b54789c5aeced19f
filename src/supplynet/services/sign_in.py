"""Signing in and out. Whoever fails hears the same words after the same time, whatever was wrong.

What fails is counted by name and address (``security.lockout``) and is in the audit log, without
what was typed; what is refused while it is locked is neither, so that a guesser cannot fill the
books.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from supplynet.core.ids import check_id
from supplynet.errors import InvalidId, InvalidInput, NotAllowed, NotSignedIn, TooManyRequests
from supplynet.security.credentials import badge_of, fingerprint, new_session
from supplynet.security.lockout import Keys, keys_of, place_of
from supplynet.security.passwords import Passwords, check_password
from supplynet.security.principal import Principal
from supplynet.services.books import Books
from supplynet.services.recognition import Recognised, forget, of_session, principal_of
from supplynet.storage import sessions, sign_in_failures, users
from supplynet.storage.sessions import LASTS, Session, SessionHow
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.users import User

NOBODY = "nobody"
WRONG = "the name or the password is wrong"
WRONG_BADGE = "this badge opens nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session.

    Attributes:
        secret: For the cookie, and nowhere else.
    """

    secret: str = field(repr=False)
    found: Recognised


def by_password(
    books: Books, passwords: Passwords, name: str, password: str, *, address: str, instead: str = ""
) -> SignedIn:
    """Open a session.

    Args:
        books: The workspace.
        passwords: Compares.
        name: Any letter case.
        password: As it was typed.
        address: Where it comes from.
        instead: The session that the same browser has had so far; it ends.

    Raises:
        NotSignedIn: No such user, a wrong password, or disabled: it does not say which.
        TooManyRequests: Too many failures; nothing was tried.
    """
    asked = name.strip().lower()
    keys = keys_of(address, asked)
    with books.store.read() as tx:
        _refuse_locked(tx, keys, books.wall_clock())
        user = _named(tx, asked)
    kept = None if user is None else user.password_hash
    good = passwords.matches(kept, password) and user is not None and user.is_active
    anew = _hashed_anew(passwords, kept, password) if good and kept else None
    opened = None
    with books.store.write(asked if good else NOBODY, books.wall_clock()) as tx:
        _refuse_locked(tx, keys, tx.now)  # also one that was guessed right beside the last tries
        user = _named(tx, asked)
        if good and user is not None and user.is_active and user.password_hash == kept:
            if anew is not None:
                users.set_hash(tx, user, anew)
            opened = _open(tx, user, "password", address, instead)
            sign_in_failures.clear(tx, [key for key in (keys.pair,) if key])
        else:
            _count(tx, keys, "password", "unknown" if user is None else user.name)
    return _opened(books, opened, WRONG)


def by_badge(books: Books, scanned: str, *, address: str, instead: str = "") -> SignedIn:
    """Open a session of the floor with the code of a badge.

    Raises:
        NotSignedIn: Nobody's badge, or its owner is disabled or no longer works on the floor.
        TooManyRequests: Too many failures from this address; nothing was tried.
    """
    code, keys = badge_of(scanned), keys_of(address)
    with books.store.read() as tx:
        _refuse_locked(tx, keys, books.wall_clock())
        user = _owner_of(tx, code)
    opened = None
    with books.store.write(NOBODY if user is None else user.name, books.wall_clock()) as tx:
        user = _owner_of(tx, code)
        if user is None:
            _count(tx, keys, "badge", "unknown")
        else:
            opened = _open(tx, user, "badge", address, instead)
    return _opened(books, opened, WRONG_BADGE)


def sign_out(books: Books, who: Principal) -> int:
    """End the session that asks; how many that were: a token has none."""
    with books.store.write(who.actor, books.wall_clock()) as tx:
        ended = int(sessions.end(tx, who.session_hash))
        if ended:
            tx.note("signed_out", who.actor, after={"how": who.how})
    forget(books)
    return ended


def end_own(books: Books, who: Principal) -> int:
    """End every session of who asks, this one too; how many there were."""
    with books.store.write(who.actor, books.wall_clock()) as tx:
        ended = end_sessions_of(tx, who.user_id, who.actor)
    forget(books)
    return ended


def end_sessions_of(
    tx: WriteTx, user_id: str, name: str, *, how: SessionHow | None = None, reason: str = ""
) -> int:
    """End every session of a user, or those by badge, with a line in the audit log if any."""
    ended = sessions.end_all(tx, user_id, how)
    if ended:
        tx.note("sessions_ended", name, after={"sessions": ended}, reason=reason)
    return ended


def change_password(
    books: Books, passwords: Passwords, who: Principal, current: str, new: str, *, address: str
) -> SignedIn:
    """Give oneself another password: every session ends, and a new one begins here.

    Raises:
        NotAllowed: Not signed in by password, or the current one is wrong.
        InvalidInput: The new one is the current one, or may be nobody's.
        TooManyRequests: The current one was wrong too often.
    """
    if who.how != "password":
        raise NotAllowed("sign in with your password to change it; an administrator can reset it")
    keys = keys_of(address, who.actor)
    with books.store.read() as tx:
        _refuse_locked(tx, keys, books.wall_clock())
        user = users.get(tx, who.actor)
    if not passwords.matches(user.password_hash, current):
        with books.store.write(user.name, books.wall_clock()) as tx:
            _count(tx, keys, "password", user.name)
        raise NotAllowed("the current password is wrong")
    check_password(new, user.name, user.display_name)
    if new == current:
        raise InvalidInput("the new password is the current one; choose another")
    made = passwords.hash(new)
    with books.store.write(user.name, books.wall_clock()) as tx:
        now_is = users.get(tx, user.name)
        if now_is.password_hash != user.password_hash or not now_is.is_active:
            raise NotAllowed("the password was changed meanwhile; sign in again")
        opened = _renewed(tx, now_is, made, address)
    forget(books)
    return opened


def _opened(books: Books, opened: SignedIn | None, wrong: str) -> SignedIn:
    if opened is None:
        raise NotSignedIn(wrong)
    forget(books)  # of the session that this one stands for
    return opened


def _named(tx: ReadTx, name: str) -> User | None:
    """The user, if there is one; what is no name is not even looked for."""
    try:
        return users.find(tx, check_id(name, "user name"))
    except InvalidId:
        return None


def _owner_of(tx: ReadTx, badge: str | None) -> User | None:
    """Whose badge opens something, if anybody's."""
    user = None if badge is None else users.find_by_badge(tx, fingerprint(badge))
    if user is None or not user.is_active or not may_have_badge(user):
        return None
    return user


def may_have_badge(user: User) -> bool:
    """Whether a badge opens anything for a user: line leaders and pickers have use for one."""
    return principal_of(user, "badge").may("account.own")


def _renewed(tx: WriteTx, user: User, made: str, address: str) -> SignedIn:
    after = users.write(
        tx, user, "password_changed", password_hash=made, must_change_password=False
    )
    end_sessions_of(tx, user.user_id, user.name)
    return _open(tx, after, "password", address, "")


def _open(tx: WriteTx, user: User, how: SessionHow, address: str, instead: str) -> SignedIn:
    if instead:
        sessions.end(tx, fingerprint(instead))
    secret = new_session()
    session = Session(
        session_hash=fingerprint(secret),
        user_id=user.user_id,
        how=how,
        address=place_of(address),
        created_at=tx.now,
        seen_at=tx.now,
        expires_at=tx.now + LASTS[how],
    )
    sessions.add(tx, session)
    tx.note("signed_in", user.name, after={"how": how})
    return SignedIn(secret=secret, found=of_session(user, session))


def _hashed_anew(passwords: Passwords, kept: str, password: str) -> str | None:
    """The hash at today's cost, where it is another; the old one does while many sign in."""
    if passwords.is_outdated(kept):
        with suppress(TooManyRequests):
            return passwords.hash(password)
    return None


def _refuse_locked(tx: ReadTx, keys: Keys, now: datetime) -> None:
    known = sign_in_failures.known(tx, list(keys.limits)).values()
    until = max((each.locked_until for each in known if each.locked_until), default=now)
    seconds = (until - now).total_seconds()
    if seconds > 0:
        minutes = math.ceil(seconds / 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        raise TooManyRequests(f"too many sign-ins have failed; try again in {wait}", seconds)


def _count(tx: WriteTx, keys: Keys, how: str, name: str) -> None:
    """One more failure under each key, and what it locks, in the audit log."""
    known = sign_in_failures.known(tx, list(keys.limits))
    counts = [
        limit.after_failure(key, known.get(key), tx.now) for key, limit in keys.limits.items()
    ]
    sign_in_failures.keep(tx, counts)
    tx.note("sign_in_failed", name, after={"how": how})
    for each in counts:
        if each.is_locked(tx.now):
            what = each.key if each.key == keys.address else each.key.partition(":")[0]
            tx.note("sign_in_locked", name, after={"by": what, "until": each.locked_until})
