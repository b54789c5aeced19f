"""Users in the books, on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from supplynet.errors import AccountError, NotFound
from supplynet.security.access import Role
from supplynet.security.principal import Grant
from supplynet.storage import Store, audit, users
from supplynet.storage.users import User


def person(name: str, now: datetime, **other: Any) -> User:
    values: dict[str, Any] = {
        "user_id": f"id-{name}",
        "name": name,
        "display_name": name.title(),
        "grants": (Grant(role=Role.PICKER, sites=frozenset({"SR2", "SR1"})),),
        "created_at": now,
        "updated_at": now,
    }
    return User(**values | other)


def test_a_user_comes_back_as_it_was_added(store: Store, now: datetime) -> None:
    ana = person("ana", now, contact="c", password_hash="h", badge_hash="b")
    with store.write("test", now) as tx:
        assert users.is_empty(tx)
        users.add(tx, ana)
        users.add(tx, person("ben", now, grants=(Grant(role=Role.ADMINISTRATOR),)))
    with store.read() as tx:
        assert users.get(tx, "ana") == ana == users.find_by_id(tx, "id-ana")
        assert users.find_by_badge(tx, "b") == ana
        assert users.find_by_badge(tx, "other") is None
        assert [each.name for each in users.list_users(tx)] == ["ana", "ben"]
        assert [each.name for each in users.list_users(tx, after="ana", limit=1)] == ["ben"]
        assert [each.administers_all for each in users.list_users(tx)] == [False, True]
        assert not users.is_empty(tx)
        with pytest.raises(NotFound, match="no user 'eve'"):
            users.get(tx, "eve")


def test_a_name_belongs_to_one_user(store: Store, now: datetime) -> None:
    with store.write("test", now) as tx:
        users.add(tx, person("ana", now))
    with (
        pytest.raises(AccountError, match="there is a user 'ana' already"),
        store.write("test", now) as tx,
    ):
        users.add(tx, person("ana", now, user_id="another"))


def test_a_change_is_one_version_more_and_is_audited_without_secrets(
    store: Store, now: datetime
) -> None:
    with store.write("test", now) as tx:
        users.add(tx, person("ana", now, contact="ana@plant", password_hash="$argon2id$old"))
        ana = users.get(tx, "ana")
        users.write(
            tx, ana, "user_changed", badge_hash="badge-hash", state="disabled", contact=None
        )
        users.set_hash(tx, ana, "$argon2id$new")
    with store.read() as tx:
        after = users.get(tx, "ana")
        entries = audit.entries(tx, subject="ana")
    assert (after.version, after.state, after.password_hash) == (2, "disabled", "$argon2id$new")
    assert [each.action for each in entries] == ["user_added", "user_changed"]
    assert entries[1].before["state"] == "active"
    assert entries[1].after == {
        "display_name": "Ana",
        "grants": [["picker", ["SR1", "SR2"]]],
        "state": "disabled",
        "has_contact": False,
        "has_password": True,
        "has_badge": True,
        "must_change_password": False,
    }
    assert "argon2id" not in str(entries) + repr(after)
    assert "badge-hash" not in str(entries) + repr(after)
