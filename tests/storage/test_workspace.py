from __future__ import annotations

from pathlib import Path

import pytest

from supplynet.config import Settings, load_settings
from supplynet.errors import NotFound, StoreError
from supplynet.storage import Workspace, init_workspace, open_workspace


def test_a_workspace_is_one_folder_with_everything_in_it(tmp_path: Path) -> None:
    made = init_workspace(tmp_path / "plant-1")
    assert open_workspace(tmp_path / "plant-1") == made == Workspace(tmp_path / "plant-1")
    assert all(folder.is_dir() for folder in made.folders)
    assert made.database == tmp_path / "plant-1" / "supplynet.db"


def test_the_settings_of_a_new_workspace_are_the_defaults(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    url = f"sqlite:///{tmp_path / 'supplynet.db'}"
    assert load_settings(tmp_path) == Settings(database_url=url)


def test_making_it_again_keeps_what_is_there(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path)
    workspace.settings_file.write_text("seed = 7\n")
    init_workspace(tmp_path)
    assert workspace.settings_file.read_text() == "seed = 7\n"


def test_without_a_workspace_the_error_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="supplynet init"):
        open_workspace(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        init_workspace(tmp_path / "file")
