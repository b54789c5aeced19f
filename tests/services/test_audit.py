"""The audit log proved by its chain and its anchors, listed and handed out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from supplynet.errors import InvalidInput, StoreError
from supplynet.services import audit, verification
from supplynet.services.books import Books
from supplynet.storage.audit import Wanted, entries
from supplynet.storage.audit_chain import COLUMNS, GENESIS, FaultKind, hash_of

ROWS = 12


@pytest.fixture
def books(small_books: Books) -> Books:
    """A log of 12 rows, anchored at rows 4, 8 and 12."""
    for n in range(1, ROWS + 1):
        with small_books.store.write("ann", small_books.wall_clock()) as tx:
            tx.note("order_approved", f"o{n}", reason=f"said {n}")
        if n % 4 == 0:
            audit.anchor(small_books)
    return small_books


def anchor_file(books: Books) -> Path:
    return audit.anchor_files(books)[0]


def tamper(books: Books, *statements: str) -> None:
    """Write past the triggers."""
    with books.store.connect_for_write() as connection:
        if books.store.is_sqlite:
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_no_{verb}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def rewrite(books: Books, seq: int) -> None:
    """Edit a row, and compute every hash from it on anew: the chain holds again."""
    with books.store.read() as tx:
        rows = [{name: getattr(each, name) for name in COLUMNS} for each in entries(tx)]
    previous, statements = GENESIS, [f"UPDATE audit SET actor = 'eve' WHERE seq = {seq}"]
    for row in rows:
        before, actor = previous, "eve" if row["seq"] == seq else row["actor"]
        previous = hash_of(before, row | {"actor": actor})
        statements.append(
            f"UPDATE audit SET prev_hash = '{before}', hash = '{previous}' WHERE seq = {row['seq']}"
        )
    tamper(books, *statements)


def faults(books: Books, more: Sequence[Path] = ()) -> list[tuple[int, FaultKind]]:
    return [(fault.row, fault.kind) for fault in audit.verify(books, more).faults]


def test_a_log_that_was_left_alone_is_proven_by_all_its_anchors(books: Books) -> None:
    found = audit.verify(books)
    assert (found.rows, found.anchors, found.faults) == (ROWS, 3, ())
    assert found.newest is not None
    assert (found.newest.seq, found.newest.hash) == (ROWS, found.head)


@pytest.mark.parametrize(("seq", "first_unproven"), [(1, 1), (4, 1), (5, 5), (12, 9)])
def test_a_chain_computed_anew_to_its_end_is_found_by_the_anchors(
    books: Books, seq: int, first_unproven: int
) -> None:
    rewrite(books, seq)
    (fault,) = audit.verify(books).faults
    assert (fault.row, fault.kind) == (first_unproven, FaultKind.REWRITTEN)
    assert fault.says.startswith(f"audit row {first_unproven} or one after it up to ")


@pytest.mark.parametrize("left", [0, 7, 8, 11])
def test_a_log_that_was_cut_off_lacks_rows_that_were_anchored(books: Books, left: int) -> None:
    tamper(books, f"DELETE FROM audit WHERE seq > {left}")
    assert faults(books) == [(left + 1, FaultKind.TRUNCATED)]
    (says,) = [each for each in verification.check(books) if "cut off" in each]
    assert says.startswith(f"audit row {left + 1} is missing: the log was cut off")


def test_rows_written_after_a_cut_do_not_hide_it(books: Books) -> None:
    tamper(books, "DELETE FROM audit WHERE seq > 6")
    for n in range(10):
        with books.store.write("eve", books.wall_clock()) as tx:
            tx.note("order_approved", f"x{n}")
    assert faults(books) == [(5, FaultKind.REWRITTEN)]


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 5},
        {"hash": "0" * 64},
        {"at": "2026-01-05T12:00:00.000001+00:00"},
        {"restored": "a backup"},
        {"kid": "other"},
        {"signature": "AAAA"},
        {"seq": "4"},
    ],
)
def test_a_tampered_anchor_is_found_by_its_signature(books: Books, change: dict[str, Any]) -> None:
    file = anchor_file(books)
    first, *others = file.read_text().splitlines()
    file.write_text("\n".join([json.dumps(json.loads(first) | change), *others]) + "\n")
    found = audit.verify(books)
    assert [fault.kind for fault in found.faults] == [FaultKind.ANCHOR]
    assert f"line 1 of {file.resolve()}" in found.faults[0].says
    assert found.anchors == 2


def test_a_line_cut_off_by_a_crash_is_dropped_by_the_next_anchor(books: Books) -> None:
    file = anchor_file(books)
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    assert audit.verify(books).anchors == 2
    audit.anchor(books)
    assert file.read_bytes() == whole
    assert audit.verify(books).faults == ()


def test_the_same_head_is_anchored_once_and_an_empty_log_not_at_all(small_books: Books) -> None:
    assert audit.anchor(small_books) is None
    assert not anchor_file(small_books).exists()
    with small_books.store.write("ann", small_books.wall_clock()) as tx:
        tx.note("order_approved", "o1")
    for _ in range(3):
        audit.anchor(small_books)
    assert len(anchor_file(small_books).read_text().splitlines()) == 1


def test_anchors_elsewhere_show_what_was_cut_off_here_together_with_the_books(
    books: Books, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "share" / "anchors.jsonl"
    named = books.settings.model_copy(update={"audit_anchor_file": str(elsewhere)})
    books = replace(books, settings=named)
    audit.anchor(books)
    assert len(elsewhere.read_text().splitlines()) == 1
    anchor_file(books).unlink()
    tamper(books, "DELETE FROM audit WHERE seq > 8")
    assert faults(books) == [(9, FaultKind.TRUNCATED)]
    moved = elsewhere.rename(tmp_path / "taken.jsonl")
    assert faults(books) == []
    assert faults(books, [moved]) == [(9, FaultKind.TRUNCATED)]
    with pytest.raises(InvalidInput, match="no file of anchors"):
        audit.verify(books, [elsewhere])


def test_one_file_that_cannot_be_written_does_not_keep_the_other_from_it(
    books: Books, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    named = {"audit_anchor_file": str(tmp_path / "file" / "anchors.jsonl")}
    broken = replace(books, settings=books.settings.model_copy(update=named))
    with books.store.write("ann", books.wall_clock()) as tx:
        tx.note("order_approved", "o13")
    with pytest.raises(StoreError, match="Not a directory"):
        audit.anchor(broken)
    found = audit.newest_anchor(books)
    assert found is not None
    assert found.seq == ROWS + 1


def test_after_a_restore_that_was_meant_lost_rows_are_missed_no_more(books: Books) -> None:
    tamper(books, "DELETE FROM audit WHERE seq > 6")
    assert faults(books) == [(7, FaultKind.TRUNCATED)]
    audit.anchor(books, restored="backup of Sunday")
    assert faults(books) == []
    tamper_again = "DELETE FROM audit WHERE seq > 5"
    with books.store.connect_for_write() as connection:
        if not books.store.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(tamper_again))
    assert faults(books) == [(6, FaultKind.TRUNCATED)]


def test_the_first_bad_row_comes_first_whoever_finds_it(books: Books) -> None:
    rewrite(books, 2)
    tamper_more = "UPDATE audit SET reason = 'x' WHERE seq = 10"
    with books.store.connect_for_write() as connection:
        if not books.store.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(tamper_more))
    assert faults(books) == [(1, FaultKind.REWRITTEN), (10, FaultKind.EDITED)]


def test_pages_of_the_list_follow_one_another_newest_first(books: Books) -> None:
    first, after = audit.list_entries(books, Wanted(), limit=8)
    assert ([row["seq"] for row in first], after) == (list(range(12, 4, -1)), 5)
    rest, end = audit.list_entries(books, Wanted(), limit=8, before_seq=after)
    assert ([row["seq"] for row in rest], end) == ([4, 3, 2, 1], None)


def test_an_export_is_whole_and_runs_no_formula(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_PAGE", 5)
    for reason in ("=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx"):
        with books.store.write("ann", books.wall_clock()) as tx:
            tx.note("order_approved", "o", reason=reason, after={"quantity": 3})
    lines = b"".join(audit.export(books, Wanted(), "jsonl")).decode().splitlines()
    told = [json.loads(line) for line in lines]
    assert [row["seq"] for row in told] == list(range(1, ROWS + 7))
    assert (told[-1]["reason"], told[-1]["after"]) == ("\rx", {"quantity": 3})
    table = b"".join(audit.export(books, Wanted(), "csv")).decode()
    assert table.startswith("seq,at,actor,origin,action,subject,reason,before,after,hash\n")
    for reason in ("'=1+1", "'+cmd", "'-2+3", "'@SUM(A1)", "'\tx", "'\rx"):
        assert f",{reason}," in table.replace('"', "")
    only = b"".join(audit.export(books, Wanted(actor="nobody"), "csv")).decode()
    assert only.splitlines() == [",".join(audit.SHOWN)]
