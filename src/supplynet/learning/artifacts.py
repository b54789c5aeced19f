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

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from supplynet.core.ids import check_id
from supplynet.errors import ModelError
from supplynet.files import write_atomically

SCHEMA = 1
_PACKAGES = ("supplynet", "numpy", "lightgbm", "scikit-learn", "torch")
_MEMBER = re.compile(r"[A-Za-z0-9_-]+\Z")
_SUM = re.compile(r"[0-9a-f]{64}\Z")

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


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a saved model consists of.

    Attributes:
        files: SHA-256 and size in bytes by path below the workspace.
        packages: Versions of the libraries that made it; "" when one was not installed.
    """

    name: str
    model: str
    features: tuple[str, ...]
    settings: Mapping[str, Any]
    files: Mapping[str, tuple[str, int]]
    packages: Mapping[str, str]
    schema: int = SCHEMA

    @property
    def model_version(self) -> str:
        """``name@`` and the first 12 digits of the sum over all files: same text, same model."""
        sums = "".join(f"{path}{self.files[path][0]}" for path in sorted(self.files))
        return f"{self.name}@{hashlib.sha256(sums.encode()).hexdigest()[:12]}"


def save_model(
    workspace: Path, name: str, state: ModelState, metrics: Mapping[str, Any] | None = None
) -> Manifest:
    """Write a model's files, each atomically, the manifest last.

    Raises:
        InvalidId: The name is not an id.
    """
    check_id(name, "model name")
    contents = {
        f"models/{name}.h5": _hdf5(state),
        f"scalers/{name}.json": _json(_described(state)),
        f"metrics/{name}.json": _json(metrics or {}),
    }
    for path, content in contents.items():
        write_atomically(workspace / path, content)
    manifest = Manifest(
        name=name,
        model=state.model,
        features=state.features,
        settings=dict(state.settings),
        files={path: (_sha256(content), len(content)) for path, content in contents.items()},
        packages={package: _version(package) for package in _PACKAGES},
    )
    write_atomically(_manifest_path(workspace, name), _json(manifest.__dict__))
    return manifest


def load_model(workspace: Path, name: str) -> tuple[Manifest, ModelState]:
    """Read a saved model after checking every byte of it.

    Raises:
        ModelError: A file is missing, truncated or changed, or of an unknown schema.
    """
    manifest = read_manifest(workspace, name)
    contents = {path: _checked(workspace, path, manifest) for path in manifest.files}
    told = json.loads(contents[f"scalers/{name}.json"])
    told |= {"model": manifest.model, "features": manifest.features}
    with h5py.File(io.BytesIO(contents[f"models/{name}.h5"]), "r") as file:
        return manifest, _from_hdf5(file, told)


def load_metrics(workspace: Path, name: str) -> dict[str, Any]:
    """The figures that were saved with a model.

    Raises:
        ModelError: As for ``load_model``.
    """
    manifest = read_manifest(workspace, name)
    metrics = json.loads(_checked(workspace, f"metrics/{name}.json", manifest))
    return dict(metrics)


def read_manifest(workspace: Path, name: str) -> Manifest:
    """The manifest of a model, which names its files and their sums.

    Raises:
        ModelError: It is missing or cannot be understood.
    """
    check_id(name, "model name")
    path = _manifest_path(workspace, name)
    try:
        data = json.loads(path.read_bytes())
        files = {
            path: (str(digest), int(size)) for path, (digest, size) in data.pop("files").items()
        }
        manifest = Manifest(features=tuple(data.pop("features")), files=files, **data)
    except FileNotFoundError as error:
        raise ModelError(f"model {name} has no manifest {path.name}; train it again") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"the manifest of model {name} is damaged; restore or train") from error
    wanted = {f"models/{name}.h5", f"scalers/{name}.json", f"metrics/{name}.json"}
    sums_ok = all(_SUM.match(digest) for digest, _ in files.values())
    if manifest.schema != SCHEMA or manifest.name != name or set(files) != wanted or not sums_ok:
        raise ModelError(f"the manifest of model {name} does not describe it; restore or train")
    return manifest


def _manifest_path(workspace: Path, name: str) -> Path:
    return workspace / "models" / f"{name}.manifest.json"


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
    if _sha256(content) != digest:
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


def _json(value: object) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=1) + "\n").encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
