"""A server sees what an import or an editor makes of the plant, without being started again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from supplynet.errors import NotFound
from supplynet.services.kept_plant import KeptPlant


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(demo_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_template / "plant", tmp_path / "plant"))


def rename(folder: Path, name: str) -> None:
    text = (folder / "plant.toml").read_text()
    lines = [f'name = "{name}"' if line.startswith("name") else line for line in text.splitlines()]
    (folder / "plant.toml").write_text("\n".join(lines) + "\n")


def test_a_plant_is_read_again_when_its_files_have_changed(folder: Path, clock: Clock) -> None:
    kept = KeptPlant(folder, clock)
    first = kept.get()
    rename(folder, "Another plant")
    assert kept.get() is first, "looked at once a second at most"
    clock.now = 1.0
    assert kept.get().name == "Another plant"
    clock.now = 2.0
    assert kept.get() is kept.get()


def test_a_plant_that_comes_later_is_found(tmp_path: Path, demo_template: Path) -> None:
    kept = KeptPlant(tmp_path / "plant")
    with pytest.raises(NotFound, match="plant"):
        kept.get()
    shutil.copytree(demo_template / "plant", tmp_path / "plant")
    assert kept.get().lines


def test_half_written_files_leave_the_plant_from_before(folder: Path, clock: Clock) -> None:
    kept = KeptPlant(folder, clock)
    first = kept.get()
    (folder / "locations.csv").write_text("location_id,kind\nSR1,nonsense\n")
    clock.now = 1.0
    assert kept.get() is first
