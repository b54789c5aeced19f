"""The examples run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_every_example_says_how_to_run_it(path: Path) -> None:
    assert f"python examples/{path.name}" in path.read_text(encoding="utf-8")
