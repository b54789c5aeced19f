from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supplynet.services.board import Board

Call = Callable[..., Any]
BOARD = Board(
    about={"plant": "Demo plant", "seed": 7},
    champion="lightgbm",
    policies=[],
    differences=[],
    forecast=[],
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the service was asked for, instead of minutes of work."""
    calls: list[Any] = []

    def run(folder: Path, **named: Any) -> Board:
        calls.append((folder, named["size"], named["seed"]))
        return BOARD

    monkeypatch.setattr("supplynet.services.demo.run", run)
    return calls


def test_a_demo_prints_its_board(call: Call, asked: list[Any], tmp_path: Path) -> None:
    answer = call("demo", "-w", tmp_path, "--no-serve", "--seed", "7", "--size", "tiny", "--json")
    assert asked == [(tmp_path, "tiny", 7)]
    assert (answer.status, answer.json["champion"]) == (0, "lightgbm")


def test_a_port_in_use_is_said_before_the_work(
    call: Call, asked: list[Any], tmp_path: Path
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = call("demo", "-w", tmp_path, "--port", str(port))
    assert (answer.status, f"port {port} of 127.0.0.1 cannot be used" in answer.err) == (2, True)
    assert asked == []


def test_a_folder_with_something_else_in_it_is_left_alone(call: Call, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    answer = call("demo", "-w", tmp_path, "--no-serve", "--size", "tiny")
    assert (answer.status, "is not empty and no demo" in answer.err) == (2, True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
