"""``why``: the sentence first, then the numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_why_is_answered_for_an_order_and_for_none(call: Call, workspace: Path) -> None:
    missing = call("why", "SR1", "P-001", "-w", workspace)
    assert (missing.status, "make a plan: supplynet plan" in missing.err) == (2, True)
    proposals = call("plan", "-w", workspace, "--json").json["proposals"]
    first = proposals[0]
    said = call("why", first["to"], first["part_id"], "-w", workspace)
    assert said.lines[0].startswith(f"{first['to']} {first['part_id']}: {first['quantity']:,} for")
    assert said.lines[1] == first["why"]
    assert "stock-out" in said.out
    row = call("why", first["to"], first["part_id"], "-w", workspace, "--json").json
    assert row["record"]["why"] == row["why"] == first["why"]
    assert row["record"]["simple_rule"] is not None
    assert row["time_zone"] == "Europe/Berlin"


def test_what_is_not_there_is_said_in_one_line(call: Call, workspace: Path) -> None:
    for place, part, words in (
        ("SR1", "P-9", "no part 'P-9'"),
        ("SR1.ST1.A", "P-001", "it is supplied to SR1"),
        ("nowhere", "P-001", "no location 'nowhere'"),
    ):
        answer = call("why", place, part, "-w", workspace)
        assert (answer.status, answer.err.count("\n"), words in answer.err) == (2, 1, True)
