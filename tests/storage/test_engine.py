from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from supplynet.core.ledger import Movement
from supplynet.errors import ConfigError, LedgerError, StoreError
from supplynet.storage import Store, audit, changes, ledger, open_store, values
from supplynet.storage.tables import settings
from supplynet.storage.tables import settings as settings_table

Make = Callable[..., Movement]


def test_a_reader_sees_one_moment_while_a_writer_commits(
    store: Store, now: datetime, receipt: Make
) -> None:
    with store.write("scanner-1", now) as tx:
        ledger.append_movements(tx, [receipt("m1", 10)])
    with store.read() as reader:
        assert ledger.on_hand(reader) == {("WH1", "bolt"): 10}
        with store.write("scanner-1", now) as tx:
            ledger.append_movements(tx, [receipt("m2", 5)])
        assert ledger.on_hand(reader) == {("WH1", "bolt"): 10}
        assert changes.latest_seq(reader) == 1
        assert len(ledger.movements_between(reader)) == 1
    with store.read() as tx:
        assert ledger.on_hand(tx) == {("WH1", "bolt"): 15}


def raise_after(_done: object) -> None:
    raise ZeroDivisionError


def test_an_error_in_the_block_leaves_nothing_behind(
    store: Store, now: datetime, receipt: Make
) -> None:
    with pytest.raises(ZeroDivisionError), store.write("scanner-1", now) as tx:
        raise_after(ledger.append_movements(tx, [receipt("m1", 10)]))
    with store.read() as tx:
        assert ledger.on_hand(tx) == {}
        assert (changes.latest_seq(tx), audit.head(tx)[0]) == (0, 0)


def test_a_reader_cannot_write_and_its_connection_can_write_afterwards(
    store: Store, now: datetime
) -> None:
    row = {"key": "paused", "value": True, "updated_at": now}
    with pytest.raises(StoreError), store.read() as tx:
        tx.connection.execute(insert(settings).values(**row))
    with store.write("ann", now) as writer:
        values.set_value(writer, "paused", value=True)
    with store.read() as tx:
        assert values.get_value(tx, "paused") is True


def test_every_write_names_its_actor_in_the_audit_log_even_raw_sql(
    store: Store, now: datetime
) -> None:
    with store.write("ann", now) as tx:
        tx.connection.execute(text("DELETE FROM settings"))
    with store.write("ann", now) as tx:
        tx.connection.execute(
            insert(settings_table).values(key="paused", value=True, updated_at=now)
        )
    with store.read() as tx:
        assert [(entry.actor, entry.action) for entry in audit.entries(tx)][-1:] == [
            ("ann", "wrote")
        ]


def test_numbers_have_no_gaps_and_become_visible_in_order(store: Store, now: datetime) -> None:
    """A reader that has seen N never meets a new change below N, with 4 writers at once."""
    seen: list[int] = []
    done = threading.Event()
    faults: list[str] = []

    def write(name: str) -> None:
        for i in range(10):
            with store.write(name, now) as tx:
                values.set_value(tx, name, i)
                values.set_value(tx, f"{name}-twin", i)

    def read() -> None:
        last = 0
        while not done.is_set() or not seen or seen[-1] < 80:
            with store.read() as tx:
                found = [change.seq for change in changes.changes_since(tx, last)]
            if found != list(range(last + 1, last + 1 + len(found))):
                faults.append(f"after {last}: {found}")
                return
            seen.extend(found)
            last += len(found)

    writers = [threading.Thread(target=write, args=(f"w{i}",)) for i in range(4)]
    reader = threading.Thread(target=read)
    for thread in [reader, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert faults == []
    assert seen == list(range(1, 81))


def test_a_write_inside_a_write_is_a_bug_that_shows_at_once(store: Store, now: datetime) -> None:
    again = store.write("ann", now)
    with store.write("ann", now), pytest.raises(AssertionError, match="wait for itself"), again:
        pass
    with store.write("ann", now) as tx:
        values.set_value(tx, "paused", value=True)


def test_sqlite_is_set_up_to_keep_what_it_acknowledged(sqlite_store: Store) -> None:
    with sqlite_store.read() as tx:
        found = {
            name: tx.connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }


@pytest.mark.parametrize(
    ("url", "says"),
    [("supplynet.db", "no database URL"), ("oracle://x", "oracle"), ("mysql://x", "mysql")],
)
def test_a_url_of_another_database_is_refused(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        open_store(url)


def test_a_database_that_cannot_be_opened_is_an_error_of_ours(tmp_path: Path) -> None:
    missing = open_store(f"sqlite:///{tmp_path}/no/such/folder/x.db")
    with pytest.raises(StoreError, match="unable to open"), missing.read():
        pass
    missing.close()
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database" * 1000)
    opened = open_store(f"sqlite:///{broken}")
    with pytest.raises(StoreError, match="not a database"), opened.read():
        pass
    opened.close()


def test_a_password_is_not_shown(store: Store) -> None:
    assert store.url.startswith(("sqlite:///", "postgresql+psycopg://"))
    assert "secret" not in repr(open_store("postgresql://ann:secret@localhost/x"))
    assert "secret" in open_store("postgresql://ann:secret@localhost/x").url


def test_a_broken_rule_of_the_database_is_a_ledger_error(store: Store, now: datetime) -> None:
    with store.write("ann", now) as tx:
        values.set_value(tx, "paused", value=True)
    with pytest.raises(LedgerError), store.write("ann", now) as tx:
        tx.connection.execute(insert(settings).values(key="paused", value=1, updated_at=now))
    with store.read() as tx:
        assert tx.connection.scalars(select(settings.c.key)).all() == ["paused"]
