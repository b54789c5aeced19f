import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from supplynet.errors import InvalidId, ModelError
from supplynet.learning.artifacts import (
    ModelState,
    load_metrics,
    load_model,
    save_model,
)

STATE = ModelState(
    model="toy",
    settings={"depth": 3},
    scaler={"typical": 2.5},
    features=("a", "b"),
    arrays={"weights": np.arange(6, dtype=np.float32).reshape(2, 3)},
    texts={"booster": "tree\nü=1\n" * 100},
)
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
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*")) == sorted(FILES)


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


def test_every_flipped_bit_is_refused(tmp_path: Path) -> None:
    save_model(tmp_path, "m", STATE)
    path = tmp_path / "models/m.h5"
    content = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(content) * 8, 100):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << (place % 8)
        path.write_bytes(bytes(flipped))
        with pytest.raises(ModelError, match="was changed"):
            load_model(tmp_path, "m")


@pytest.mark.parametrize("text", ["[]", "{}", '{"files": {"../../x": ["0", 1]}}', "\x00"])
def test_a_manifest_that_does_not_describe_the_model_is_refused(tmp_path: Path, text: str) -> None:
    save_model(tmp_path, "m", STATE)
    (tmp_path / "models/m.manifest.json").write_text(text)
    with pytest.raises(ModelError):
        load_model(tmp_path, "m")


def test_a_manifest_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    save_model(tmp_path, "m", STATE)
    path = tmp_path / "models/m.manifest.json"
    data = json.loads(path.read_text())
    data["files"]["../secret"] = data["files"].pop("metrics/m.json")
    path.write_text(json.dumps(data))
    with pytest.raises(ModelError, match="does not describe"):
        load_model(tmp_path, "m")


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
