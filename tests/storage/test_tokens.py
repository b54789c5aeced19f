"""Tokens in the books, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from supplynet.errors import NotFound
from supplynet.storage import Store, audit, tokens
from supplynet.storage.tokens import Token


def token(token_id: str, now: datetime, **other: Any) -> Token:
    values: dict[str, Any] = {
        "token_id": token_id,
        "user_id": "ana",
        "name": "plc-7",
        "token_hash": f"hash of {token_id}",
        "scopes": frozenset({"events.send", "plant.read"}),
        "sites": frozenset({"SR1"}),
        "created_at": now,
        "expires_at": now + timedelta(days=1),
    }
    return Token(**values | other)


def test_a_token_comes_back_as_it_was_added(store: Store, now: datetime) -> None:
    one, two = token("1", now), token("2", now, user_id="ben", sites=None, expires_at=None)
    with store.write("test", now) as tx:
        tokens.add(tx, one, "ana")
        tokens.add(tx, two, "ben")
    with store.read() as tx:
        assert tokens.find(tx, "hash of 1") == one == tokens.get(tx, "1")
        assert tokens.find(tx, "hash of 3") is None
        assert tokens.list_tokens(tx) == [one, two]
        assert tokens.list_tokens(tx, ["ben"]) == [two] == tokens.list_tokens(tx, after="1")
        assert tokens.list_tokens(tx, []) == []
        with pytest.raises(NotFound, match="no token '3'"):
            tokens.get(tx, "3")


def test_a_token_is_good_until_it_expires_or_is_revoked(store: Store, now: datetime) -> None:
    one = token("1", now)
    assert one.is_good(now + timedelta(hours=23))
    assert not one.is_good(now + timedelta(hours=24))
    assert token("2", now, expires_at=None).is_good(now + timedelta(days=10_000))
    with store.write("test", now) as tx:
        tokens.add(tx, one, "ana")
        tokens.revoke(tx, one, "ana", reason="lost")
        assert not tokens.get(tx, "1").is_good(now)
        entries = [(each.action, each.reason) for each in tx.notes]
    assert entries == [("token_added", ""), ("token_revoked", "lost")]
    with store.read() as tx:
        assert "hash of" not in str(audit.entries(tx)) + repr(one)


def test_it_is_written_down_once_a_minute_that_a_token_is_used(store: Store, now: datetime) -> None:
    used = []
    with store.write("test", now) as tx:
        tokens.add(tx, token("1", now), "ana")
    for seconds in (1, 60, 61):
        at = now + timedelta(seconds=seconds)
        with store.write("test", at, audited=False) as tx:
            tokens.touch(tx, "1")
            found = tokens.get(tx, "1").last_used_at
            assert found is not None
            used.append((found - now).total_seconds())
    assert used == [1, 1, 61]
