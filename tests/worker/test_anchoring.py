"""The head of the audit log is anchored while a server runs, and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from supplynet.services import audit
from supplynet.services.books import Books, open_books
from supplynet.storage import alerts
from supplynet.worker import anchoring
from supplynet.worker.anchoring import EVERY_ROWS, NOT_ANCHORED, Anchoring


@pytest.fixture
def books(empty_workspace: Path) -> Iterator[Books]:
    opened = open_books(empty_workspace)
    yield opened
    opened.store.close()


def note(books: Books, rows: int) -> None:
    with books.store.write("ann", books.now()) as tx:
        for n in range(rows):
            tx.note("order_approved", f"o{n}")


def anchored(books: Books) -> int:
    newest = audit.newest_anchor(books)
    return 0 if newest is None else newest.seq


def test_the_head_is_anchored_after_enough_rows_and_not_before(books: Books) -> None:
    keeper = Anchoring(books)
    note(books, EVERY_ROWS - 1)
    keeper.look()
    assert anchored(books) == 0
    note(books, 1)
    keeper.look()
    assert anchored(books) == EVERY_ROWS
    note(books, 1)
    keeper.look()
    assert anchored(books) == EVERY_ROWS


def test_fewer_rows_are_anchored_when_it_is_time(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Anchoring(books)
    note(books, 1)
    monkeypatch.setattr(anchoring, "EVERY", -anchoring.EVERY)
    keeper.look()
    assert anchored(books) == 1


def test_the_end_of_a_server_is_anchored(books: Books) -> None:
    with Anchoring(books):
        note(books, 3)
    assert anchored(books) == 3
    assert audit.verify(books).faults == ()


def test_an_alert_says_that_it_cannot_be_done_until_it_can(books: Books, tmp_path: Path) -> None:
    blocked = tmp_path / "share"
    blocked.touch()
    named = {"audit_anchor_file": str(blocked / "anchors.jsonl")}
    broken = replace(books, settings=books.settings.model_copy(update=named))
    note(books, EVERY_ROWS)
    with Anchoring(broken):
        pass
    with books.store.read() as tx:
        (alert,) = [each for each in alerts.open_alerts(tx) if each.kind == NOT_ANCHORED]
    assert str(blocked) in alert.message
    blocked.unlink()
    Anchoring(broken).anchor()
    with books.store.read() as tx:
        assert [each for each in alerts.open_alerts(tx) if each.kind == NOT_ANCHORED] == []
    assert anchored(books) >= EVERY_ROWS
