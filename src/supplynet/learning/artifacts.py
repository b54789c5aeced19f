"""Model files: HDF5 and JSON with a manifest of SHA-256 sums that is checked before any is opened.

One model is four files of a workspace: ``models/<name>.h5`` (arrays and texts),
``scalers/<name>.json`` (settings and scaling), ``metrics/<name>.json`` and, written last,
``models/<name>.manifest.json``. A model of models keeps its members' states inside the same files,
so that the same sums cover them. Nothing in them is code: no pickle, no joblib. HDF5 itself loads a
flipped bit without a word, hence the sums. Bytes are read once, checked, and parsed from memory,
so what was checked is what is used.

Give every training its own name and switch to it when it is saved; a reader then never meets
the files of two trainings.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from supplynet.core.ids import check_id
from supplynet.errors import ModelError
from supplynet.files import write_atomically
from supplynet.learning.manifest import (
    Manifest,
    Origin,
    files_of,
    json_bytes,
    manifest_path,
    package_versions,
    read_manifest,
    sha256,
    write_manifest,
)
from supplynet.learning.onnx_files import remove_graphs

_MEMBER = re.compile(r"[A-Za-z0-9_-]+\Z")

Array = npt.NDArray[Any]


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
    """
    check_id(name, "model name")
    content = (_hdf5(state), json_bytes(_described(state)), json_bytes(metrics or {}))
    contents = dict(zip(files_of(name), content, strict=True))
    for path, each in contents.items():
        write_atomically(workspace / path, each)
    manifest = Manifest(
        name=name,
        model=state.model,
        features=state.features,
        settings=dict(state.settings),
        files={path: (sha256(each), len(each)) for path, each in contents.items()},
        packages=package_versions(),
        **asdict(origin or Origin()),
    )
    write_manifest(workspace, manifest)
    return manifest


def load_model(workspace: Path, name: str) -> tuple[Manifest, ModelState]:
    """Read a saved model after checking every byte of it.

    Raises:
        ModelError: A file is missing, truncated or changed, or of an unknown schema.
    """
    manifest = read_manifest(workspace, name)
    contents = {path: _checked(workspace, path, manifest) for path in manifest.files}
    arrays, scalers, _ = files_of(name)
    told = json.loads(contents[scalers])
    told |= {"model": manifest.model, "features": manifest.features}
    with h5py.File(io.BytesIO(contents[arrays]), "r") as file:
        return manifest, _from_hdf5(file, told)


def check_model(workspace: Path, name: str) -> Manifest:
    """Check every byte of a saved model without opening it.

    Raises:
        ModelError: As for ``load_model``.
    """
    manifest = read_manifest(workspace, name)
    for path in manifest.files:
        _checked(workspace, path, manifest)
    return manifest


def load_metrics(workspace: Path, name: str) -> dict[str, Any]:
    """The figures that were saved with a model.

    Raises:
        ModelError: As for ``load_model``.
    """
    manifest = read_manifest(workspace, name)
    metrics = json.loads(_checked(workspace, files_of(name)[2], manifest))
    return dict(metrics)


def remove_model(workspace: Path, name: str) -> None:
    """Remove a model's files, the manifest first: what is left of a removal is no model."""
    manifest_path(workspace, check_id(name, "model name")).unlink(missing_ok=True)
    remove_graphs(workspace, name)
    for path in files_of(name):
        (workspace / path).unlink(missing_ok=True)


def _checked(workspace: Path, path: str, manifest: Manifest) -> bytes:
    digest, size = manifest.files[path]
    try:
        content = (workspace / path).read_bytes()
    except OSError as error:
        raise ModelError(f"{path} of model {manifest.name} cannot be read: {error}") from error
    if len(content) != size:
        raise ModelError(
            f"{path} has {len(content)} bytes, the manifest says {size}; restore or train again"
        )
    if sha256(content) != digest:
        raise ModelError(f"{path} was changed after it was saved; restore or train again")
    return content


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
