"""People are told what is wrong with what comes in and with the books, and when it is over."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from supplynet.cycle.letters import Letter
from supplynet.services import intake, verification
from supplynet.services.books import Books, open_books
from supplynet.storage import alerts, changes
from supplynet.worker import watch as watch_module
from supplynet.worker.mqtt import MqttWorker
from supplynet.worker.watch import Watch


@pytest.fixture
def books(demo_workspace: Path) -> Books:
    return open_books(demo_workspace)


@pytest.fixture
def watch(books: Books) -> Watch:
    return Watch(books, MqttWorker(books, random.Random(1)))


def open_kinds(books: Books) -> set[str]:
    with books.store.read() as tx:
        return {alert.kind for alert in alerts.open_alerts(tx)}


def newest_change(books: Books) -> int:
    with books.store.read() as tx:
        return changes.latest_seq(tx)


def test_letters_that_wait_are_told_until_they_are_decided(books: Books, watch: Watch) -> None:
    letter = Letter(channel="mqtt", source="t", payload=b"garbage", problem="no event")
    intake.take_letters(books, [letter], actor="mqtt")
    watch.look()
    assert intake.DEAD_LETTERS in open_kinds(books)
    before = newest_change(books)
    watch.look()  # nothing new: nothing written
    assert newest_change(books) == before
    intake.drop(books, 1, actor="mara", reason="a test")
    watch.look()
    assert intake.DEAD_LETTERS not in open_kinds(books)


def test_books_that_do_not_prove_themselves_are_told_until_they_are_mended(
    books: Books, watch: Watch
) -> None:
    def change_a_balance(by: int) -> None:
        with books.store.connect_for_write() as connection:
            connection.execute(
                text("UPDATE balances SET quantity = quantity + :by WHERE account = 'on_hand'"),
                {"by": by},
            )

    watch.prove()
    assert verification.BOOKS_WRONG not in open_kinds(books)
    change_a_balance(1)
    watch.prove()
    assert verification.BOOKS_WRONG in open_kinds(books)
    change_a_balance(-1)
    watch.prove()
    assert verification.BOOKS_WRONG not in open_kinds(books)


def test_the_thread_outlives_a_look_that_fails(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Semaphore(0)

    def fail(*_: object) -> None:
        failed.release()
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(intake, "causes", fail)
    monkeypatch.setattr(watch_module, "LOOK_EVERY", timedelta(milliseconds=10))
    with watch:
        assert failed.acquire(timeout=30)
        assert failed.acquire(timeout=30)  # the look after it
