"""People: their names, grants, passwords and badges; hashes only, and never in the audit log.

A name is for ever: it is what the audit log says. So users are disabled and not deleted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, insert, select, update

from supplynet.errors import AccountError, NotFound
from supplynet.security.access import Role
from supplynet.security.principal import Grant
from supplynet.storage.tables import users as table
from supplynet.storage.transaction import ReadTx, WriteTx

UserState = Literal["active", "disabled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One person, or a machine's account that has tokens only.

    Attributes:
        name: Lower case; signs in with it, and lands in the audit log.
        contact: Sealed where there is a key; see ``services.contacts``.
        password_hash: None = cannot sign in with a password.
        badge_hash: None = has no badge.
        must_change_password: May do nothing else before that.
        version: One more with every change that a person makes to the account.
    """

    user_id: str
    name: str
    display_name: str
    grants: tuple[Grant, ...]
    created_at: datetime
    updated_at: datetime
    contact: str | None = field(default=None, repr=False)
    password_hash: str | None = field(default=None, repr=False)
    badge_hash: str | None = field(default=None, repr=False)
    state: UserState = "active"
    must_change_password: bool = False
    version: int = 1

    @property
    def is_active(self) -> bool:
        """Whether anything of this account opens anything."""
        return self.state == "active"

    @property
    def administers_all(self) -> bool:
        """Whether this is an active administrator of the whole plant."""
        everything = Grant(role=Role.ADMINISTRATOR)
        return self.is_active and everything in self.grants


def add(tx: WriteTx, user: User) -> None:
    """Add somebody.

    Raises:
        AccountError: The name is taken.
    """
    if find(tx, user.name) is not None:
        raise AccountError(f"there is a user {user.name!r} already; choose another name")
    tx.connection.execute(insert(table).values(**_row(user)))
    tx.note("user_added", user.name, after=_told(user))


def get(tx: ReadTx, name: str) -> User:
    """One user by name.

    Raises:
        NotFound: There is none.
    """
    found = find(tx, name)
    if found is None:
        raise NotFound("user", name, "see supplynet user list")
    return found


def find(tx: ReadTx, name: str) -> User | None:
    """One user by name, if there is one."""
    return _one(tx, table.c.name == name)


def find_by_id(tx: ReadTx, user_id: str) -> User | None:
    """One user by id, if there is one."""
    return _one(tx, table.c.user_id == user_id)


def find_by_badge(tx: ReadTx, badge_hash: str) -> User | None:
    """Whose badge it is, if anybody's."""
    return _one(tx, table.c.badge_hash == badge_hash)


def list_users(tx: ReadTx, *, after: str | None = None, limit: int | None = None) -> list[User]:
    """Users by name, those after a name if given."""
    query = select(table).order_by(table.c.name).limit(limit)
    if after is not None:
        query = query.where(table.c.name > after)
    return [_user(row) for row in tx.connection.execute(query).mappings()]


def names_of(tx: ReadTx, user_ids: Collection[str]) -> dict[str, str]:
    """Names by user id."""
    query = select(table.c.user_id, table.c.name).where(table.c.user_id.in_(list(user_ids)))
    return {row.user_id: row.name for row in tx.connection.execute(query)}


def is_empty(tx: ReadTx) -> bool:
    """Whether nobody was ever added."""
    return tx.connection.execute(select(table.c.user_id).limit(1)).first() is None


def write(tx: WriteTx, user: User, action: str, *, reason: str = "", **values: Any) -> User:
    """Change somebody, with a line in the audit log; the user as it is then."""
    after = replace(user, **values, updated_at=tx.now, version=user.version + 1)
    query = update(table).where(table.c.user_id == user.user_id)
    tx.connection.execute(query.values(**_row(after)))
    tx.note(action, user.name, before=_told(user), after=_told(after), reason=reason)
    return after


def set_hash(tx: WriteTx, user: User, password_hash: str) -> None:
    """The same password at another cost: nothing that a person changed."""
    query = update(table).where(table.c.user_id == user.user_id)
    tx.connection.execute(query.values(password_hash=password_hash))


def grants_as_json(grants: Collection[Grant]) -> list[list[Any]]:
    """``[[role, [site, ...] or null], ...]``, sorted."""
    said = (
        (each.role.value, None if each.sites is None else sorted(each.sites)) for each in grants
    )
    return sorted(([role, sites] for role, sites in said), key=lambda pair: str(pair[0]))


def _told(user: User) -> dict[str, Any]:
    """What the audit log may know: whether there is a contact, password and badge, not which."""
    return {
        "display_name": user.display_name,
        "grants": grants_as_json(user.grants),
        "state": user.state,
        "has_contact": user.contact is not None,
        "has_password": user.password_hash is not None,
        "has_badge": user.badge_hash is not None,
        "must_change_password": user.must_change_password,
    }


def _row(user: User) -> dict[str, Any]:
    values = {each.name: getattr(user, each.name) for each in fields(user)}
    return values | {"grants": grants_as_json(user.grants)}


def _one(tx: ReadTx, condition: Any) -> User | None:
    row = tx.connection.execute(select(table).where(condition)).mappings().first()
    return None if row is None else _user(row)


def _user(row: RowMapping) -> User:
    grants = tuple(
        Grant(role=Role(role), sites=None if sites is None else frozenset(sites))
        for role, sites in row["grants"]
    )
    return User(**{**row, "grants": grants})
