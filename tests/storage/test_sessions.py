"""Sessions in the books, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from supplynet.storage import Store, sessions
from supplynet.storage.sessions import MOST_SESSIONS, Session

MINUTE = timedelta(minutes=1)


def session(key: str, at: datetime, **other: Any) -> Session:
    values: dict[str, Any] = {
        "session_hash": key,
        "user_id": "ana",
        "how": "password",
        "address": "10.1.2.3",
        "created_at": at,
        "seen_at": at,
        "expires_at": at + 720 * MINUTE,
    }
    return Session(**values | other)


def add(store: Store, *opened: Session) -> None:
    for each in opened:
        with store.write("test", each.created_at, audited=False) as tx:
            sessions.add(tx, each)


def there(store: Store, *keys: str) -> list[str]:
    with store.read() as tx:
        return [key for key in keys if sessions.find(tx, key)]


@pytest.mark.parametrize(("how", "idle"), [("password", 60), ("badge", 15)])
def test_a_session_is_over_when_idle_and_after_its_time(how: Any, idle: int, now: datetime) -> None:
    opened = session("a", now, how=how, expires_at=now + 100 * MINUTE)
    assert opened.is_open(now + idle * MINUTE - timedelta(seconds=1))
    assert not opened.is_open(now + idle * MINUTE)
    used = session("a", now, how=how, seen_at=now + 99 * MINUTE, expires_at=now + 100 * MINUTE)
    assert used.is_open(now + 99.5 * MINUTE)
    assert not used.is_open(now + 100 * MINUTE)


def test_a_session_comes_back_as_it_was_added_and_ends_once(store: Store, now: datetime) -> None:
    opened = session("a", now)
    add(store, opened)
    with store.write("test", now, audited=False) as tx:
        assert sessions.find(tx, "a") == opened
        assert sessions.end(tx, "a")
        assert not sessions.end(tx, "a")
        assert sessions.find(tx, "a") is None


def test_it_is_written_down_once_a_minute_that_a_session_is_used(
    store: Store, now: datetime
) -> None:
    add(store, session("a", now))
    seen = []
    for seconds in (59, 60, 119, 125):
        with store.write("test", now + timedelta(seconds=seconds), audited=False) as tx:
            sessions.touch(tx, "a")
            found = sessions.find(tx, "a")
            assert found is not None
            seen.append((found.seen_at - now).total_seconds())
    assert seen == [0, 60, 60, 125]


def test_sessions_of_one_user_end_together_all_or_those_by_badge(
    store: Store, now: datetime
) -> None:
    add(store, session("a", now), session("b", now, how="badge"), session("c", now, user_id="ben"))
    with store.write("test", now, audited=False) as tx:
        assert sessions.end_all(tx, "ana", "badge") == 1
        assert sessions.end_all(tx, "ana") == 1
    assert there(store, "a", "b", "c") == ["c"]


def test_one_session_too_many_ends_the_oldest_of_the_user(store: Store, now: datetime) -> None:
    add(store, session("other", now, user_id="ben"))
    opened = [session(f"s{n:02}", now + n * MINUTE) for n in range(MOST_SESSIONS + 2)]
    add(store, *opened)
    left = there(store, "other", *(each.session_hash for each in opened))
    assert left == ["other", *(f"s{n:02}" for n in range(2, MOST_SESSIONS + 2))]


def test_what_is_over_goes_when_somebody_signs_in(store: Store, now: datetime) -> None:
    add(store, session("a", now, expires_at=now + MINUTE))
    add(store, session("b", now + MINUTE, user_id="ben"))
    assert there(store, "a", "b") == ["b"]
