"""``orders`` on the command line: parse, call, print."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supplynet.cli.app import run

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def planned(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(ready, tmp_path_factory.mktemp("planned") / "workspace"))
    assert run(["plan", "-w", str(folder), "--json"]) == 0
    return folder


@pytest.fixture
def here(planned: Path, tmp_path: Path) -> tuple[str, Path]:
    return "-w", Path(shutil.copytree(planned, tmp_path / "workspace"))


def test_an_order_goes_through_its_life(call: Call, here: tuple[str, Path]) -> None:
    order = call("orders", "list", "--due", "--json", *here).json[0]
    order_id, quantity = order["order_id"], order["quantity"]
    steps = [
        (["change", "--quantity", quantity + 1, "--reason", "full"], "proposed"),
        (["snooze", "--until", f"{order['cutoff_at'][:16]}Z"], "proposed"),
        (["approve"], "approved"),
        (["pick", "--quantity", quantity], "picked"),
        (["ship", "--key", "gate-1"], "shipped"),
        (["ship", "--key", "gate-1"], "shipped"),
        (["receive", "--good", quantity - 1], "closed"),
        (["reverse", "--reason", "wrong lorry"], "reversed"),
    ]
    for (name, *more), state in steps:
        answer = call("orders", name, order_id, *map(str, more), "--json", *here)
        assert (answer.status, answer.json["state"]) == (0, state), answer.err
    shown = call("orders", "show", order_id, *here).lines
    assert "short              1" in shown
    diary = call("orders", "diary", "--json", *here).json
    assert (diary["summary"][0]["action"], diary["summary"][0]["count"]) == ("change", 1)
    assert call("orders", "diary", *here).status == 0


def test_what_is_refused_is_one_line_and_2(call: Call, here: tuple[str, Path]) -> None:
    order = call("orders", "list", "--json", *here).json[0]
    for arguments, wrong in (
        (["ship", order["order_id"]], "is proposed and cannot become shipped"),
        (["show", "ghost"], "no order"),
        (["list", "--state", "lost"], "no state"),
        (
            ["split", order["order_id"], "--quantity", "1", "--departure", "2020-01-01T00:00"],
            "next",
        ),
        (["add", "P-001", "SR1", "--quantity", "5", "--lane", "moon"], "no lane"),
    ):
        answer = call("orders", *arguments, *here)
        assert (answer.status, len(answer.err.splitlines())) == (2, 1)
        assert wrong in answer.err


def test_an_order_is_rejected_and_another_added(call: Call, here: tuple[str, Path]) -> None:
    order = call("orders", "list", "--json", *here).json[0]
    gone = call("orders", "reject", order["order_id"], "--reason", "no", "--json", *here).json
    wanted = ("orders", "add", order["part_id"], order["to_location"], "--quantity", "7")
    made = call(*wanted, "--json", *here).json
    assert (gone["state"], made["quantity"], made["policy"]) == ("cancelled", 7, "by hand")
    assert made["order_id"] in call("orders", "list", "--rows", "100", *here).out
