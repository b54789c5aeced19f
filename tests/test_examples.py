"""The examples run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supplynet.api.app import create_app
from supplynet.services.books import open_books

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_your_own_plant_is_written_and_played(tmp_path: Path) -> None:
    said = run("your_own_plant.py", str(tmp_path / "plant"))
    lost = [int(minutes) for minutes in re.findall(r"(\d+) minutes lost", said)]
    assert said.startswith("My plant: 2 lines, 3 parts\n")
    assert lost == sorted(lost, reverse=True)  # more safety stock loses less
    assert lost[0] > lost[-1]
    assert (tmp_path / "plant" / "plant.toml").is_file()


def test_a_server_is_asked_from_python(demo_workspace: Path, serve: Callable[..., Any]) -> None:
    books = open_books(demo_workspace)
    with serve(create_app(books, local=True)) as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        said = run("api_client.py", f"http://127.0.0.1:{port}", "SR1", "P-001", "7")
    books.store.close()
    assert "SR1 has 7 pcs of P-001\n" in said
    assert re.search(r"^  change \d+: event ", said, re.MULTILINE)
    assert "refused: " in said


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_every_example_says_how_to_run_it(path: Path) -> None:
    assert f"python examples/{path.name}" in path.read_text(encoding="utf-8")
