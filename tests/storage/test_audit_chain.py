"""Whatever is done to the audit log past its triggers is found, and the first bad row named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from supplynet.core.origin import ORIGIN
from supplynet.storage import ReadTx, Store, audit, audit_chain
from supplynet.storage.audit_chain import COLUMNS, GENESIS, FaultKind, hash_of
from supplynet.storage.column_types import encode_json, utc_text
from supplynet.storage.transaction import Note

NOW = datetime(2026, 1, 5, 22, tzinfo=UTC)
ROWS = 30
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def fill(store: Store, rows: int = ROWS) -> None:
    """Rows with and without origin, before and after, in several transactions."""
    for first in range(1, rows + 1, 3):
        with store.write("ann", NOW + timedelta(minutes=first)) as tx:
            for n in range(first, min(first + 3, rows + 1)):
                tx.notes.append(
                    Note(
                        action="order_approved",
                        subject=f"o{n}",
                        before={"quantity": n, "why": "stock is low"},
                        after={"quantity": n + 1},
                        reason=f"said {n}",
                        origin="http 10.0.0.7" if n % 2 else "",
                    )
                )


@contextmanager
def hands(store: Store) -> Iterator[Connection]:
    """A connection that may do what the triggers forbid."""
    with store.connect_for_write() as connection:
        if store.is_sqlite:
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_no_{verb}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection


def found_after(connection: Connection, *statements: str) -> tuple[int, FaultKind] | None:
    """What a walk finds after some statements, which are taken back then."""
    attempt = connection.begin_nested()
    for statement in statements:
        connection.execute(text(statement))
    fault = audit_chain.walk(ReadTx(connection=connection)).fault
    attempt.rollback()
    return None if fault is None else (fault.row, fault.kind)


def other_values(connection: Connection, column: str) -> list[str]:
    """SQL that makes a value of this column another one."""
    sqlite = connection.dialect.name == "sqlite"
    if column == "seq":
        return [f"seq + {ROWS * 2}", "-seq"]
    if column == "at":
        moved = "'2026-01-05T22:00:00.000001Z'" if sqlite else "at + interval '1 microsecond'"
        return [moved, "substr(at, 1, 26) || 'z'"] if sqlite else [moved]
    if column in ("before", "after"):
        return ["NULL", "'null'", "'1'", f"""replace("{column}", ':', ': ')""", """'{"a"'"""]
    spaced = f"""'x' || substr("{column}", 2)""" if "hash" in column else f"\"{column}\" || ' '"
    texts = [spaced, "'eve'", "''"]
    if column == "origin":
        return [*texts[1:], "CASE WHEN origin IS NULL THEN 'cli' END"]
    return [*texts, "x'ff00'", "CAST(x'ff' AS TEXT)"] if sqlite else texts


def test_every_edit_of_every_column_of_every_row_is_found_and_that_row_named(
    store: Store,
) -> None:
    fill(store)
    rows = (1, 2, 15, ROWS)  # each further way of editing: enough on these
    with hands(store) as connection:
        for column in COLUMNS:
            for nth, value in enumerate(other_values(connection, column)):
                for row in rows if nth else range(1, ROWS + 1):
                    statement = f'UPDATE audit SET "{column}" = {value} WHERE seq = {row}'
                    found = found_after(connection, statement)
                    assert found is not None, statement
                    named = -row if value == "-seq" else row
                    assert found[0] == named, (statement, found)


def test_the_log_itself_is_whole_after_all_that(store: Store) -> None:
    fill(store)
    with store.read() as tx:
        walked = audit_chain.walk(tx)
        assert (walked.rows, walked.fault) == (ROWS, None)
        assert audit.head(tx) == (ROWS, walked.head)
        assert audit_chain.hashes_at(tx, [ROWS, ROWS + 1]) == {ROWS: walked.head}
        origins = {entry.origin for entry in audit.entries(tx)}
    assert origins == {None, "http 10.0.0.7"}


@pytest.mark.parametrize("row", [1, 2, 15, ROWS - 1])
def test_a_deleted_row_is_missing(store: Store, row: int) -> None:
    fill(store)
    delete = f"DELETE FROM audit WHERE seq = {row}"
    # One by one: SQLite checks the key after each row that it changes.
    close_up = [f"UPDATE audit SET seq = {n - 1} WHERE seq = {n}" for n in range(row + 1, ROWS + 1)]
    with hands(store) as connection:
        assert found_after(connection, delete) == (row, FaultKind.MISSING)
        assert found_after(connection, delete, *close_up) == (row, FaultKind.MISSING)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (14, 15), (3, 20), (1, ROWS)])
def test_swapped_rows_are_out_of_order(store: Store, one: int, other: int) -> None:
    fill(store)
    swap = [
        f"UPDATE audit SET seq = 1000 WHERE seq = {one}",
        f"UPDATE audit SET seq = {one} WHERE seq = {other}",
        f"UPDATE audit SET seq = {other} WHERE seq = 1000",
    ]
    with hands(store) as connection:
        assert found_after(connection, *swap) == (one, FaultKind.OUT_OF_ORDER)


def rows_of(connection: Connection) -> list[dict[str, Any]]:
    with_tx = ReadTx(connection=connection)
    names = audit.entries(with_tx, limit=10 * ROWS)
    return [{name: getattr(entry, name) for name in COLUMNS} for entry in names]


def hash_update(row: dict[str, Any]) -> str:
    return (
        f"UPDATE audit SET prev_hash = '{row['prev_hash']}', hash = '{row['hash']}' "
        f"WHERE seq = {row['seq']}"
    )


@pytest.mark.parametrize("row", [1, 7, ROWS - 1])
def test_a_row_whose_hash_was_computed_anew_is_named_by_the_one_after_it(
    store: Store, row: int
) -> None:
    fill(store)
    with hands(store) as connection:
        written = rows_of(connection)[row - 1] | {"actor": "eve"}
        written["hash"] = hash_of(written["prev_hash"], written)
        edit = f"UPDATE audit SET actor = 'eve' WHERE seq = {row}"
        found = found_after(connection, edit, hash_update(written))
    assert found == (row, FaultKind.REWRITTEN)


@pytest.mark.parametrize("row", [1, 9, ROWS])
def test_an_inserted_row_is_named_though_its_own_hash_is_right(store: Store, row: int) -> None:
    fill(store)
    away = [f"UPDATE audit SET seq = {n + 1} WHERE seq = {n}" for n in range(ROWS, row - 1, -1)]
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    with hands(store) as connection:
        before = rows_of(connection)[row - 1]
        made = before | {"seq": row, "actor": "eve"}
        made["hash"] = hash_of(made["prev_hash"], made)
        copied = names.replace('"seq"', str(row)).replace('"actor"', "'eve'")
        copied = copied.replace('"hash"', f"'{made['hash']}'")
        insert = f"INSERT INTO audit ({names}) SELECT {copied} FROM audit WHERE seq = {row + 1}"
        assert found_after(connection, *away, insert) == (row, FaultKind.INSERTED)
        below = insert.replace(f"SELECT {row},", "SELECT 0,")
        assert below != insert
        shifted = below.replace(f"WHERE seq = {row + 1}", f"WHERE seq = {row}")
        assert found_after(connection, shifted) == (0, FaultKind.INSERTED)


def test_what_a_walk_cannot_see_a_cut_off_end_and_a_chain_computed_anew(store: Store) -> None:
    """These two are what anchors are for: see tests of ``services.audit``."""
    fill(store)
    with hands(store) as connection:
        assert found_after(connection, f"DELETE FROM audit WHERE seq > {ROWS - 5}") is None
        previous, statements = GENESIS, []
        for row in rows_of(connection):
            changed = row | ({"actor": "eve"} if row["seq"] == 4 else {}) | {"prev_hash": previous}
            changed["hash"] = previous = hash_of(previous, changed)
            statements.append(hash_update(changed))
        edit = "UPDATE audit SET actor = 'eve' WHERE seq = 4"
        assert found_after(connection, edit, *statements) is None


def test_pages_of_the_walk_join(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    monkeypatch.setattr(audit_chain, "_PAGE", 7)
    with hands(store) as connection:
        assert found_after(connection, "SELECT 1") is None
        edit = "UPDATE audit SET reason = 'x' WHERE seq = 22"
        assert found_after(connection, edit) == (22, FaultKind.EDITED)


def test_rows_of_before_the_origin_was_kept_hash_as_they_did() -> None:
    row = {
        "seq": 1,
        "at": NOW,
        "actor": "ann",
        "action": "approved",
        "subject": "o1",
        "before": {"9": "nine", "10": 1.0},
        "after": None,
        "reason": "short",
        "origin": None,
    }
    golden = "c3a624d09b67bbb9d5e3ec606720017ed11317fc373c77a2eebce1639ec47f1a"
    assert hash_of(GENESIS, row) == golden
    assert hash_of(GENESIS, row | {"origin": "cli"}) != golden


@given(before=_JSON, after=_JSON, words=st.tuples(*[st.text(max_size=12)] * 4))
def test_the_text_that_is_stored_hashes_to_what_was_hashed_when_it_was_written(
    before: Any, after: Any, words: tuple[str, str, str, str]
) -> None:
    actor, action, reason, origin = words
    row = {
        "seq": 7,
        "at": NOW,
        "actor": actor,
        "action": action,
        "subject": "s",
        "before": before,
        "after": after,
        "reason": reason,
        "origin": origin or None,
    }
    values = {"before": before, "after": after}
    stored = {name: None if it is None else encode_json(it) for name, it in values.items()}
    kept: Any = SimpleNamespace(**row | stored | {"at": utc_text(NOW)})
    assert audit_chain._digest(GENESIS, kept) == hash_of(GENESIS, row)


@pytest.fixture
def from_cli() -> Any:
    outside = ORIGIN.set("cli")
    yield
    ORIGIN.reset(outside)


@pytest.mark.usefixtures("from_cli")
def test_an_entry_says_where_it_came_from_and_whom_a_note_is_about(sqlite_store: Store) -> None:
    with sqlite_store.write("cli:ann", NOW) as tx:
        tx.note("approved", "o1")
        tx.notes.append(Note(action="read", subject="x", actor="bob", origin="http 10.0.0.9"))
    with sqlite_store.read() as tx:
        told = [(entry.actor, entry.origin) for entry in audit.entries(tx)]
        assert audit.first_bad_row(tx) is None
    assert told == [("cli:ann", "cli"), ("bob", "http 10.0.0.9")]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (audit.Wanted(), [30, 29]),
        (audit.Wanted(actor="eve"), []),
        (audit.Wanted(subject="o5"), [5]),
        (audit.Wanted(until=NOW + timedelta(minutes=4)), [3, 2]),
        (audit.Wanted(since=NOW + timedelta(minutes=28), action="order_approved"), [30, 29]),
    ],
)
def test_entries_are_chosen_by_all_that_is_given(
    store: Store, wanted: audit.Wanted, rows: list[int]
) -> None:
    fill(store)
    with store.read() as tx:
        assert [entry.seq for entry in audit.newest(tx, wanted, limit=2)] == rows
        first = [entry.seq for entry in audit.oldest(tx, wanted, after_seq=0, limit=ROWS)]
    assert first[-1:] == rows[:1]
