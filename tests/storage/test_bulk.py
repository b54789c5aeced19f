"""Rows and look-ups in one statement: the same on both databases, and as SQLAlchemy does it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import select

from supplynet.storage import Store
from supplynet.storage.bulk import Insert, Lookup
from supplynet.storage.tables import audit, events

NAMES = tuple(column.name for column in audit.c)
ROW = (
    1,
    datetime(2026, 3, 29, 3, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2))),
    "Zoë \U0001f529",
    'quo"te',
    "back\\slash",
    None,
    {"b": [1, None], "a": "ü"},
    "100 %s ' \n",
    "",
    "x" * 64,
    "http 10.1.2.3",
)


def test_rows_come_back_as_they_were_given(store: Store, now: datetime) -> None:
    with store.write("test", now, audited=False) as tx:
        Insert(audit, NAMES)(tx, [ROW, (2, *ROW[1:])])
        Insert(audit, NAMES)(tx, [])
    with store.read() as tx:
        found = [tuple(row) for row in tx.connection.execute(select(audit).order_by(audit.c.seq))]
        looked_up = Lookup(audit, NAMES, by="actor")(tx, [str(ROW[2]), "nobody"])
    assert found == [ROW, (2, *ROW[1:])]
    assert sorted(looked_up, key=lambda row: int(row[0])) == found
    assert looked_up[0][1].tzinfo is UTC


def test_a_look_up_stays_within_what_is_given(store: Store, now: datetime) -> None:
    names = (
        *("seq", "source", "event_id", "type", "occurred_at", "recorded_at"),
        *("location_id", "part_id", "quantity", "data", "content_hash"),
    )
    rest: tuple[Any, ...] = ("consumed", now, now, "SR1.A", None, 2**53, {}, "0" * 64)
    find = Lookup(events, ("seq", "quantity"), by="event_id", within="source")
    with store.write("test", now, audited=False) as tx:
        Insert(events, names)(tx, [(1, "a", "e1", *rest), (2, "b", "e1", *rest)])
        assert find(tx, ["e1", "e2"], "b") == [(2, 2**53)]
        assert find(tx, ["e2"], "b") == find(tx, [], "b") == []
        assert len(find(tx, [f"e{i}" for i in range(40_000)], "a")) == 1
