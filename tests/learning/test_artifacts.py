from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from supplynet.errors import InvalidId, ModelError
from supplynet.learning.artifacts import (
    ModelState,
    check_model,
    load_metrics,
    load_model,
    remove_model,
    save_model,
)
from supplynet.learning.manifest import Origin, free_name, read_manifest, write_manifest

STATE = ModelState(
    model="toy",
    settings={"depth": 3},
    scaler={"typical": 2.5},
    features=("a", "b"),
    arrays={"weights": np.arange(6, dtype=np.float32).reshape(2, 3)},
    texts={"booster": "tree\nü=1\n" * 100},
)
MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)
ORIGIN = Origin(purpose="plant", data_hash="ab" * 32, series=3, trained_at=MONDAY, parent="m-1")
FILES = ("models/m.h5", "scalers/m.json", "metrics/m.json", "models/m.manifest.json")


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    saved = save_model(tmp_path, "m", STATE, {"mase": 0.8})
    manifest, state = load_model(tmp_path, "m")
    assert manifest == saved
    assert (state.model, state.settings, state.scaler) == ("toy", {"depth": 3}, {"typical": 2.5})
    assert state.features == ("a", "b")
    assert state.texts == STATE.texts
    np.testing.assert_array_equal(state.arrays["weights"], STATE.arrays["weights"])
    assert load_metrics(tmp_path, "m") == {"mase": 0.8}
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert found == sorted([*FILES, "keys/keys.json"])


def test_the_same_model_has_the_same_version_and_another_has_another(tmp_path: Path) -> None:
    one = save_model(tmp_path / "1", "m", STATE)
    same = save_model(tmp_path / "2", "m", STATE)
    other = save_model(tmp_path / "3", "m", STATE, {"mase": 0.7})
    assert one.model_version == same.model_version
    assert one.model_version != other.model_version
    assert one.model_version.startswith("m@")


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_refused(tmp_path: Path, file: str) -> None:
    save_model(tmp_path, "m", STATE)
    (tmp_path / file).unlink()
    with pytest.raises(ModelError):
        load_model(tmp_path, "m")


@pytest.mark.parametrize("file", FILES)
def test_a_truncated_file_is_refused(tmp_path: Path, file: str) -> None:
    save_model(tmp_path, "m", STATE)
    path = tmp_path / file
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ModelError):
        load_model(tmp_path, "m")


@pytest.mark.parametrize("file", FILES)
def test_every_flipped_bit_and_every_cut_is_refused(tmp_path: Path, file: str) -> None:
    save_model(tmp_path, "m", STATE, {"mase": 0.8}, ORIGIN)
    path = tmp_path / file
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(content) * 8, 100):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << (place % 8)
        path.write_bytes(bytes(flipped))
        with pytest.raises(ModelError):
            load_model(tmp_path, "m")
    for end in rng.integers(0, len(content) - 1, 20):
        path.write_bytes(content[:end])
        with pytest.raises(ModelError):
            load_model(tmp_path, "m")
    path.write_bytes(content)
    load_model(tmp_path, "m")


def test_a_manifest_says_where_the_model_comes_from(tmp_path: Path) -> None:
    save_model(tmp_path, "m", STATE, origin=ORIGIN)
    manifest = check_model(tmp_path, "m")
    assert (manifest.purpose, manifest.data_hash, manifest.parent) == ("plant", "ab" * 32, "m-1")
    assert (manifest.trained_at, manifest.known_until) == (MONDAY, None)
    assert {"statsforecast", "torch", "lightgbm"} <= set(manifest.packages)
    assert manifest.size == sum((tmp_path / file).stat().st_size for file in FILES[:3])


def test_a_manifest_from_before_there_were_keys_is_read_where_it_lay(
    tmp_path: Path, unsign: Callable[..., None], forget_keys: Callable[[Path], None]
) -> None:
    save_model(tmp_path, "m", STATE)
    unsign(tmp_path, schema=1)
    with pytest.raises(ModelError, match=r"not signed; train it again, or.* models adopt m"):
        load_model(tmp_path, "m")
    forget_keys(tmp_path)
    manifest, state = load_model(tmp_path, "m")
    assert (manifest.schema, manifest.data_hash, manifest.trained_at) == (1, "", None)
    assert state.texts == STATE.texts


def test_a_manifest_of_a_schema_to_come_is_refused_with_what_to_do(tmp_path: Path) -> None:
    manifest = save_model(tmp_path, "m", STATE)
    write_manifest(tmp_path, replace(manifest, schema=4))
    with pytest.raises(ModelError, match=r"newer SupplyNet .*upgrade, or train it again"):
        load_model(tmp_path, "m")


def test_nothing_of_a_removed_model_is_left(tmp_path: Path) -> None:
    save_model(tmp_path, "m", STATE)
    remove_model(tmp_path, "m")
    remove_model(tmp_path, "m")  # no harm
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["keys.json"]


@pytest.mark.parametrize("text", ["[]", "{}", '{"files": {"../../x": ["0", 1]}}', "\x00"])
def test_a_manifest_that_does_not_describe_the_model_is_refused(tmp_path: Path, text: str) -> None:
    save_model(tmp_path, "m", STATE)
    (tmp_path / "models/m.manifest.json").write_text(text)
    with pytest.raises(ModelError):
        load_model(tmp_path, "m")


def test_a_manifest_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    files = dict(save_model(tmp_path, "m", STATE).files)
    files["../secret"] = files.pop("metrics/m.json")
    write_manifest(tmp_path, replace(read_manifest(tmp_path, "m"), files=files))
    with pytest.raises(ModelError, match="does not describe"):
        load_model(tmp_path, "m")


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        names.append(free_name(tmp_path, "m"))
        save_model(tmp_path, names[-1], STATE)
    assert names == ["m", "m-2", "m-3"]


def test_a_name_cannot_leave_the_workspace(tmp_path: Path) -> None:
    with pytest.raises(InvalidId):
        save_model(tmp_path, "../m", STATE)
    with pytest.raises(InvalidId):
        load_model(tmp_path, "a/b")


def test_members_are_kept_inside_however_deep(tmp_path: Path) -> None:
    inner = replace(STATE, model="inner", features=("lag",))
    outer = replace(STATE, model="outer", members={"a": replace(inner, members={"b-2": inner})})
    save_model(tmp_path, "m", outer)
    _, loaded = load_model(tmp_path, "m")
    deepest = loaded.members["a"].members["b-2"]
    assert (deepest.model, deepest.features) == ("inner", ("lag",))
    assert deepest.settings == STATE.settings
    assert deepest.texts == STATE.texts
    for name, array in STATE.arrays.items():
        np.testing.assert_array_equal(deepest.arrays[name], array)
