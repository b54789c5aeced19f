"""``stock`` and ``history`` on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_a_place_is_what_is_no_command(call: Call, ready: Path) -> None:
    rows = call("stock", "SR1", "-w", ready, "--json").json
    assert {row["location_id"] for row in rows} == {"SR1"}
    assert call("stock", "show", "SR1", "-w", ready, "--json").json == rows
    past = call("stock", "SR1", "--as-of", "2000-01-01", "-w", ready, "--json")
    assert (past.status, past.json) == (0, [])
    assert call("stock", "SR9", "-w", ready).status == 2


def test_reports_by_hand_are_movements_that_can_be_undone(call: Call, workspace: Path) -> None:
    said = call("stock", "count", "SR1", "P-001", "-q", "50", "-w", workspace)
    assert (said.status, said.lines) == (0, ["count 50 pcs of P-001: SR1 now has 50"])
    for command in ("scrap", "scrap"):  # the same key: once
        arguments = (command, "SR1", "P-001", "--quantity", "3", "--key", "k1")
        made = call("stock", *arguments, "-w", workspace, "--json").json
    assert made["on_hand"] == 47
    (last,) = call("stock", "movements", "--rows", "1", "-w", workspace, "--json").json
    made = last["movement_id"]
    assert (made.startswith("cli."), made.endswith("/k1#0"), last["quantity"]) == (True, True, 3)
    undo = ("stock", "undo", made, "--reason", "typo", "-w", workspace)
    assert call(*undo).lines == [f"undone by {made}~undo"]
    assert call(*undo).status == 2
    assert call("verify", "-w", workspace).status == 0


def test_a_fraction_is_refused_with_its_reason(call: Call, workspace: Path) -> None:
    answer = call("stock", "count", "SR1", "P-001", "--packs", "2.5", "-w", workspace)
    assert (answer.status, answer.lines) == (2, [])
    assert "packs 2.5 is no whole number" in answer.err
    assert call("stock", "count", "SR1", "P-001", "-w", workspace).status == 2
    assert call("stock", "movements", "--account", "moon", "-w", workspace).status == 2


def test_a_history_can_be_made_again(call: Call, workspace: Path) -> None:
    answer = call("history", "rebuild", "-w", workspace, "--json")
    assert (answer.status, set(answer.json)) == (0, {"rows"})
