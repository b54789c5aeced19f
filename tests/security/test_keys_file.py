"""The key file: whole, of its owner alone, and never read when it is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import ConfigError
from supplynet.security import keys_file
from supplynet.security.keys_file import KeysFile, Kind, State

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
KNOWN = frozenset({"ab" * 32})


def ring() -> KeysFile:
    """A retired and an active key of each kind."""
    file = KeysFile(keys={}, known=KNOWN)
    for kind in (*Kind, *Kind):
        file = file.with_new(kind, NOW)
    return file


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path, file = tmp_path / "keys" / "keys.json", ring()
    keys_file.write_keys(path, file)
    assert keys_file.read_keys(path) == file
    assert [key.state for key in file.keys.values()].count(State.ACTIVE) == 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    keys_file.write_keys(path, ring())
    path.chmod(mode)
    with pytest.raises(ConfigError, match=rf"mode {mode:04o}\); run: chmod 600"):
        keys_file.read_keys(path)


def test_the_first_file_counts_and_a_second_does_not_replace_it(tmp_path: Path) -> None:
    path, first = tmp_path / "keys.json", ring()
    assert keys_file.make_keys(path, first) is first
    assert keys_file.make_keys(path, ring()) == first


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot be written"):
        keys_file.write_keys(tmp_path / "file" / "keys.json", ring())


def test_no_key_is_in_what_is_printed_of_it() -> None:
    for key in ring().keys.values():
        assert str(key.secret) not in repr(key)
        assert "secret" not in repr(key)


def told() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(keys_file._to_json(ring()))
    return made


def changed(place: tuple[str, ...], value: object) -> dict[str, Any]:
    """The file with another value at a place; ``key`` is its last key."""
    made = told()
    node: Any = made
    for step in place[:-1]:
        node = node[list(node)[-1]] if step == "key" else node[step]
    node[place[-1]] = value
    return made


@pytest.mark.parametrize(
    "content",
    [
        changed(("keys", "key", "secret"), "c2hvcnQ="),
        changed(("keys", "key", "secret"), "no base64!"),
        changed(("keys", "key", "secret"), None),
        changed(("keys", "key", "kind"), "rot13"),
        changed(("keys", "key", "state"), "lost"),
        changed(("keys", "key", "made_at"), "2026-01-05T08:00:00"),
        changed(("keys", "UPPER"), told()["keys"].popitem()[1]),
        changed(("keys",), {}),
        changed(("keys",), []),
        changed(("known",), ["xyz"]),
        changed(("more",), 1),
        changed(("version",), 0),
        changed(("version",), "1"),
        {**told(), "keys": {k: v | {"state": "active"} for k, v in told()["keys"].items()}},
        [],
        None,
    ],
)
def test_a_file_that_is_not_as_we_write_it_is_refused(content: object) -> None:
    with pytest.raises(ConfigError, match=r"keys\.json is damaged; put it back"):
        keys_file.parse_keys(json.dumps(content).encode(), "keys.json")


def test_a_file_of_a_version_to_come_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="version 2, this SupplyNet reads 1; upgrade"):
        keys_file.parse_keys(json.dumps(changed(("version",), 2)).encode(), "keys.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=3,
)
_FILES = st.fixed_dictionaries(
    {
        "version": st.just(1) | _JSON,
        "keys": st.dictionaries(
            st.text(max_size=8),
            st.fixed_dictionaries(dict.fromkeys(("kind", "state", "made_at", "secret"), _JSON)),
        )
        | _JSON,
        "known": _JSON,
    }
)


@given(st.binary(max_size=100) | _FILES.map(lambda told: json.dumps(told).encode()))
def test_no_bytes_make_anything_but_a_plain_refusal(content: bytes) -> None:
    with pytest.raises(ConfigError):
        keys_file.parse_keys(content, "keys.json")
