"""Old books with data in them become new ones, whole, whatever happens on the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, text

from supplynet.core.ledger import Movement
from supplynet.errors import LedgerError
from supplynet.storage import Store, WriteTx, audit, audit_chain, ledger, tables
from supplynet.storage.balances import verify
from supplynet.storage.migrate import _config, create_or_upgrade, revision
from supplynet.storage.triggers import ensure_triggers

Make = Callable[..., Movement]
Rows = dict[str, list[tuple[Any, ...]]]
OLD = sorted(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())
NEWEST = OLD.pop()


def make_old_books(store: Store, old: str, make: Make, now: datetime) -> Rows:
    """The schema of ``old`` with rows in its tables; what each table held."""
    config = _config()
    with store.connect_for_write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, old)
        ensure_triggers_of(connection, old)
    with store.write("scanner-1", now, audited=False) as tx:
        ledger.append_movements(tx, [make(f"m{i}", i + 1) for i in range(50)])
        audit_as_released(tx)
        at = "'2026-01-05T22:00:00.000000Z'"
        tx.connection.execute(
            text(
                "INSERT INTO orders (order_id, kind, part_id, from_location, to_location, lane_id, "
                "departure_at, cutoff_at, arrives_at, quantity, received, state, policy, "
                f"explanation, created_at, updated_at) VALUES ('o1', 'transfer', 'bolt', 'WH1', "
                f"'SR1', 'WH1-SR1', {at}, {at}, {at}, 7, 2, 'shipped', 'order_up_to', '{{}}', "
                f"{at}, {at})"
            )
        )
        tx.connection.execute(
            text(
                "INSERT INTO alerts (alert_id, open_key, severity, kind, message, raised_at) "
                f"VALUES ('a1', 'halted/SR1.A/', 'critical', 'halted', 'SR1.A stands', {at})"
            )
        )
    return rows_of(store)


def audit_as_released(tx: WriteTx) -> None:
    """A row of the audit log as it was before rows said where they come from."""
    row = {"seq": 1, "at": tx.now, "actor": tx.actor, "action": "wrote", "subject": ""}
    row |= {"before": None, "after": None, "reason": "", "prev_hash": audit.GENESIS}
    row["hash"] = audit_chain.hash_of(audit.GENESIS, row | {"origin": None})
    tx.connection.execute(tables.audit.insert().values(row))
    tx.notes.clear()  # they would be written as rows are now


def ensure_triggers_of(connection: Any, old: str) -> None:
    """Released books had them too; those of tables that came later cannot be there."""
    if old > "0001":
        ensure_triggers(connection)


def rows_of(store: Store) -> Rows:
    """Every row of every table, column names first."""
    with store.read() as tx:
        tables = MetaData()
        tables.reflect(tx.connection)
        return {
            name: [
                tuple(table.c.keys()),
                *sorted((tuple(row) for row in tx.connection.execute(table.select())), key=repr),
            ]
            for name, table in tables.tables.items()
            if name != "alembic_version"
        }


GONE = {("outbox", column) for column in ("attempts", "leased_by", "error")}
"""Columns that a migration takes away: tries are counted by channel since 0003."""


def same_but_for_new_columns(before: Rows, after: Rows) -> bool:
    for name, (columns, *_) in before.items():
        stay = [column for column in columns if (name, column) not in GONE]
        if _only(before[name], stay) != _only(after[name], stay):
            return False
    return True


def _only(table: list[tuple[object, ...]], columns: list[object]) -> list[tuple[object, ...]]:
    places = [table[0].index(column) for column in columns]
    return sorted((tuple(row[place] for place in places) for row in table[1:]), key=repr)


def check_that_all_is_there(store: Store, before: Rows, make: Make, now: datetime) -> None:
    assert revision(store) == NEWEST
    assert same_but_for_new_columns(before, rows_of(store))
    with pytest.raises(LedgerError, match="append-only"), store.write("mallory", now) as tx:
        tx.connection.execute(text("DELETE FROM movements"))
    with pytest.raises(LedgerError, match="append-only"), store.write("mallory", now) as tx:
        tx.connection.execute(text("UPDATE audit SET actor = 'ann'"))
    with store.write("scanner-1", now) as tx:
        assert ledger.append_movements(tx, [make("m0", 1), make("m50", 51)]) == 1
    with store.read() as tx:
        assert ledger.on_hand(tx) == {("WH1", "bolt"): 51 * 52 // 2}
        assert (verify(tx), audit.first_bad_row(tx)) == ([], None)


@pytest.mark.parametrize("old", OLD)
def test_every_released_schema_is_upgraded_with_all_that_is_in_it(
    bare_store: Store, old: str, receipt: Make, now: datetime
) -> None:
    before = make_old_books(bare_store, old, receipt, now)
    assert create_or_upgrade(bare_store) is True
    check_that_all_is_there(bare_store, before, receipt, now)


def upgrade_and_die(store: Store, statement: int) -> bool:
    """Upgrade in a process that dies before its statement number ``statement``; whether it did."""
    script = Path(__file__).with_name("migrating_child.py")
    done = subprocess.run(
        [sys.executable, str(script), store.url, str(statement)], capture_output=True, check=False
    )
    assert done.returncode in {0, -9}, done.stderr.decode()
    return done.returncode == -9


def test_a_migration_that_is_killed_never_was_and_the_next_start_completes_it(
    bare_store: Store, receipt: Make, now: datetime
) -> None:
    before = make_old_books(bare_store, OLD[0], receipt, now)
    assert upgrade_and_die(bare_store, 30)
    assert revision(bare_store) == OLD[0]
    assert rows_of(bare_store) == before
    assert create_or_upgrade(bare_store) is True
    check_that_all_is_there(bare_store, before, receipt, now)


@pytest.mark.drill
def test_a_migration_may_be_killed_at_any_of_its_statements(
    bare_store: Store, receipt: Make, now: datetime
) -> None:
    before = make_old_books(bare_store, OLD[0], receipt, now)
    statement = 1
    while upgrade_and_die(bare_store, statement):
        assert rows_of(bare_store) == before
        statement += 1
    assert statement > 50
    check_that_all_is_there(bare_store, before, receipt, now)
