"""Drills: a backup under load, and a large restore, with the figures that they took."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from supplynet.core.ledger import Account, Movement
from supplynet.services import backup
from supplynet.services.backup import make
from supplynet.services.books import Books, open_books
from supplynet.services.restore import Restored, Wanted, restore
from supplynet.services.verification import check
from supplynet.storage import Store, ledger

START = datetime(2026, 1, 5, tzinfo=UTC)
_numbers = itertools.count(1)
pytestmark = pytest.mark.drill


@pytest.fixture
def target(store: Store) -> Iterator[str | None]:
    """An empty database to restore into; None for SQLite."""
    if store.is_sqlite:
        yield None
        return
    name = f"drill_{next(_numbers)}"
    _sql(store.url, f"CREATE DATABASE {name}")
    yield make_url(store.url).set(database=name).render_as_string(hide_password=False)
    _sql(store.url, f"DROP DATABASE {name} WITH (FORCE)")


def _sql(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def movement(number: int) -> Movement:
    return Movement(
        movement_id=f"m{number}",
        part_id=f"P-{number % 500}",
        quantity=number % 7 + 1,
        from_location="ACME",
        from_account=Account.SUPPLIER,
        to_location=f"WH{number % 20}",
        to_account=Account.ON_HAND,
        occurred_at=START + timedelta(seconds=number),
        recorded_at=START,
        reason="received",
        actor="scanner-1",
    )


def post(books: Books, first: int, count: int) -> None:
    with books.store.write("scanner-1", START) as tx:
        ledger.append_movements(tx, [movement(first + n) for n in range(count)])


def prove(done: Restored) -> int:
    books = open_books(done.folder)
    assert check(books) == []
    with books.store.read() as tx:
        count = tx.connection.scalar(text("SELECT COUNT(*) FROM movements"))
    books.store.close()
    return int(count or 0)


def write_steadily(books: Books, stop: Callable[[], bool], per_second: int) -> list[float]:
    """One write after the other on a steady clock; how late each came, seconds."""
    late, begun = [], time.monotonic()
    for number in itertools.count():
        due = begun + number / per_second
        time.sleep(max(0.0, due - time.monotonic()))
        post(books, 1_000_000 + number, 1)
        late.append(time.monotonic() - due)
        if stop():
            return late
    raise AssertionError


def test_backups_during_200_writes_a_second_for_a_minute(
    small_books: Books, tmp_path: Path, target: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    books = small_books
    for first in range(0, 100_000, 1000):
        post(books, first, 1000)
    end, late = time.monotonic() + 60, list[float]()
    thread = threading.Thread(
        target=lambda: late.extend(write_steadily(books, lambda: time.monotonic() > end, 200))
    )
    thread.start()
    files, took = [], []
    while time.monotonic() < end - 5:
        begun = time.monotonic()
        made = make(books, actor="drill")
        took.append(time.monotonic() - begun)
        files.append(made.folder / made.name)
        time.sleep(2)
    thread.join()
    there = prove(restore(Wanted(file=files[-1], folder=tmp_path / "again", database_url=target)))
    with capsys.disabled():
        late.sort()
        print(  # noqa: T201
            f"\n{len(files)} backups of {max(took):.1f} s at most beside "
            f"{len(late) / 60:.0f} writes a second; "
            f"writes late by p50 {late[len(late) // 2] * 1000:.0f} ms, p99 "
            f"{late[len(late) * 99 // 100] * 1000:.0f} ms; {there:,} movements restored"
        )
    assert 100_000 < there < 100_000 + len(late)
    assert len(late) > 60 * 200 * 0.9


def test_a_million_movements_are_restored_within_a_minute(
    small_books: Books, tmp_path: Path, target: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    for first in range(0, 1_000_000, 2000):
        post(small_books, first, 2000)
    begun = time.monotonic()
    made = backup.make(small_books, actor="drill")
    backed_up = time.monotonic() - begun
    begun = time.monotonic()
    wanted = Wanted(file=made.folder / made.name, folder=tmp_path / "again", database_url=target)
    done = restore(wanted)
    took = time.monotonic() - begun
    with capsys.disabled():
        print(  # noqa: T201
            f"\n1,000,000 movements: {made.size / 1e6:.0f} MB, backed up in {backed_up:.1f} s, "
            f"restored and proven in {took:.1f} s"
        )
    assert prove(done) == 1_000_000
    assert took < 60
