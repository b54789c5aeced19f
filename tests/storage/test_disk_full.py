"""No room, or no database: nothing is half-written, it is seen, and it goes on by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from supplynet.core.ledger import Movement
from supplynet.errors import StoreError
from supplynet.storage import Store, audit, ledger, open_store
from supplynet.storage.balances import verify

Make = Callable[..., Movement]


def test_a_full_disk_refuses_whole_batches_and_takes_them_once_there_is_room(
    sqlite_store: Store, now: datetime, receipt: Make
) -> None:
    pages = [150]

    @event.listens_for(sqlite_store._engine, "begin")
    def _limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages[0]}")

    def post(batch: int) -> None:
        moves = [receipt(f"m{batch}-{i}", 1) for i in range(200)]
        with sqlite_store.write("scanner-1", now) as tx:
            ledger.append_movements(tx, moves)

    batch = 0
    while not sqlite_store.write_trouble:
        with suppress(StoreError):
            post(batch)
            batch += 1
    assert batch > 0
    assert "full" in sqlite_store.write_trouble
    with sqlite_store.read() as tx:
        assert sum(ledger.on_hand(tx).values()) == 200 * batch
        assert (verify(tx), audit.first_bad_row(tx)) == ([], None)
    pages[0] = 10_000
    post(batch)
    assert sqlite_store.write_trouble == ""
    with sqlite_store.read() as tx:
        assert sum(ledger.on_hand(tx).values()) == 200 * (batch + 1)


def check_in_child(folder: Path, template: Path, sizes: list[int]) -> None:
    """Real errors of the file system: see ``posting_child``."""
    shutil.copy(template, folder / "supplynet.db")
    script = Path(__file__).with_name("posting_child.py")
    command = [sys.executable, str(script), str(folder), *(str(size) for size in sizes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(sizes)
    for each in found:
        assert "the database does not answer as it should" in each["said"]
        assert each["visible"]
        assert each["readable"]
        assert "cannot be written" in each["history"]
        assert each["history_rows"] == 10
    store = open_store(f"sqlite:///{folder / 'supplynet.db'}")
    with store.read() as tx:
        assert verify(tx) == []
        acknowledged = sum(each["acknowledged"] for each in found)
        assert len(ledger.movements_after(tx, 0)) == 20 * acknowledged
    store.close()


def test_files_that_cannot_grow_are_seen_and_forgiven(
    tmp_path: Path, sqlite_template: Path
) -> None:
    check_in_child(tmp_path, sqlite_template, [400_000, 900_000])


@pytest.mark.drill
def test_files_that_cannot_grow_at_100_sizes(tmp_path: Path, sqlite_template: Path) -> None:
    check_in_child(tmp_path, sqlite_template, [400_000 + 7_919 * i for i in range(100)])


def test_a_connection_that_dies_before_the_commit_leaves_nothing_and_the_next_one_works(
    store: Store, now: datetime, receipt: Make
) -> None:
    if store.is_sqlite:
        pytest.skip("SQLite has no connection that others could cut")

    def post_and_die() -> None:
        with store.write("scanner-1", now) as tx:
            ledger.append_movements(tx, [receipt("m1", 10)])
            own = tx.connection.scalar(text("SELECT pg_backend_pid()"))
            with store.read() as other:
                other.connection.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})

    with pytest.raises(StoreError):
        post_and_die()
    assert store.write_trouble
    with store.write("scanner-1", now) as tx:
        assert ledger.append_movements(tx, [receipt("m1", 10)]) == 1
    assert store.write_trouble == ""
    with store.read() as reader:
        assert verify(reader) == []
