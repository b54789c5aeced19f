"""The peer of the ledger: the bare driver writes the same rows into the same tables.

Same schema with its indexes, checks and triggers, same settings, same commits. The rows stand
ready as the driver wants them: no event is read, nothing is looked up, summed or hashed.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import make_url

from supplynet.core.events import Event
from supplynet.core.ledger import Account, Movement, post
from supplynet.storage.column_types import utc_text

_COLUMNS = tuple(field.name for field in fields(Movement))
_EVENT_COLUMNS = (
    "source",
    "event_id",
    "type",
    "occurred_at",
    "recorded_at",
    "location_id",
    "part_id",
    "quantity",
    "data",
    "content_hash",
)
Rows = list[tuple[Any, ...]]
Write = Callable[[dict[str, Rows]], None]


def rows_of(
    movements: Sequence[Movement], events: Sequence[Event], batch: int, *, is_sqlite: bool
) -> dict[str, Rows]:
    """The rows that one transaction writes, by table; ``batch`` numbers the transaction."""

    def plain(value: Any) -> Any:
        return utc_text(value) if is_sqlite and isinstance(value, datetime) else value

    first = movements[0].recorded_at
    sums = post(Counter(), movements)
    shelves = [(part, place, d) for (part, place, a), d in sums.items() if a is Account.ON_HAND]
    number = int(movements[0].movement_id.split("#")[0].split("m")[-1])
    note = '{"count":100,"first_seq":123456}'
    kinds = ["movement", "event"][: 1 + bool(events)]
    return {
        "movements": [
            (number + i, *(plain(getattr(move, name)) for name in _COLUMNS))
            for i, move in enumerate(movements)
        ],
        "events": [
            (number + i, *(plain(value) for value in _event_row(event, first)))
            for i, event in enumerate(events)
        ],
        "balances": [(*key[:2], key[2].value, delta) for key, delta in sums.items()],
        "free_stock": [(part, place, 0, -delta) for part, place, delta in shelves],
        "audit": [
            (2 * batch + i, plain(first), "bench", "moved", "m1", note, "", "0" * 64, "f" * 64)
            for i in range(len(kinds))
        ],
        "changes": [
            (2 * batch + i, kind, movements[-1].movement_id, plain(first))
            for i, kind in enumerate(kinds)
        ],
    }


def _event_row(event: Event, recorded_at: datetime) -> tuple[Any, ...]:
    return (
        event.source,
        event.event_id,
        event.type.value,
        event.occurred_at,
        recorded_at,
        event.location_id,
        event.part_id,
        event.quantity,
        "{}",
        event.content_hash,
    )


def _statements(mark: str) -> dict[str, str]:
    def insert(table: str, columns: Sequence[str]) -> str:
        marks = ", ".join([mark] * len(columns))
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"

    def add(table: str, keys: Sequence[str], sums: Sequence[str]) -> str:
        more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sums)
        conflict = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {more}"
        return insert(table, (*keys, *sums)) + conflict

    chain = ("at", "actor", "action", "subject", "after", "reason", "prev_hash", "hash")
    return {
        "events": insert("events", ("seq", *_EVENT_COLUMNS)),
        "movements": insert("movements", ("seq", *_COLUMNS)),
        "balances": add("balances", ("part_id", "location_id", "account"), ("quantity",)),
        "free_stock": add("free_stock", ("part_id", "location_id"), ("free", "owed")),
        "audit": insert("audit", ("seq", *chain)),
        "changes": insert("changes", ("seq", "kind", "ref", "at")),
    }


@contextmanager
def bare_sqlite(url: str) -> Iterator[Write]:
    """Writes of the standard library's ``sqlite3`` into a file that has the schema."""
    path = make_url(url).database
    assert path is not None
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "recursive_triggers=ON"):
        database.execute(f"PRAGMA {pragma}")
    statements = _statements("?")

    def write(rows: dict[str, Rows]) -> None:
        database.execute("BEGIN IMMEDIATE")
        for table, statement in statements.items():
            if rows[table]:
                database.executemany(statement, rows[table])
        database.execute("COMMIT")

    try:
        yield write
    finally:
        database.close()


@contextmanager
def bare_postgresql(url: str) -> Iterator[Write]:
    """Writes of ``psycopg`` into a database that has the schema; its batches are pipelined."""
    import psycopg

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    statements = _statements("%s")
    with psycopg.connect(plain, autocommit=True) as connection:

        def write(rows: dict[str, Rows]) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                for table, statement in statements.items():
                    if rows[table]:
                        cursor.executemany(statement, rows[table])

        yield write
