"""The index of sales models: what serves whom, and what is done when it is damaged."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from supplynet.errors import ModelError
from supplynet.learning.artifacts import ModelState, save_model
from supplynet.learning.manifest import Origin
from supplynet.services.model_index import INDEX, SALES, own_purpose, read_index, versions_for

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
STATE = ModelState(model="toy", settings={}, arrays={"weights": np.arange(5.0)})


def save(folder: Path, name: str, day: int, keys: list[str], purpose: str = SALES) -> None:
    origin = Origin(purpose=purpose, trained_at=MONDAY + timedelta(days=day))
    save_model(folder, name, STATE, {"serves": keys}, origin)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two versions for A and B, one for A alone."""
    save(tmp_path, "old", 0, ["A", "B"])
    save(tmp_path, "new", 2, ["A", "B"])
    save(tmp_path, "own", 1, ["A"], own_purpose("A"))
    return tmp_path


def promote(folder: Path, *names: str) -> None:
    for name in names:
        purpose = own_purpose("A") if name == "own" else SALES
        versions_for(folder, purpose, lambda: MONDAY).promote(name)


def test_a_promotion_takes_over_all_that_was_trained_for(folder: Path) -> None:
    promote(folder, "old", "own")
    assert read_index(folder).serves == {"A": "own", "B": "old"}
    promote(folder, "new")
    assert read_index(folder).serves == {"A": "new", "B": "new"}


def test_what_still_serves_a_series_is_not_removed(folder: Path) -> None:
    save(folder, "half", 3, ["B"])
    promote(folder, "old", "half")
    versions = versions_for(folder, SALES, lambda: MONDAY)
    assert read_index(folder).serves == {"A": "old", "B": "half"}
    assert versions.aliases.in_use() == {"old", "half"}
    assert versions.prune(0) == ["new"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"schema": 2}', "\x00" * 40])
def test_a_damaged_index_is_made_anew_from_what_is_whole(folder: Path, damage: str) -> None:
    promote(folder, "old", "own", "new")
    (folder / INDEX).write_text(damage)
    found = read_index(folder)
    assert found.serves == {"A": "new", "B": "new"}  # the newest
    assert "made anew" in found.warning
    assert found.aliases[own_purpose("A")] == {"champion": "own"}
    promote(folder, "old")
    assert read_index(folder).warning == ""


def test_every_flipped_bit_of_the_index_shows(folder: Path) -> None:
    promote(folder, "old")
    content = (folder / INDEX).read_bytes()
    rng = np.random.default_rng(2)
    for place in rng.integers(0, len(content) * 8, 100):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << (place % 8)
        (folder / INDEX).write_bytes(flipped)
        assert read_index(folder).warning


def test_nothing_whole_is_nothing_to_make_it_from(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / INDEX).write_text("{")
    with pytest.raises(ModelError, match="train again"):
        read_index(tmp_path)


def test_an_index_of_before_is_still_read(folder: Path) -> None:
    (folder / INDEX).write_text(json.dumps({"A": "old", "B": "old"}))
    assert read_index(folder).serves == {"A": "old", "B": "old"}
    promote(folder, "own")
    assert read_index(folder).serves == {"A": "own", "B": "old"}


def test_two_who_write_at_once_lose_nothing(folder: Path) -> None:
    for number in range(8):
        save(folder, f"v{number}", number, [f"K{number}"], own_purpose(f"K{number}"))

    def promote_one(number: int) -> None:
        versions_for(folder, own_purpose(f"K{number}"), lambda: MONDAY).promote(f"v{number}")

    threads = [threading.Thread(target=promote_one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_index(folder).serves == {f"K{number}": f"v{number}" for number in range(8)}
