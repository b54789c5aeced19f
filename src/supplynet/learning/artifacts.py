"""Model files: HDF5 and JSON with a signed manifest of sums that is checked before any is opened.

One model is four files of a workspace: ``models/<name>.h5`` (arrays and texts),
``scalers/<name>.json`` (settings and scaling), ``metrics/<name>.json`` and, written last,
``models/<name>.manifest.json``. A model of models keeps its members' states inside the same files,
so that the same sums cover them. Nothing in them is code: no pickle, no joblib. HDF5 itself loads a
flipped bit without a word, hence the sums. Bytes are read once, checked, and parsed from memory,
so what was checked is what is used. Where the workspace has a key to seal with, all but the
manifest is sealed. The folder's keys sign, see ``security.keyring``: any folder that models are
saved in has its own, unless ``SUPPLYNET_KEYS`` names others.

Give every training its own name and switch to it when it is saved; a reader then never meets
the files of two trainings.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
import numpy.typing as npt

from supplynet.core.ids import check_id
from supplynet.errors import ModelError
from supplynet.files import write_atomically
from supplynet.learning.kept_files import checked, kept, opened, sum_of
from supplynet.learning.manifest import (
    Manifest,
    Origin,
    files_of,
    manifest_path,
    package_versions,
    read_manifest,
    sum_over,
    write_manifest,
)
from supplynet.learning.onnx_files import remove_graphs
from supplynet.learning.signed_json import json_bytes
from supplynet.security.keyring import keyring_of

_MEMBER = re.compile(r"[A-Za-z0-9_-]+\Z")

_MEND = "restore or train again"

Array = npt.NDArray[Any]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelState:
    """A fitted model as plain data.

    Attributes:
        model: Name in its registry, which knows how to bring it back.
        settings: The estimator's settings, JSON values.
        scaler: What scales its input, JSON values.
        features: Names of its inputs in order; a model with other features is refused.
        arrays, texts: Weights; boosters as their text.
        members: States of the models that it is made of, by name (letters, digits, ``_`` and
            ``-``).
    """

    model: str
    settings: Mapping[str, Any]
    scaler: Mapping[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    arrays: Mapping[str, Array] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, ModelState] = field(default_factory=dict)


def save_model(
    workspace: Path,
    name: str,
    state: ModelState,
    metrics: Mapping[str, Any] | None = None,
    origin: Origin | None = None,
) -> Manifest:
    """Write a model's files, each atomically, the manifest last.

    Raises:
        InvalidId: The name is not an id.
        ConfigError: The workspace's key file cannot be used.
    """
    check_id(name, "model name")
    keyring = keyring_of(workspace)
    content = (_hdf5(state), json_bytes(_described(state)), json_bytes(metrics or {}))
    contents = dict(zip(files_of(name), content, strict=True))
    on_disk = {path: kept(keyring, path, each) for path, each in contents.items()}
    for path, each in on_disk.items():
        write_atomically(workspace / path, each)
    plain = sum_over({path: sum_of(each) for path, each in contents.items()})
    manifest = Manifest(
        name=name,
        model=state.model,
        features=state.features,
        settings=dict(state.settings),
        files={path: sum_of(each) for path, each in on_disk.items()},
        content=plain if keyring.can_seal else "",
        packages=package_versions(),
        **asdict(origin or Origin()),
    )
    write_manifest(workspace, manifest)
    return manifest


def load_model(workspace: Path, name: str) -> tuple[Manifest, ModelState]:
    """Read a saved model after checking every byte of it.

    Raises:
        ModelError: A file is missing, truncated or changed, not signed by this workspace, sealed
            with a key that is gone, or of an unknown schema.
        ConfigError: The workspace's key file cannot be used.
    """
    arrays, scalers, _ = files_of(name)

    def load(manifest: Manifest) -> tuple[Manifest, ModelState]:
        contents = _contents(workspace, manifest, manifest.files)
        told = json.loads(contents[scalers])
        told |= {"model": manifest.model, "features": manifest.features}
        with h5py.File(io.BytesIO(contents[arrays]), "r") as file:
            return manifest, _from_hdf5(file, told)

    return _reading(workspace, name, load)


def check_model(workspace: Path, name: str) -> Manifest:
    """Check every byte of a saved model without opening it.

    Raises:
        ModelError, ConfigError: As for ``load_model``.
    """

    def check(manifest: Manifest) -> Manifest:
        for path in manifest.files:
            file_bytes(workspace, manifest, path)
        return manifest

    return _reading(workspace, name, check)


def load_metrics(workspace: Path, name: str) -> dict[str, Any]:
    """The figures that were saved with a model.

    Raises:
        ModelError, ConfigError: As for ``load_model``.
    """
    path = files_of(name)[2]

    def load(manifest: Manifest) -> dict[str, Any]:
        return dict(json.loads(_contents(workspace, manifest, [path])[path]))

    return _reading(workspace, name, load)


def file_bytes(workspace: Path, manifest: Manifest, path: str) -> bytes:
    """A file of a model as it lies on disk, sealed or not, every byte checked.

    Raises:
        ModelError: It is missing, truncated or changed.
    """
    sums = [manifest.files[path], *([manifest.also[path]] if path in manifest.also else [])]
    return checked(workspace, path, sums, _MEND)


def remove_model(workspace: Path, name: str) -> None:
    """Remove a model's files, the manifest first: what is left of a removal is no model."""
    manifest_path(workspace, check_id(name, "model name")).unlink(missing_ok=True)
    remove_graphs(workspace, name)
    for path in files_of(name):
        (workspace / path).unlink(missing_ok=True)


def _reading(workspace: Path, name: str, read: Callable[[Manifest], T]) -> T:
    """Read by the manifest; whoever met files on their way to another seal looks once more."""
    while True:
        manifest = read_manifest(workspace, name)
        try:
            return read(manifest)
        except ModelError:
            if read_manifest(workspace, name) == manifest:
                raise


def _contents(workspace: Path, manifest: Manifest, paths: Iterable[str]) -> dict[str, bytes]:
    """What files of a model say; none is opened before all are checked."""
    on_disk = {path: file_bytes(workspace, manifest, path) for path in paths}
    keyring = keyring_of(workspace)
    return {path: opened(keyring, path, content) for path, content in on_disk.items()}


def _described(state: ModelState) -> dict[str, Any]:
    """What of a state goes into JSON; the manifest names the outermost model and its features."""
    told: dict[str, Any] = {"settings": state.settings, "scaler": state.scaler}
    if state.members:
        told["members"] = {
            name: {"model": member.model, "features": member.features, **_described(member)}
            for name, member in state.members.items()
        }
    return told


def _hdf5(state: ModelState) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        _to_hdf5(file, state)
    return buffer.getvalue()


def _to_hdf5(group: h5py.Group, state: ModelState) -> None:
    arrays, texts = group.create_group("arrays"), group.create_group("texts")
    for name, array in state.arrays.items():
        arrays.create_dataset(name, data=array)
    for name, text in state.texts.items():
        data = np.frombuffer(text.encode(), dtype=np.uint8)
        texts.create_dataset(name, data=data, compression="gzip", compression_opts=4)
    for name, member in state.members.items():
        assert _MEMBER.match(name), name  # a slash would be a path in the file
        _to_hdf5(group.create_group(f"members/{name}"), member)


def _from_hdf5(group: h5py.Group, told: Mapping[str, Any]) -> ModelState:
    return ModelState(
        model=told["model"],
        settings=told["settings"],
        scaler=told["scaler"],
        features=tuple(told["features"]),
        arrays={name: np.asarray(data[()]) for name, data in group["arrays"].items()},
        texts={name: bytes(data[()]).decode() for name, data in group["texts"].items()},
        members={
            name: _from_hdf5(group[f"members/{name}"], member)
            for name, member in told.get("members", {}).items()
        },
    )
