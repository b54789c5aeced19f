from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_a_workspace_is_backed_up_checked_and_restored(
    call: Call, workspace: Path, tmp_path: Path
) -> None:
    made = call("backup", "-w", workspace, "--json").json
    file = workspace / "backups" / made["name"]
    assert call("backups", "list", "-w", workspace, "--json").json[0]["state"] == "ok"
    assert made["name"] in call("backups", "list", "-w", workspace).out
    checked = call("verify", "-w", workspace, "--backup", file, "--deep")
    assert checked.status == 0
    assert checked.lines[-1] == "its books, brought up beside, prove themselves"
    restored = call("restore", file, "--to", tmp_path / "again")
    assert (restored.status, restored.lines[0]) == (0, f"restored to {tmp_path / 'again'}")
    assert call("verify", "-w", tmp_path / "again").status == 0


def test_a_folder_that_is_not_empty_is_one_line_on_stderr(
    call: Call, workspace: Path, tmp_path: Path
) -> None:
    call("backup", "-w", workspace, "--to", tmp_path / "mine.backup")
    answer = call("restore", tmp_path / "mine.backup", "--to", workspace)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "--replace" in answer.err


def test_what_is_no_backup_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    answer = call("verify", "--backup", tmp_path / "x", "-w", tmp_path)
    assert (answer.status, answer.err.count("\n")) == (2, 1)


def test_no_backup_yet_says_what_to_do(call: Call, workspace: Path) -> None:
    assert call("backups", "list", "-w", workspace).lines == ["no backup yet: supplynet backup"]
    assert call("backups", "prune", "-w", workspace).lines == ["none to delete"]
