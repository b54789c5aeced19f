from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


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


def test_a_picture_has_a_name_that_can_be_drawn(call: Call, ready: Path) -> None:
    answer = call("simulate", "-w", ready, "--compare", "--plot", "frontier.pdf")
    assert (answer.status, "ends in .svg" in answer.err) == (2, True)
