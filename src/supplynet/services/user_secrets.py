"""What an administrator does about somebody's password, badge and sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from supplynet.errors import InvalidInput, NotAllowed
from supplynet.security.credentials import fingerprint, new_badge, new_password
from supplynet.security.passwords import Passwords, check_password
from supplynet.security.principal import Principal
from supplynet.services.books import Books
from supplynet.services.recognition import forget
from supplynet.services.sign_in import end_sessions_of, may_have_badge
from supplynet.services.users import managed, row_of
from supplynet.storage import users

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What is shown once.

    Attributes:
        secret: The password or badge that was made; None where somebody brought his own.
    """

    user: Row
    secret: str | None = field(repr=False)


def reset_password(
    books: Books,
    passwords: Passwords,
    name: str,
    by: Principal,
    *,
    password: str | None = None,
    must_change: bool = True,
    reason: str = "",
) -> Made:
    """Give somebody another password, and end his sessions.

    Args:
        books: The workspace.
        passwords: Hashes.
        name: Whose.
        by: Who asks; for himself there is ``sign_in.change_password``.
        password: None = one is made.
        must_change: He has to choose his own before he can do anything else.
        reason: For the audit log.

    Raises:
        NotFound: No such user, or one who may do more than ``by``.
        NotAllowed: One's own: whoever finds an open page must not have the account for good.
        InvalidInput: A password that may be nobody's.
    """
    with books.store.read() as tx:
        user = managed(tx, name, by)
    if user.user_id == by.user_id:
        raise NotAllowed("change your own password as its owner: that asks for the current one")
    given = new_password() if password is None else password
    check_password(given, user.name, user.display_name)
    hashed = passwords.hash(given)
    with books.store.write(by.actor, books.wall_clock()) as tx:
        user = managed(tx, name, by)
        values = {"password_hash": hashed, "must_change_password": must_change}
        after = users.write(tx, user, "password_reset", reason=reason, **values)
        end_sessions_of(tx, user.user_id, user.name, reason="password reset")
    forget(books)
    return Made(user=row_of(books, after), secret=given if password is None else None)


def give_badge(books: Books, name: str, by: Principal, *, reason: str = "") -> Made:
    """Make a badge for somebody; the one he has had opens nothing from now on.

    Raises:
        NotFound: No such user, or one who may do more than ``by``.
        InvalidInput: Neither line leader nor picker: a badge would open nothing.
    """
    code = new_badge()
    with books.store.write(by.actor, books.wall_clock()) as tx:
        user = managed(tx, name, by)
        if not may_have_badge(user):
            raise InvalidInput(
                f"a badge opens the work of line leaders and pickers only; {user.name} is neither"
            )
        after = users.write(tx, user, "badge_given", reason=reason, badge_hash=fingerprint(code))
        end_sessions_of(tx, user.user_id, user.name, how="badge", reason=reason)
    forget(books)
    return Made(user=row_of(books, after), secret=code)


def take_badge(books: Books, name: str, by: Principal, *, reason: str = "") -> Row:
    """Make somebody's badge worthless; without one nothing changes.

    Raises:
        NotFound: No such user, or one who may do more than ``by``.
    """
    with books.store.write(by.actor, books.wall_clock()) as tx:
        user = managed(tx, name, by)
        if user.badge_hash is not None:
            user = users.write(tx, user, "badge_taken", reason=reason, badge_hash=None)
            end_sessions_of(tx, user.user_id, user.name, how="badge", reason=reason)
    forget(books)
    return row_of(books, user)


def end_sessions(books: Books, name: str, by: Principal, *, reason: str = "") -> int:
    """Sign somebody out everywhere; how many sessions that were.

    Raises:
        NotFound: No such user, or one who may do more than ``by``.
    """
    with books.store.write(by.actor, books.wall_clock()) as tx:
        user = managed(tx, name, by)
        ended = end_sessions_of(tx, user.user_id, user.name, reason=reason)
    forget(books)
    return ended
