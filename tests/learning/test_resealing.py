"""Models are signed and sealed anew, killed at any moment, and read meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from supplynet.errors import ModelError
from supplynet.learning import artifacts, onnx_files, resealing
from supplynet.learning.artifacts import ModelState, load_model, save_model
from supplynet.learning.manifest import Manifest, read_manifest
from supplynet.learning.onnx_files import Graph, graph_keys, load_graphs, reseal_graphs, save_graphs
from supplynet.learning.resealing import adopt_model, model_keys, reseal_model
from supplynet.learning.signed_json import json_bytes, read_told, sha256
from supplynet.security.keyring import keyring_of
from supplynet.security.keys_file import Kind

STATE = ModelState(model="toy", settings={}, arrays={"weights": np.arange(50.0)})
GRAPHS = {"one": Graph(content=b"first graph"), "two": Graph(content=b"second graph")}


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def folder(tmp_path: Path, new_key: Callable[..., str]) -> Path:
    """A sealed model with graphs, and keys that were rotated since."""
    new_key(tmp_path, Kind.SEALING)
    version = save_model(tmp_path, "m", STATE, {"mase": 0.8}).model_version
    save_graphs(tmp_path, "m", version, GRAPHS)
    new_key(tmp_path, Kind.SIGNING)
    new_key(tmp_path, Kind.SEALING)
    return tmp_path


def opens(folder: Path) -> bool:
    """Whether model and graphs are what was saved."""
    manifest, state = load_model(folder, "m")
    graphs = load_graphs(folder, "m", manifest.model_version)
    np.testing.assert_array_equal(state.arrays["weights"], STATE.arrays["weights"])
    return {part: graph.content for part, graph in graphs.items()} == {
        part: graph.content for part, graph in GRAPHS.items()
    }


def test_everything_is_with_the_active_keys_afterwards(folder: Path) -> None:
    old = keyring_of(folder).active_ids
    assert model_keys(folder, "m") & old == set()
    assert reseal_model(folder, "m")
    assert reseal_graphs(folder, "m")
    assert model_keys(folder, "m") == graph_keys(folder, "m") == old
    assert opens(folder)
    assert not reseal_model(folder, "m")
    assert not reseal_graphs(folder, "m")


@pytest.mark.parametrize("step", range(9))
def test_killed_at_any_write_it_opens_and_can_be_done_again(
    folder: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five writes of a model, four of two graphs: the signed list before and after."""
    done = 0

    def counted(write: Callable[..., None]) -> Callable[..., None]:
        def one(*what: object) -> None:
            nonlocal done
            if done == step:
                raise Killed
            done += 1
            write(*what)
            assert opens(folder)  # whoever reads meanwhile finds it whole

        return one

    with monkeypatch.context() as patch:
        for place, name in (
            (resealing, "write_manifest"),
            (resealing, "write_atomically"),
            (onnx_files, "write_atomically"),
        ):
            patch.setattr(place, name, counted(getattr(place, name)))
        with pytest.raises(Killed):
            reseal_both(folder)
    assert opens(folder)
    reseal_both(folder)
    assert model_keys(folder, "m") == graph_keys(folder, "m") == keyring_of(folder).active_ids
    assert read_manifest(folder, "m").also == {}
    assert opens(folder)


def reseal_both(folder: Path) -> None:
    reseal_model(folder, "m")
    reseal_graphs(folder, "m")


def test_who_read_the_old_manifest_and_meets_new_files_looks_once_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[bool] = []

    def stale(workspace: Path, name: str) -> Manifest:
        found = read_manifest(workspace, name)
        if not turns:
            turns.append(reseal_model(folder, "m"))
        return found

    monkeypatch.setattr(artifacts, "read_manifest", stale)
    assert load_model(folder, "m")[0].also == {}
    assert turns == [True]


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A workspace with a model and graphs that another one made."""
    made, ours = tmp_path / "theirs", tmp_path / "ours"
    version = save_model(made, "m", STATE, {"mase": 0.8}).model_version
    save_graphs(made, "m", version, GRAPHS)
    keyring_of(ours)
    for name in ("models", "scalers", "metrics"):
        shutil.copytree(made / name, ours / name)
    return ours


def test_what_is_adopted_opens_and_its_graphs_do_not(theirs: Path) -> None:
    with pytest.raises(ModelError, match="models adopt m"):
        load_model(theirs, "m")
    adopted = adopt_model(theirs, "m")
    assert load_model(theirs, "m")[0] == adopted
    with pytest.raises(ModelError, match="this workspace lacks; export the model again"):
        load_graphs(theirs, "m", adopted.model_version)


def test_what_is_adopted_is_sealed_where_models_are(
    theirs: Path, new_key: Callable[..., str]
) -> None:
    key = new_key(theirs, Kind.SEALING)
    adopt_model(theirs, "m")
    assert key in model_keys(theirs, "m")
    load_model(theirs, "m")


def test_an_unsigned_model_from_elsewhere_can_be_adopted(
    theirs: Path, unsign: Callable[..., None]
) -> None:
    unsign(theirs, "m")
    assert adopt_model(theirs, "m").schema == 3
    load_model(theirs, "m")


def test_a_damaged_model_is_not_adopted(theirs: Path) -> None:
    path = theirs / "models/m.h5"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match="has not the size"):
        adopt_model(theirs, "m")


def test_what_we_signed_and_somebody_changed_is_not_adopted(theirs: Path) -> None:
    adopt_model(theirs, "m")
    path = theirs / "models/m.manifest.json"
    told = {**read_told(path)[1], "series": 9}
    body = {key: value for key, value in told.items() if key not in {"sum", "signature"}}
    path.write_bytes(json_bytes({**told, "sum": sha256(json_bytes(body))}))
    with pytest.raises(ModelError, match="changed after it was signed"):
        adopt_model(theirs, "m")


def test_what_was_sealed_elsewhere_is_not_adopted(
    folder: Path, new_key: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    ours = tmp_path_factory.mktemp("ours")
    for name in ("models", "scalers", "metrics"):
        shutil.copytree(folder / name, ours / name)
    new_key(ours, Kind.SEALING)
    with pytest.raises(ModelError, match="which the key file does not have"):
        adopt_model(ours, "m")
