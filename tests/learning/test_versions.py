"""Versions and their aliases, over a book that is a list in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.errors import InvalidInput, ModelError, NotFound
from supplynet.learning.aliases import CHALLENGER, CHAMPION, AliasChange
from supplynet.learning.artifacts import ModelState, load_model, save_model
from supplynet.learning.manifest import Origin
from supplynet.learning.opening import first_good, sentence
from supplynet.learning.versions import Versions

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
STATE = ModelState(model="toy", settings={}, arrays={"weights": np.arange(50.0)})


@dataclass
class Book:
    changes: list[AliasChange] = field(default_factory=list)

    def holders(self) -> dict[str, str]:
        found = {change.alias: change.version for change in self.changes}
        return {alias: version for alias, version in found.items() if version}

    def history(self) -> list[AliasChange]:
        return self.changes

    def in_use(self) -> set[str]:
        return set(self.holders().values())

    def assign(
        self, holders: Mapping[str, str], *, reason: str = "", rolled_back: str = ""
    ) -> None:
        for alias, version in holders.items():
            told = {"reason": reason, "rolled_back": rolled_back, "actor": "me", "at": MONDAY}
            self.changes.append(AliasChange(alias=alias, version=version, **told))  # type: ignore[arg-type]  # as they are named


def versions_in(folder: Path, names: str = "abcd", purpose: str = "plant") -> Versions:
    """Version a is the oldest."""
    for place, name in enumerate(names):
        origin = Origin(purpose=purpose, trained_at=MONDAY + timedelta(days=place), series=3)
        save_model(folder, name, STATE, {"backtest": {"pinball": 1.0}}, origin)
    return Versions(workspace=folder, purpose=purpose, aliases=Book())


def damage(folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"models/{name}.h5").write_bytes(b"")


def test_versions_are_listed_the_newest_first_with_what_they_are(tmp_path: Path) -> None:
    versions = versions_in(tmp_path)
    versions.promote("b")
    versions.promote("d", CHALLENGER)
    damage(tmp_path, "c")
    found = {each.version: each for each in versions.all()}
    assert list(found) == ["d", "c", "b", "a"]
    assert [each.aliases for each in found.values()] == [("challenger",), (), ("champion",), ()]
    assert [bool(each.damage) for each in found.values()] == [False, True, False, False]
    assert (found["b"].series, found["b"].backtest) == (3, {"pinball": 1.0})
    assert found["b"].size > 400


def test_models_of_another_purpose_are_not_its_versions(tmp_path: Path) -> None:
    versions = versions_in(tmp_path, "ab")
    versions_in(tmp_path, "xy", purpose="sales")
    assert [each.version for each in versions.all()] == ["b", "a"]
    with pytest.raises(NotFound):
        versions.promote("x")


def test_a_challenger_that_is_promoted_leaves_its_place_empty(tmp_path: Path) -> None:
    versions = versions_in(tmp_path)
    versions.promote("a")
    versions.promote("b", CHALLENGER)
    versions.promote("b", reason="better")
    assert versions.aliases.holders() == {CHAMPION: "b"}
    assert versions.aliases.history()[-1].reason == "better"


def test_what_cannot_be_promoted_is_refused(tmp_path: Path) -> None:
    versions = versions_in(tmp_path)
    versions.promote("a")
    damage(tmp_path, "b")
    with pytest.raises(ModelError, match="b cannot serve"):
        versions.promote("b")
    with pytest.raises(InvalidInput, match="own challenger"):
        versions.promote("a", CHALLENGER)
    with pytest.raises(InvalidInput, match="champion, challenger"):
        versions.promote("c", "winner")
    with pytest.raises(NotFound, match="nobody"):
        versions.promote("nobody")
    assert versions.aliases.holders() == {CHAMPION: "a"}


def test_rolling_back_twice_goes_back_two(tmp_path: Path) -> None:
    versions = versions_in(tmp_path)
    for name in "abc":
        versions.promote(name)
    assert [versions.rollback().version, versions.rollback().version] == ["b", "a"]
    with pytest.raises(NotFound, match="champion before"):
        versions.rollback()


def test_after_a_promotion_a_rollback_goes_back_to_what_it_replaced(tmp_path: Path) -> None:
    versions = versions_in(tmp_path)
    for name in "abc":
        versions.promote(name)
    versions.promote("b")
    assert versions.rollback().version == "c"


def test_a_rollback_goes_past_what_is_damaged_or_gone(tmp_path: Path) -> None:
    versions = versions_in(tmp_path)
    for name in "abcd":
        versions.promote(name)
    damage(tmp_path, "c")
    versions.remove("b")
    assert versions.rollback().version == "a"


def test_champion_and_challenger_are_not_removed(tmp_path: Path) -> None:
    versions = versions_in(tmp_path)
    versions.promote("a")
    versions.promote("b", CHALLENGER)
    for name in "ab":
        with pytest.raises(InvalidInput, match="promote another version first"):
            versions.remove(name)
    versions.remove("c")
    assert [each.version for each in versions.all()] == ["d", "b", "a"]


def test_pruning_spares_the_newest_what_is_in_use_and_the_way_back(tmp_path: Path) -> None:
    versions = versions_in(tmp_path, "abcdefg")
    versions.promote("b")
    versions.promote("c")
    versions.promote("d", CHALLENGER)
    assert versions.prune(1) == ["f", "e", "a"]
    assert [each.version for each in versions.all()] == ["g", "d", "c", "b"]
    assert versions.prune(1) == []
    with pytest.raises(InvalidInput, match="keep 0 or more"):
        versions.prune(-1)


def test_who_serves_is_tried_in_the_order_of_trust(tmp_path: Path) -> None:
    versions = versions_in(tmp_path, "abcdefg")
    for name in "abcd":
        versions.promote(name)
    versions.rollback()  # from d to c
    versions.promote("f", CHALLENGER)
    assert list(versions.to_serve()) == ["c", "b", "a", "f", "g", "e", "d"]


@settings(max_examples=40)
@given(broken=st.sets(st.sampled_from("abcd")), bit=st.integers(0, 10**9))
def test_the_first_intact_version_serves_whatever_is_flipped(
    tmp_path_factory: pytest.TempPathFactory, broken: set[str], bit: int
) -> None:
    folder = tmp_path_factory.mktemp("v")
    versions = versions_in(folder)
    for name in "abcd":
        versions.promote(name)
    for name in broken:
        files = sorted(folder.rglob(f"{name}.*"))
        path = files[bit % len(files)]
        content = bytearray(path.read_bytes())
        content[bit % len(content)] ^= 1 << bit % 8
        path.write_bytes(bytes(content))
    intact = [name for name in "dcba" if name not in broken]

    def load(name: str) -> ModelState:
        return load_model(folder, name)[1]

    if not intact:
        with pytest.raises(ModelError, match="no version"):
            first_good(versions.to_serve(), load)
        return
    found = first_good(versions.to_serve(), load)
    assert found.version == intact[0]
    assert set(found.passed_over) == {name for name in broken if name > intact[0]}
    assert bool(found.warning) == bool(found.passed_over)


def test_a_warning_names_what_should_serve_and_what_does() -> None:
    assert sentence({}, "a") == ""
    assert sentence({"d": "d.h5 is gone", "c": "."}, "b") == (
        "model d (and 1 more) cannot be opened (d.h5 is gone); b serves instead"
    )
