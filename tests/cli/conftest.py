"""A workspace made by the commands themselves, once; tests that change it take a copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from supplynet.cli.app import run
from supplynet.connectors.plant_folder import write_plant
from supplynet.frames.synthetic.plant import demo_plant

FIRST_DAY = date(2025, 1, 1)


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be JSON without NaN."""
        return json.loads(self.out, parse_constant=_refuse)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Call = Callable[..., Answer]


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, as ``main`` does."""

    def run_here(*arguments: str | Path) -> Answer:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Answer(status, out, err)

    return run_here


@pytest.fixture(scope="session")
def plant_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lines, four parts, one showroom."""
    folder = tmp_path_factory.mktemp("plant")
    write_plant(demo_plant(showrooms=1, stations=1, lines="AB", parts=4), folder)
    return folder


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory, plant_folder: Path) -> Path:
    """A workspace with ten weeks of history, stock and a model. Read only."""
    folder = tmp_path_factory.mktemp("ready") / "workspace"
    stock = folder.parent / "stock.csv"
    rows = [f"{place},P-00{n},{on_hand}" for place, on_hand in STOCK.items() for n in range(1, 5)]
    stock.write_text("\n".join(["location_id,part_id,on_hand", *rows]))
    here = ["--workspace", str(folder)]
    for command in (
        ["init", "--plant", str(plant_folder)],
        ["generate", "--days", "70", "--start", FIRST_DAY.isoformat(), "--seed", "1"],
        ["import", str(stock), "--kind", "stock"],
        ["train", "--model", "shift_mean"],
    ):
        assert run([*command, *here]) == 0
    return folder


STOCK = {"SR1": 20, "WH1": 5000}


@pytest.fixture
def workspace(ready: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(ready, tmp_path / "workspace"))
