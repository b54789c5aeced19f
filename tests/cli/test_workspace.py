from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_a_new_workspace_says_what_to_do_next(call: Call, tmp_path: Path) -> None:
    made = call("init", "-w", tmp_path / "new", "--json").json
    assert made["next_step"].startswith("supplynet generate --workspace ")


def test_init_takes_a_plant_over(call: Call, tmp_path: Path, plant_folder: Path) -> None:
    assert call("init", "-w", tmp_path / "new", "--plant", plant_folder).status == 0
    plant = {
        check["name"]: check for check in call("doctor", "-w", tmp_path / "new", "--json").json
    }
    assert plant["plant"]["found"] == "Demo plant: 2 lines, 4 parts, 1 lanes"


def test_a_plant_with_mistakes_makes_no_workspace(call: Call, tmp_path: Path) -> None:
    (tmp_path / "plant").mkdir()
    answer = call("init", "-w", tmp_path / "new", "--plant", tmp_path / "plant")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert not (tmp_path / "new").exists()


def test_doctor_finds_a_ready_workspace_ready(call: Call, ready: Path) -> None:
    states = {check["name"]: check["state"] for check in call("doctor", "-w", ready, "--json").json}
    done = {"workspace", "books", "plant", "history", "opening stock", "model"}
    assert {states[name] for name in done} == {"ready"}


def test_doctor_ends_with_1_where_something_is_broken(call: Call, workspace: Path) -> None:
    (workspace / "plant" / "lanes.csv").write_text("nonsense\n")
    answer = call("doctor", "-w", workspace)
    assert (answer.status, answer.err) == (1, "")
    assert any(line.startswith("FAIL  plant: ") for line in answer.lines)


def test_books_that_agree_with_their_ledger_are_proven(call: Call, ready: Path) -> None:
    answer = call("verify", "-w", ready, "--json")
    assert (answer.status, answer.json) == (0, {"proven": True, "findings": []})


def test_every_difference_from_the_ledger_is_a_finding(call: Call, workspace: Path) -> None:
    with closing(sqlite3.connect(workspace / "supplynet.db")) as database, database:
        database.execute(
            "UPDATE balances SET quantity = quantity + 7 "
            "WHERE part_id = 'P-001' AND location_id = 'SR1' AND account = 'on_hand'"
        )
    answer = call("verify", "-w", workspace)
    assert (answer.status, answer.err) == (1, "")
    assert answer.lines == [
        "the balances of part P-001 sum to 7, not to 0",
        "balance of part P-001 at SR1 on_hand is 27, the ledger says 20; run rebuild_balances",
    ]
    assert call("verify", "-w", workspace, "--json").json["findings"] == answer.lines
