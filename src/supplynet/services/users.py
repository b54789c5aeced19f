"""Users: add, change, disable. Nobody gives or touches what he may not himself.

An administrator of some sites sees and changes the users of these sites; for the others they are
not there, or else resetting a password would be a way up.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from supplynet.core.ids import check_id, uuid7
from supplynet.core.network import Plant
from supplynet.core.sites import Sites, either, sites_of
from supplynet.core.spelling import nearest
from supplynet.errors import AccountError, InvalidInput, NotAllowed, NotFound
from supplynet.security.access import Role
from supplynet.security.passwords import Passwords, check_password
from supplynet.security.principal import Grant, Principal, narrower
from supplynet.services.books import Books, plant_of
from supplynet.services.contacts import open_contact, seal_contact
from supplynet.services.lost_jobs import stop_jobs
from supplynet.services.recognition import forget
from supplynet.services.sign_in import end_sessions_of
from supplynet.storage import approvals, users
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.users import User, UserState

Row = dict[str, Any]
Check = Callable[[int], None]
"""Raises ``VersionMoved`` when a change was made from another version than the one it is given."""
LONGEST_NAME = 128
OUR_OWN = frozenset(
    {
        *("anchoring", "api", "automation", "backup", "cli", "demo", "drop_folder", "erp"),
        *("generate", "import", "keys", "local", "mqtt", "nobody", "order", "planner", "reads"),
        *("refusals", "restore", "setup", "simulate", "supplynet", "system", "train", "twin"),
        *("unknown", "watch", "worker"),
    }
)
"""Names under which SupplyNet itself is in the audit log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """Somebody to be added.

    Attributes:
        password: None = none; signs in with a badge, or has tokens only.
        must_change_password: Somebody else knows it.
    """

    name: str
    grants: tuple[Grant, ...]
    display_name: str = ""
    contact: str = field(default="", repr=False)
    password: str | None = field(default=None, repr=False)
    must_change_password: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What becomes other; None = stays. An empty ``contact`` takes it away."""

    display_name: str | None = None
    contact: str | None = field(default=None, repr=False)
    grants: tuple[Grant, ...] | None = None
    state: UserState | None = None


def _any_version(_version: int) -> None:
    """For who has not read before."""


def add(books: Books, passwords: Passwords, new: NewUser, by: Principal) -> Row:
    """Add a user.

    Raises:
        InvalidInput: A name, role, site or password that cannot be.
        NotAllowed: ``by`` may not do himself what the new one could.
        AccountError: The name is taken.
    """
    name = check_id(new.name.strip().lower(), "user name")
    if name in OUR_OWN:
        raise InvalidInput(f"{name!r} is what SupplyNet calls itself; choose another name")
    grants, shown = _checked(books, new.grants, by), _shown(new.display_name, name)
    hashed = None
    if new.password is not None:
        hashed = passwords.hash(check_password(new.password, name, shown))
    now = books.wall_clock()
    user_id = uuid7(now, random.SystemRandom())
    user = User(
        user_id=user_id,
        name=name,
        display_name=shown,
        contact=seal_contact(books, user_id, new.contact),
        password_hash=hashed,
        grants=grants,
        must_change_password=hashed is not None and new.must_change_password,
        created_at=now,
        updated_at=now,
    )
    with books.store.write(by.actor, now) as tx:
        users.add(tx, user)
    forget(books)
    return row_of(books, user)


def change(
    books: Books,
    name: str,
    wanted: UserChange,
    by: Principal,
    *,
    reason: str = "",
    check: Check = _any_version,
) -> Row:
    """Change somebody; other grants, or being disabled, end his sessions.

    Jobs that he may not run any more are stopped, those of his tokens too, and his yes to orders
    that wait for a second one does not count any more.

    Raises:
        NotFound: No such user, or one who may do more than ``by``.
        NotAllowed: ``by`` may not do himself what the user could then.
        AccountError: The last administrator of the plant would be gone.
        VersionMoved: By ``check``.
    """
    values: dict[str, Any] = {}
    if wanted.display_name is not None:
        values["display_name"] = _shown(wanted.display_name, name.lower())
    if wanted.grants is not None:
        values["grants"] = _checked(books, wanted.grants, by)
    if wanted.state is not None:
        values["state"] = wanted.state
    with books.store.write(by.actor, books.wall_clock()) as tx:
        user = managed(tx, name, by)
        check(user.version)
        if wanted.contact is not None:
            values["contact"] = seal_contact(books, user.user_id, wanted.contact)
        after = _written(tx, user, values, reason)
    forget(books)
    return row_of(books, after)


def show(books: Books, name: str, by: Principal) -> Row:
    """One user.

    Raises:
        NotFound: No such user, or one who may do more than ``by``.
    """
    with books.store.read() as tx:
        return row_of(books, managed(tx, name, by))


def list_users(
    books: Books, by: Principal, *, after: str | None = None, limit: int = 200
) -> tuple[list[Row], str | None]:
    """Users by name, those whom ``by`` may change.

    Returns:
        Rows, and the last name, unless it is the last page.
    """
    with books.store.read() as tx:
        found = [
            each for each in users.list_users(tx, after=after) if narrower(each.grants, than=by)
        ]
    rows = [row_of(books, each) for each in found[:limit]]
    return rows, rows[-1]["name"] if len(found) > limit else None


def managed(tx: ReadTx, name: str, by: Principal) -> User:
    """The user, when ``by`` may change him.

    Raises:
        NotFound: No such user, or one who may do more than ``by``.
    """
    user = users.get(tx, name.strip().lower())
    if not narrower(user.grants, than=by):
        raise NotFound("user", name, "see supplynet user list")
    return user


def row_of(books: Books, user: User) -> Row:
    """A user as people see him: no hash of anything."""
    pairs = users.grants_as_json(user.grants)
    return {
        "user_id": user.user_id,
        "name": user.name,
        "display_name": user.display_name,
        "contact": open_contact(books, user.user_id, user.contact),
        "grants": [{"role": role, "sites": sites} for role, sites in pairs],
        "state": user.state,
        "has_password": user.password_hash is not None,
        "has_badge": user.badge_hash is not None,
        "must_change_password": user.must_change_password,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "version": user.version,
    }


def _written(tx: WriteTx, user: User, values: Row, reason: str) -> User:
    others = {key: value for key, value in values.items() if value != getattr(user, key)}
    if not others:
        return user
    after = users.write(tx, user, "user_changed", reason=reason, **others)
    if {"grants", "state"} & others.keys():
        end_sessions_of(tx, user.user_id, user.name, reason="other grants or state")
        _stop_what_is_his(tx, after)
    if user.administers_all and not after.administers_all:
        _keep_an_administrator(tx)
    return after


def _stop_what_is_his(tx: WriteTx, user: User) -> None:
    """Jobs, and the first of two yeses, count while their giver may give them."""
    grants = user.grants if user.state == "active" else ()
    left = Principal(actor=user.name, grants=tuple(grants), how="password")
    stop_jobs(
        tx,
        lambda actor: actor.partition("/")[0] == user.name,
        left.may,
        reason=f"{user.name} may not run it any more",
    )
    if not left.may("orders.decide"):
        approvals.withdraw(tx, user.name)


def _keep_an_administrator(tx: ReadTx) -> None:
    if not any(each.administers_all for each in users.list_users(tx)):
        raise AccountError(
            "this is the last active administrator of the whole plant; make another one first"
        )


def _shown(display_name: str, name: str) -> str:
    shown = display_name.strip() or name
    if len(shown) > LONGEST_NAME or not shown.isprintable():
        raise InvalidInput(f"a name to show is one line of at most {LONGEST_NAME} characters")
    return shown


def _checked(books: Books, grants: Collection[Grant], by: Principal) -> tuple[Grant, ...]:
    """One grant for each role, at sites that there are, and none that ``by`` lacks himself."""
    if not grants:
        raise InvalidInput(f"a user needs a role: {', '.join(Role)}")
    plant = plant_of(books)
    check_sites((each for grant in grants for each in grant.sites or ()), plant)
    merged: dict[Role, Sites] = {}
    for grant in grants:
        if grant.sites is not None and not grant.sites:
            raise InvalidInput(f"{grant.role} at no site is no grant; name sites, or none for all")
        known = merged.get(grant.role, frozenset())
        merged[grant.role] = either(known, grant.sites)
    made = tuple(Grant(role=role, sites=sites) for role, sites in sorted(merged.items()))
    if not narrower(made, than=by):
        raise NotAllowed("nobody can give more than he may do himself, or at more sites")
    return made


def check_sites(named: Iterable[str], plant: Plant | None) -> None:
    """Refuse what is no site of the plant.

    Raises:
        InvalidInput: There is no such site.
    """
    known = () if plant is None else sites_of(plant)
    for site in sorted(set(named) - set(known)):
        near = nearest(site, known)
        hint = f"do you mean {near!r}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise InvalidInput(f"no site {site!r}; {hint}")
