"""Reads are counted in memory and written down once in a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from supplynet.errors import StoreError
from supplynet.services.books import Books
from supplynet.services.reads import Read, ReadLog
from supplynet.storage import audit

ANA = Read(actor="ana", origin="http 10.0.0.9", operation="get_model", subject="m1")


def noted(books: Books) -> list[tuple[str, str | None, str, Any]]:
    with books.store.read() as tx:
        found = audit.entries(tx)
    return [(each.actor, each.origin, each.subject, each.after) for each in found]


def test_the_same_read_many_times_is_one_row_with_its_count(small_books: Books) -> None:
    log = ReadLog()
    for _ in range(5):
        log.add(ANA)
    log.add(Read(actor="bob", origin="", operation="list_models"))
    assert log.flush(small_books) == 2
    assert log.flush(small_books) == 0
    assert noted(small_books) == [
        ("ana", "http 10.0.0.9", "get_model m1", {"count": 5}),
        ("bob", None, "list_models", {"count": 1}),
    ]
    with small_books.store.read() as tx:
        assert audit.first_bad_row(tx) is None


def test_what_could_not_be_written_is_written_the_next_time(
    small_books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ReadLog()
    log.add(ANA)

    @contextmanager
    def full(*_said: Any, **_more: Any) -> Iterator[Any]:
        raise StoreError("the disk is full")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(type(small_books.store), "write", full)
        with pytest.raises(StoreError):
            log.flush(small_books)
    log.add(ANA)
    assert log.flush(small_books) == 1
    assert noted(small_books)[0][3] == {"count": 2}


def test_who_asks_for_ever_other_things_does_not_fill_the_memory(small_books: Books) -> None:
    log = ReadLog(most=3)
    for n in range(10):
        log.add(Read(actor="ana", origin="", operation="get_model", subject=f"m{n}"))
    assert log.flush(small_books) == 4
    assert noted(small_books)[-1] == ("ana", None, "(more)", {"count": 7})
