"""Making a workspace and the checklist of what it still needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from supplynet.connectors.plant_folder import write_plant
from supplynet.errors import PlantErrors
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.services import doctor, setup
from supplynet.services.books import open_books
from supplynet.storage import open_store


def states(folder: Path) -> dict[str, str]:
    return {check.name: check.state for check in doctor.doctor(folder)}


def test_the_checklist_of_a_new_workspace_says_what_comes_next(tmp_path: Path) -> None:
    assert states(tmp_path / "nothing") == {"workspace": "todo"}
    made = setup.init(tmp_path / "new")
    assert made.next_step == f"supplynet generate --workspace {tmp_path / 'new'}"
    found = states(made.folder)
    assert (found["workspace"], found["books"]) == ("ready", "ready")
    assert {found[name] for name in ("plant", "history", "opening stock", "model")} == {"todo"}


def test_a_workspace_can_be_made_with_a_plant(tmp_path: Path) -> None:
    write_plant(tiny_plant(), tmp_path / "plant")
    made = setup.init(tmp_path / "new", plant_folder=tmp_path / "plant")
    assert states(made.folder)["plant"] == "ready"
    assert open_books(made.folder).plant == tiny_plant()


def test_a_plant_with_mistakes_makes_no_workspace(tmp_path: Path) -> None:
    write_plant(tiny_plant(), tmp_path / "plant")
    (tmp_path / "plant" / "locations.csv").write_text("what,ever\n1,2\n")
    with pytest.raises(PlantErrors):
        setup.init(tmp_path / "new", plant_folder=tmp_path / "plant")
    assert not (tmp_path / "new").exists()


def test_broken_books_and_broken_settings_are_found(demo_workspace: Path) -> None:
    books = open_store(f"sqlite:///{demo_workspace / 'supplynet.db'}")
    with books.connect_for_write() as connection:
        connection.execute(text("UPDATE balances SET quantity = quantity + 1"))
    books.close()
    found = {check.name: check for check in doctor.doctor(demo_workspace)}
    assert found["books"].state == "broken"
    assert "ledger says" in found["books"].found
    (demo_workspace / "supplynet.toml").write_text("colour = 1\n")
    (only,) = doctor.doctor(demo_workspace)
    assert (only.state, "unknown setting 'colour'" in only.found) == ("broken", True)
    assert only.line.startswith("FAIL  workspace")
