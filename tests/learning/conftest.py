"""What a workspace was like before there were keys, and one whose files are sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supplynet.learning.signed_json import json_bytes, sha256
from supplynet.security import keys_file
from supplynet.security.keyring import make_keyring
from supplynet.security.keys_file import Kind

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
_NEW = {
    1: {"signature", "content", "also", "sum", "data_hash", "trained_at", "known_until", "parent"},
    2: {"signature", "content", "also", "sum"},
}


@pytest.fixture
def unsign() -> Callable[..., None]:
    """Writes a model's manifest as a version without keys did."""

    def write(folder: Path, name: str = "m", *, schema: int = 2) -> None:
        path = folder / f"models/{name}.manifest.json"
        data = json.loads(path.read_bytes())
        told = {key: data[key] for key in data.keys() - _NEW[schema]} | {"schema": schema}
        own = {"sum": sha256(json_bytes(told))} if schema > 1 else {}
        path.write_bytes(json_bytes(told | own))

    return write


@pytest.fixture
def forget_keys() -> Callable[[Path], None]:
    """Takes the key file away, as it was before there was one."""

    def forget(folder: Path) -> None:
        keys_file.keys_path(folder).unlink()

    return forget


@pytest.fixture
def new_key() -> Callable[[Path, Kind], str]:
    """Makes a new active key in a folder, retires the one before and gives the new one's id."""

    def make(folder: Path, kind: Kind) -> str:
        make_keyring(folder)
        path = keys_file.keys_path(folder)
        with keys_file.changing(path) as before:
            after = before.with_new(kind, NOW)
            keys_file.write_keys(path, after)
        made = after.active(kind)
        assert made is not None
        return made.key_id

    return make
