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


def test_a_simulation_gives_the_same_board_for_the_same_seed(call: Call, workspace: Path) -> None:
    settings = workspace / "supplynet.toml"
    settings.write_text('model = "shift_mean"\npaths = 50\n')
    arguments = ("simulate", "-w", workspace, "--days", "7", "--policy", "min_max", "--seed", "2")
    board = call(*arguments, "--json").json
    assert [row["policy"] for row in board["policies"]] == ["min_max", "perfect_foresight"]
    people = call(*arguments).out
    assert f"{board['policies'][0]['cover_days']:.3f}" in people


def test_a_policy_that_is_not_there_is_refused(call: Call, ready: Path) -> None:
    answer = call("simulate", "-w", ready, "--policy", "guess", "--days", "7")
    assert (answer.status, "choose from min_max, order_up_to" in answer.err) == (2, True)


def test_a_history_that_is_too_short_is_refused(call: Call, ready: Path) -> None:
    answer = call("simulate", "-w", ready, "--days", "60")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
