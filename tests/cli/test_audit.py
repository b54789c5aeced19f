"""``supplynet audit``: what somebody at the machine sees of the log."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from supplynet.cli.person import person
from supplynet.services.books import open_books

if TYPE_CHECKING:
    from tests.cli.conftest import Call


@pytest.fixture
def folder(call: Call, tmp_path: Path) -> Path:
    """A workspace with three rows in its log."""
    made = tmp_path / "plant"
    assert call("init", "--workspace", made).status == 0
    books = open_books(made)
    for n in range(3):
        with books.store.write("ann", books.now()) as tx:
            tx.note("order_approved", f"o{n}", reason="=1+1")
    books.store.close()
    return made


def test_a_whole_log_is_proven_and_says_what_would_not_show(call: Call, folder: Path) -> None:
    said = call("audit", "verify", "--workspace", folder)
    assert said.status == 0
    assert said.lines[0].startswith("3 rows, each follows from the one before it; head ")
    assert said.lines[1] == "no anchors: a cut-off end would not show; run supplynet audit anchor"
    anchored = call("audit", "anchor", "--workspace", folder, "--json").json
    told = call("audit", "verify", "--workspace", folder).lines
    assert (anchored["seq"], anchored["hash"]) == (3, told[0].rpartition(" ")[2])
    assert told[1].startswith("1 anchors agree, the newest of row 3 at ")


def test_the_first_bad_row_is_named_and_the_status_is_1(call: Call, folder: Path) -> None:
    books = open_books(folder)
    with books.store.connect_for_write() as connection:
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text("DELETE FROM audit WHERE seq = 2"))
    books.store.close()
    said = call("audit", "verify", "--workspace", folder)
    assert (said.status, said.lines) == (1, ["audit row 2 is missing: before row 3"])
    found = call("audit", "verify", "--workspace", folder, "--json").json
    assert [(fault["row"], fault["kind"]) for fault in found["faults"]] == [(2, "missing")]


def test_entries_are_listed_and_written_to_files(call: Call, folder: Path, tmp_path: Path) -> None:
    rows = call("audit", "list", "--workspace", folder, "--actor", "ann", "--json").json
    assert [row["subject"] for row in rows] == ["o2", "o1", "o0"]
    shown = call("audit", "list", "--workspace", folder, "--rows", "1").lines
    assert (len(shown), shown[-1]) == (4, "... and more (--rows N shows N)")
    for name in ("log.csv", "log.jsonl"):
        asked = ("audit", "export", tmp_path / name, "--workspace", folder, "--subject", "o1")
        assert call(*asked).status == 0
    (row,) = csv.DictReader((tmp_path / "log.csv").read_text().splitlines())
    assert (row["subject"], row["reason"]) == ("o1", "'=1+1")
    assert json.loads((tmp_path / "log.jsonl").read_text())["reason"] == "=1+1"
    refused = call("audit", "export", tmp_path / "log.txt", "--workspace", folder)
    assert (refused.status, refused.err) == (2, "supplynet: log.txt is neither .csv nor .jsonl\n")


def test_who_sits_at_the_machine_is_named_by_his_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person.cache_clear()
    monkeypatch.setenv("LOGNAME", "eve")
    assert person().startswith("cli:")
    assert person() != "cli:eve"
