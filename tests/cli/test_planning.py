from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_a_plan_is_the_same_twice(call: Call, workspace: Path) -> None:
    first = call("plan", "-w", workspace, "--seed", "3", "--json").json
    again = call("plan", "-w", workspace, "--seed", "3", "--json").json
    assert first["new"] == len(first["proposals"]) > 1
    assert (again["new"], again["changed"], again["withdrawn"]) == (0, 0, 0)
    assert again["confirmed"] == first["new"]


def test_a_plan_is_capped_for_people_and_whole_for_programs(call: Call, workspace: Path) -> None:
    every = call("plan", "-w", workspace, "--json").json["proposals"]
    people = call("plan", "-w", workspace, "--rows", "1").lines
    assert people[0].startswith("plan as of 2025-03-12")  # where the history ends
    assert people[-1] == f"... and {len(every) - 1} more (--rows N shows N)"
    assert every[0]["part_id"] in people[-2]


def test_a_plan_shows_the_most_urgent_first(call: Call, workspace: Path) -> None:
    lost = [
        row["expected_lost_minutes"]
        for row in call("plan", "-w", workspace, "--json").json["proposals"]
    ]
    assert lost == sorted(lost, reverse=True)
