from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import text

from supplynet.storage import Store, audit


def write_three(store: Store, now: datetime) -> None:
    for name in ("ann", "bob", "ann"):
        with store.write(name, now) as tx:
            tx.note("approved", "o1", before={10: 1.0, 9: "nine"}, reason="short")


def test_an_entry_says_who_did_what_when_and_why(store: Store, now: datetime) -> None:
    write_three(store, now)
    with store.read() as tx:
        first, *_ = audit.entries(tx, subject="o1")
        assert audit.entries(tx, subject="o2") == []
        assert [entry.seq for entry in audit.entries(tx, after_seq=1, limit=1)] == [2]
        assert audit.head(tx) == (3, audit.entries(tx)[-1].hash)
        assert audit.first_bad_row(tx) is None
    assert (first.actor, first.action, first.at, first.reason) == ("ann", "approved", now, "short")
    assert (first.before, first.after) == ({"10": 1.0, "9": "nine"}, None)
    assert first.prev_hash == audit.GENESIS


@pytest.mark.parametrize(
    ("tampering", "first_bad"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("UPDATE audit SET prev_hash = hash WHERE seq = 3", 3),
        ("UPDATE audit SET seq = -seq WHERE seq = 1", -1),
    ],
)
def test_tampering_past_the_triggers_is_found_and_located(
    sqlite_store: Store, now: datetime, tampering: str, first_bad: int
) -> None:
    write_three(sqlite_store, now)
    with sqlite_store.connect_for_write() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text(tampering))
    with sqlite_store.read() as tx:
        assert audit.first_bad_row(tx) == first_bad
