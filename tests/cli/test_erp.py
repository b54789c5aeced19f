"""The commands around an ERP."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_stock_goes_out_and_taken_back_it_changes_nothing(
    call: Call, workspace: Path, tmp_path: Path
) -> None:
    file = tmp_path / "stock.csv"
    out = call("erp", "export", "stock", "--output", file, "--workspace", workspace, "--json")
    assert (out.status, out.json["rows"]) == (0, 8)
    back = call("erp", "import", "stock", file, "--workspace", workspace, "--json")
    assert (back.json["new"], back.json["left_out"], back.json["total"]) == (0, 8, 0)


def test_thresholds_and_cards_are_printed_as_csv(call: Call, ready: Path) -> None:
    for kind, column in (("min_max", "reorder_point"), ("kanban", "cards")):
        said = call("erp", "export", kind, "--workspace", ready)
        rows = list(csv.DictReader(io.StringIO(said.out)))
        assert said.status == 0
        assert all(int(row[column]) >= 0 for row in rows)
        assert {row["location_id"] for row in rows} >= {"SR1"}


def test_mistakes_are_named_by_cell_and_the_exit_is_2(
    call: Call, workspace: Path, tmp_path: Path
) -> None:
    file = tmp_path / "receipts.csv"
    file.write_text(
        "event_id,occurred_at,location_id,part_id,quantity\n1,2025-03-01,WH1,P-001,many\n"
    )
    said = call("erp", "import", "receipts", file, "--workspace", workspace, "--dry-run")
    assert said.status == 2
    assert "row 2 column quantity: 'many' is not a number" in said.out
    assert "nothing of receipts.csv was taken" in said.err


def test_a_template_says_its_columns_and_its_examples_are_left_out(
    call: Call, workspace: Path, tmp_path: Path
) -> None:
    file = tmp_path / "stock.csv"
    assert call("erp", "template", "stock", "--output", file).status == 0
    assert file.read_text().startswith("location_id,part_id,on_hand,counted_at,note\n")
    assert call("erp", "template", "stock", "--output", file).status == 2
    with file.open("a") as more:
        more.write("WH1,P-001,7,2025-03-01T06:00:00Z,\n")
    said = call("erp", "import", "stock", file, "--workspace", workspace, "--json")
    assert (said.json["new"], said.json["total"]) == (1, 0)
    for kind in ("orders", "receipts", "events"):
        said = call("erp", "template", kind, "--json")
        assert {"note", "location_id"} <= set(said.json["columns"])


@pytest.mark.parametrize("command", [("check",), ("pull", "stock"), ("push", "orders")])
def test_without_settings_of_an_erp_a_command_says_so(
    call: Call, ready: Path, command: tuple[str, ...]
) -> None:
    said = call("erp", *command, "--workspace", ready)
    assert said.status == 2
    assert "erp.toml" in said.err


def test_a_moment_without_a_zone_is_refused(call: Call, ready: Path) -> None:
    said = call("erp", "export", "receipts", "--since", "2025-03-01", "--workspace", ready)
    assert said.status == 2
    assert "2026-01-05T06:00:00Z" in said.err
