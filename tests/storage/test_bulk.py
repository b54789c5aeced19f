"""Rows and look-ups in one statement: the same on both databases, and as SQLAlchemy does it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from supplynet.core.ledger import Account, Movement
from supplynet.storage import Store
from supplynet.storage.bulk import Insert, Lookup
from supplynet.storage.ledger import append_movements
from supplynet.storage.tables import audit, events, movements

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


@pytest.mark.parametrize(
    "store", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_postgresql_reads_one_row_and_not_a_table_that_has_grown(
    store: Store, now: datetime
) -> None:
    """Nobody has analyzed it yet, as after an import; a join would read all of it."""
    moved = Movement(
        movement_id="m",
        part_id="P",
        quantity=1,
        from_location="ACME",
        from_account=Account.SUPPLIER,
        to_location="WH1",
        to_account=Account.ON_HAND,
        occurred_at=now,
        recorded_at=now,
        reason="received",
        actor="test",
    )
    for first in range(0, 20_000, 1000):
        with store.write("test", now) as tx:
            numbers = range(first, first + 1000)
            append_movements(tx, [replace(moved, movement_id=f"m{number}") for number in numbers])
    find = Lookup(movements, ("movement_id",), by="movement_id")
    with store.read() as tx:
        asked = (f"EXPLAIN {find._postgresql}", ('["m7"]',))
        plan = "\n".join(row[0] for row in tx.connection.exec_driver_sql(*asked))
        assert find(tx, ["m7"]) == [("m7",)]
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan, plan
