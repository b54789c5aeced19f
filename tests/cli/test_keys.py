"""The commands around keys."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_keys_are_made_listed_rotated_and_dropped(call: Call, workspace: Path) -> None:
    here = ("--workspace", workspace)
    assert call("keys", "new", *here).out.startswith("signed and sealed anew: ")
    old = [row["key_id"] for row in call("keys", "list", *here, "--json").json]
    assert len(old) == 2
    said = call("keys", "rotate", *here, "--reason", "an admin has left", "--json")
    assert (said.status, said.json["left"]) == (0, {})
    lines = call("keys", "list", *here).lines
    assert sum("retired" in line and "nothing here" in line for line in lines) == 2
    sealing = next(key_id for key_id in old if key_id.startswith("seal-"))
    refused = call("keys", "drop", sealing, *here)
    assert (refused.status, "--backups-too" in refused.err) == (2, True)
    dropped = call("keys", "drop", sealing, *here, "--backups-too")
    assert dropped.out == f"dropped {sealing}\n"
    assert call("keys", "reseal", *here).out == "signed and sealed anew: nothing\n"
    assert all(each["state"] == "ok" for each in call("models", "list", *here, "--json").json)


def test_a_secret_is_sealed_from_a_pipe_and_never_an_argument(
    call: Call, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("keys", "new", "--workspace", workspace)
    monkeypatch.setattr("sys.stdin", io.StringIO("odoo-key\n"))
    said = call("keys", "seal", "--erp", "--workspace", workspace)
    assert said.out.startswith("sealed:v1:seal-")
    assert "odoo-key" not in said.out + said.err
    assert call("keys", "seal", "--workspace", workspace).status == 2


def test_a_model_from_elsewhere_is_adopted_by_name(
    call: Call, workspace: Path, ready: Path
) -> None:
    (workspace / "keys/keys.json").unlink()
    call("keys", "list", "--workspace", workspace)  # other keys than those that signed
    name = call("models", "list", "--workspace", ready, "--json").json[0]["version"]
    (row,) = (
        each
        for each in call("models", "list", "--workspace", workspace, "--json").json
        if each["version"] == name
    )
    assert f"models adopt {name}" in row["damage"]
    said = call("models", "adopt", name, "--workspace", workspace, "--reason", "ours")
    assert said.out.startswith(f"adopted {name}@")
    shown = call("models", "show", name, "--workspace", workspace, "--json")
    assert (shown.status, shown.json["damage"]) == (0, "")


def test_keys_that_others_may_read_are_refused(call: Call, ready: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ready, tmp_path / "open"))
    (folder / "keys/keys.json").chmod(0o644)
    said = call("keys", "list", "--workspace", folder)
    assert (said.status, "run: chmod 600" in said.err) == (2, True)
