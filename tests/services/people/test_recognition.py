"""Who it is: asked of the books once a second, forgotten at once where something changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

from supplynet.errors import StoreError
from supplynet.security.access import Role
from supplynet.security.passwords import Passwords
from supplynet.security.principal import Principal
from supplynet.services import recognition, sign_in, tokens
from supplynet.services.books import Books
from supplynet.services.recognition import by_session, by_token, has_users
from supplynet.services.tokens import NewToken
from supplynet.storage import Store, audit, sessions, users

Add = Callable[..., dict[str, Any]]


@pytest.fixture
def session(books: Books, passwords: Passwords, add: Add) -> str:
    add("ana", Role.ADMINISTRATOR)
    good = "thing lamp seven cow"
    return sign_in.by_password(books, passwords, "ana", good, address="here").secret


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows whenever the books are read or written."""
    made: list[str] = []
    for name in ("read", "write"):
        real = getattr(Store, name)

        def counted(*args: Any, _name: str = name, _real: Any = real, **named: Any) -> Any:
            made.append(_name)
            return _real(*args, **named)

        monkeypatch.setattr(Store, name, counted)
    return made


def test_the_books_are_asked_once_a_second(
    books: Books, session: str, clock: Any, reads: list[str]
) -> None:
    for _ in range(5):
        assert by_session(books, session) is not None
        clock.forward(seconds=0.19)
    assert reads == ["read"]
    clock.forward(seconds=0.06)
    assert by_session(books, session) is not None
    assert reads == ["read", "read"]


def test_what_another_process_changes_holds_within_a_second(
    books: Books, session: str, clock: Any
) -> None:
    assert by_session(books, session) is not None
    with books.store.write("elsewhere", clock.now, audited=False) as tx:
        sessions.end_all(tx, users.get(tx, "ana").user_id)
    assert by_session(books, session) is not None
    clock.forward(seconds=1)
    assert by_session(books, session) is None


def test_a_finding_from_before_a_change_is_not_kept_after_it(
    books: Books, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = recognition._session

    def slow(*asked: Any) -> Any:
        answer = found(*asked)
        recognition.forget(books)  # somebody else has changed something meanwhile
        return answer

    monkeypatch.setattr(recognition, "_session", slow)
    assert by_session(books, session) is not None
    assert recognition._memory(books).found == {}


def test_what_is_nobodys_is_not_remembered(books: Books, reads: list[str]) -> None:
    for _ in range(3):
        assert by_token(books, "sn_" + "a" * 43) is None
    assert reads == ["read"] * 3
    assert recognition._memory(books).found == {}


def test_only_so_many_are_remembered(
    books: Books, session: str, root: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "MOST_REMEMBERED", 2)
    for name in "abcd":
        new = NewToken(name=name, scopes=frozenset({"plant.read"}), owner="ana")
        by_token(books, tokens.add(books, new, root).secret)
        assert len(recognition._memory(books).found) <= 2
    assert by_session(books, session) is not None


def test_use_is_written_down_once_a_minute_and_not_in_the_audit_log(
    books: Books, session: str, clock: Any, reads: list[str]
) -> None:
    with books.store.read() as tx:
        audited = audit.head(tx)
    reads.clear()
    for _ in range(130):
        by_session(books, session)
        clock.forward(seconds=1)
    assert reads.count("write") == 2
    with books.store.read() as tx:
        assert audit.head(tx) == audited


def test_a_session_that_is_used_lasts_until_its_time_is_over(
    books: Books, session: str, clock: Any
) -> None:
    for _ in range(14):
        clock.forward(minutes=50)
        assert by_session(books, session) is not None
    clock.forward(minutes=20)
    assert by_session(books, session) is None  # twelve hours


def test_a_session_that_is_not_used_is_over_after_an_hour(
    books: Books, session: str, clock: Any
) -> None:
    clock.forward(minutes=60)
    assert by_session(books, session) is None


def test_who_is_signed_in_still_reads_when_the_disk_is_full(
    books: Books, session: str, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def full(*_: Any, **__: Any) -> Any:
        raise StoreError("the disk is full")
        yield

    clock.forward(minutes=2)
    monkeypatch.setattr(Store, "write", full)
    assert by_session(books, session) is not None


def test_once_somebody_was_added_nobody_asks_again_whether(
    books: Books, add: Add, reads: list[str]
) -> None:
    assert not has_users(books)
    add("ana")
    reads.clear()
    assert [has_users(books), has_users(books)] == [True, True]
    assert reads == ["read"]
