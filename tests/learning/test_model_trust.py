"""No file of a model is opened before its bytes are known to be those that this workspace wrote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import h5py
import lightgbm
import numpy as np
import onnxruntime
import pytest

from supplynet.anomaly import registry as detectors
from supplynet.anomaly.calibrated import Calibrated
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.errors import ModelError
from supplynet.forecast import registry as forecasters
from supplynet.forecast.onnx_export import export_model, load_exported
from supplynet.frames.panel import Panel, shift_periods
from supplynet.learning import artifacts
from supplynet.learning.artifacts import ModelState, load_metrics, load_model, save_model
from supplynet.learning.manifest import files_of, read_manifest
from supplynet.learning.onnx_files import load_graphs, reseal_graphs
from supplynet.learning.opening import first_good
from supplynet.learning.resealing import reseal_model
from supplynet.learning.signed_json import json_bytes, sha256
from supplynet.security.keyring import keyring_of
from supplynet.security.keys_file import Kind, keys_path

STATE = ModelState(model="toy", settings={}, arrays={"weights": np.arange(50.0)})
FORECASTERS: dict[str, dict[str, int]] = {
    "seasonal_naive": {},
    "shift_mean": {},
    "lightgbm": {"rounds": 5},
}
DETECTORS = ("robust_seasonal", "sub_pca")
MONDAY = datetime(2025, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Four series of twelve weeks of one shift a day."""
    day = ShiftPattern(name="day", start=time(6), end=time(18))
    calendar = ShiftCalendar(calendar_id="SR1", time_zone="UTC", patterns=(day,))
    periods = shift_periods(calendar, MONDAY, MONDAY + timedelta(weeks=12))
    demand = np.random.default_rng(3).poisson(20.0, (4, len(periods))).astype(float)
    return Panel(series=tuple(("L1", f"P{i}") for i in range(4)), periods=periods, demand=demand)


def save_all(folder: Path, panel: Panel) -> Path:
    for name, settings in FORECASTERS.items():
        fitted = forecasters.estimator(name, **settings).fit(panel)
        forecasters.save(folder, name, fitted, {"mase": 0.8})
    for name in DETECTORS:
        detectors.save(folder, name, Calibrated(model=name).fit(panel), {"mase": 0.8})
    export_model(folder, "lightgbm")
    return folder


@pytest.fixture(scope="module")
def plain(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real models as they are saved without a key to seal; to be copied."""
    return save_all(tmp_path_factory.mktemp("plain"), panel)


def open_model(folder: Path, name: str) -> object:
    if name in DETECTORS:
        return detectors.load(folder, name)
    return load_exported(folder, name)


@contextmanager
def nothing_is_opened() -> Iterator[None]:
    """Every reader of what is inside model files fails the test that comes so far."""

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened that cannot be trusted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(h5py, "File", opened)
        patch.setattr(lightgbm, "Booster", opened)
        patch.setattr(onnxruntime, "InferenceSession", opened)
        patch.setattr(artifacts, "json", SimpleNamespace(loads=opened))
        yield


@pytest.fixture(params=["plain", "sealed"])
def saved(
    request: pytest.FixtureRequest, plain: Path, tmp_path: Path, new_key: Callable[..., str]
) -> Path:
    """A copy of the real models, as they are or with all their files sealed."""
    folder = Path(shutil.copytree(plain, tmp_path / "ws"))
    if request.param == "sealed":
        new_key(folder, Kind.SEALING)
        for name in (*FORECASTERS, *DETECTORS):
            assert reseal_model(folder, name)
        assert reseal_graphs(folder, "lightgbm")
    return folder


def files(folder: Path) -> list[Path]:
    """Every file of every model, manifests and graphs too."""
    found = (folder / part for part in ("models", "scalers", "metrics"))
    return sorted(path for each in found for path in each.iterdir() if path.name[0] != ".")


def refuse_all_damage(folder: Path, times: int) -> None:
    """Flip a bit or cut a file, again and again: never loaded, and another serves meanwhile."""
    rng, there = np.random.default_rng(8), files(folder)
    assert len(there) == 4 * (len(FORECASTERS) + len(DETECTORS)) + 2
    for turn in range(times):
        path = there[turn % len(there)]
        name, content = path.name.partition(".")[0], path.read_bytes()
        bit = int(rng.integers(0, len(content) * 8))
        broken = bytearray(content)
        broken[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content[: bit // 8] if turn % 4 == 3 else broken)
        with nothing_is_opened(), pytest.raises(ModelError):
            read(folder, name, path)
        path.write_bytes(content)


def read(folder: Path, name: str, path: Path) -> object:
    """Whatever reads this file first."""
    if ".onnx" in path.name:
        return load_graphs(folder, name, read_manifest(folder, name).model_version)
    return load_metrics(folder, name) if path.parent.name == "metrics" else open_model(folder, name)


def test_no_flipped_bit_and_no_cut_of_real_models_is_opened(saved: Path) -> None:
    refuse_all_damage(saved, 100)


@pytest.mark.drill
def test_no_flipped_bit_and_no_cut_is_opened_a_thousand_times(saved: Path) -> None:
    refuse_all_damage(saved, 1000)


def test_all_of_them_open_when_nothing_was_touched(saved: Path) -> None:
    for name in (*FORECASTERS, *DETECTORS):
        assert open_model(saved, name)
        assert load_metrics(saved, name) == {"mase": 0.8}
    sealed = keyring_of(saved).can_seal
    for path in files(saved):
        is_list = path.suffix == ".json" and path.parent.name == "models"
        assert path.read_bytes().startswith(b"SNSEAL1") is (sealed and not is_list), path


def test_the_one_before_serves_while_the_best_is_damaged(saved: Path) -> None:
    path = saved / files_of("lightgbm")[0]
    path.write_bytes(path.read_bytes()[:-1])
    found = first_good(["lightgbm", "shift_mean"], lambda name: open_model(saved, name))
    assert found.version == "shift_mean"
    assert "lightgbm cannot be opened (models/lightgbm.h5 has not the size" in found.warning


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A workspace with the models a and b."""
    for name in ("a", "b"):
        save_model(tmp_path / "ours", name, STATE, {"name": name})
    return tmp_path / "ours"


def refused(folder: Path, match: str, name: str = "a") -> None:
    with nothing_is_opened(), pytest.raises(ModelError, match=match):
        load_model(folder, name)


def manifest_of(folder: Path, name: str = "a") -> Path:
    return folder / f"models/{name}.manifest.json"


def test_a_model_of_another_workspace_is_refused_with_what_to_do(
    ours: Path, tmp_path: Path
) -> None:
    save_model(tmp_path / "theirs", "c", STATE)
    for folder in ("models", "scalers", "metrics"):
        shutil.copytree(tmp_path / "theirs" / folder, ours / folder, dirs_exist_ok=True)
    theirs = keyring_of(tmp_path / "theirs").signing_id
    refused(ours, f"signed by key {theirs}, which this workspace lacks; .* models adopt c", "c")


def test_a_manifest_that_was_changed_and_summed_again_is_refused(ours: Path) -> None:
    told = json.loads(manifest_of(ours).read_bytes())
    told["settings"] = {"depth": 9}
    body = {key: value for key, value in told.items() if key not in {"sum", "signature"}}
    told["sum"] = sha256(json_bytes(body))
    manifest_of(ours).write_bytes(json_bytes(told))
    refused(ours, "changed after it was signed; restore")


def test_a_wrong_signature_is_refused(ours: Path) -> None:
    told = json.loads(manifest_of(ours).read_bytes())
    told["signature"] = json.loads(manifest_of(ours, "b").read_bytes())["signature"]
    manifest_of(ours).write_bytes(json_bytes(told))
    refused(ours, "changed after it was signed")
    told["signature"] = ""
    manifest_of(ours).write_bytes(json_bytes(told))
    refused(ours, "not signed")


def test_the_signature_of_something_else_is_no_signature_of_a_manifest(ours: Path) -> None:
    told = json.loads(manifest_of(ours).read_bytes())
    body = {key: value for key, value in told.items() if key not in {"sum", "signature"}}
    told["signature"] = keyring_of(ours).sign("audit", json_bytes(body))
    manifest_of(ours).write_bytes(json_bytes(told))
    refused(ours, "changed after it was signed")


def test_the_manifest_of_another_version_is_refused(ours: Path) -> None:
    manifest_of(ours).write_bytes(manifest_of(ours, "b").read_bytes())
    refused(ours, "does not describe it")


def test_files_that_were_swapped_between_versions_are_refused(ours: Path) -> None:
    save_model(ours, "b", ModelState(model="toy", settings={}, arrays={"weights": np.ones(50)}))
    first, second = (ours / files_of(name)[0] for name in ("a", "b"))
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    refused(ours, "was changed after it was saved", "a")
    refused(ours, "was changed after it was saved", "b")


@pytest.mark.parametrize("schema", [1, 2])
def test_a_manifest_of_an_older_schema_put_back_is_refused(
    ours: Path, schema: int, unsign: Callable[..., None]
) -> None:
    unsign(ours, "a", schema=schema)
    refused(ours, "not signed; train it again, or, if you know where it comes from")


def test_what_lay_there_before_the_first_key_serves_and_nothing_else_does(
    ours: Path, unsign: Callable[..., None], forget_keys: Callable[[Path], None]
) -> None:
    unsign(ours, "a")
    old = manifest_of(ours).read_bytes()
    forget_keys(ours)
    assert load_model(ours, "a")[0].schema == 2
    manifest_of(ours).write_bytes(old.replace(b'"model": "toy"', b'"model": "TOY"'))
    refused(ours, "was changed")
    told = json.loads(old) | {"model": "other"}
    del told["sum"]
    manifest_of(ours).write_bytes(json_bytes(told | {"sum": sha256(json_bytes(told))}))
    refused(ours, "not signed")
    manifest_of(ours).write_bytes(old)
    path = ours / files_of("a")[0]
    path.write_bytes(path.read_bytes()[:-1])
    refused(ours, "has not the size")  # known is the manifest, not what it names


def test_a_sealed_model_without_its_key_is_refused(
    ours: Path, new_key: Callable[..., str], forget_keys: Callable[[Path], None]
) -> None:
    lost = new_key(ours, Kind.SEALING)
    reseal_model(ours, "a")
    told = json.loads(keys_path(ours).read_bytes())
    del told["keys"][lost]
    keys_path(ours).write_text(json.dumps(told))
    refused(ours, f"sealed with key {lost}, which the key file does not have; put that key file")
    forget_keys(ours)
    refused(ours, "which this workspace lacks")


def test_the_same_model_is_the_same_version_sealed_or_not(
    ours: Path, new_key: Callable[..., str]
) -> None:
    version, weights = read_manifest(ours, "a").model_version, STATE.arrays["weights"]
    new_key(ours, Kind.SEALING)
    assert reseal_model(ours, "a")
    manifest, state = load_model(ours, "a")
    assert manifest.model_version == version
    np.testing.assert_array_equal(state.arrays["weights"], weights)
    assert save_model(ours, "a", STATE, {"name": "a"}).model_version == version
