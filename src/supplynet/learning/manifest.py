"""The manifest of a saved model: its files with their sums, and where the model comes from.

It is JSON, written last, and carries a sum over itself: what cannot be trusted to the last bit is
refused. Manifests of schema 1 had no such sum and said nothing of the data; they are still read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from itertools import count
from pathlib import Path
from typing import Any

from supplynet.core.ids import check_id
from supplynet.errors import ModelError
from supplynet.files import write_atomically

SCHEMA = 2
_OLD_SCHEMA = 1
PACKAGES = ("supplynet", "numpy", "lightgbm", "scikit-learn", "statsforecast", "torch")
_SUM = re.compile(r"[0-9a-f]{64}\Z")
_ENDING = ".manifest.json"
_MOMENTS = ("trained_at", "known_until")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a model comes from; what was not noted is empty.

    Attributes:
        purpose: What it was trained for: versions of one purpose take each other's place.
        data_hash: ``frames.panel_hash`` of what it learnt from.
        series: How many series it learnt from.
        trained_at: When, aware.
        known_until: End of the last period that it learnt from, aware.
        parent: Version that it goes on from; "" = trained afresh.
    """

    purpose: str = ""
    data_hash: str = ""
    series: int = 0
    trained_at: datetime | None = None
    known_until: datetime | None = None
    parent: str = ""


@dataclass(frozen=True, kw_only=True)
class Manifest(Origin):
    """What a saved model consists of and where it comes from.

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
        return f"{self.name}@{sha256(sums.encode())[:12]}"

    @property
    def uncalibrated(self) -> tuple[str, Mapping[str, Any]]:
        """Model and settings, without the calibration around them."""
        if self.model != "calibrated":
            return self.model, self.settings
        return self.settings["model"], self.settings["settings"]

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(size for _, size in self.files.values())


def files_of(name: str) -> tuple[str, str, str]:
    """Arrays, settings and figures of a model: paths below the workspace."""
    return f"models/{name}.h5", f"scalers/{name}.json", f"metrics/{name}.json"


def saved_names(workspace: Path) -> list[str]:
    """Names of all models that have a manifest, sorted."""
    return sorted(
        path.name.removesuffix(_ENDING) for path in (workspace / "models").glob(f"*{_ENDING}")
    )


def free_name(workspace: Path, stem: str) -> str:
    """``stem``, or with a number where a model has it: two trainings may end in one moment."""
    names = (stem if place == 1 else f"{stem}-{place}" for place in count(1))
    return next(name for name in names if not manifest_path(workspace, name).exists())


def write_manifest(workspace: Path, manifest: Manifest) -> None:
    """Write a manifest atomically, with the sum over itself."""
    told = asdict(manifest)
    told |= {name: told[name].isoformat() for name in _MOMENTS if told[name]}
    told["sum"] = _own_sum(told)
    write_atomically(manifest_path(workspace, manifest.name), json_bytes(told))


def read_manifest(workspace: Path, name: str) -> Manifest:
    """The manifest of a model, which names its files and their sums.

    Raises:
        InvalidId: The name is not an id.
        ModelError: It is missing, damaged, or of another schema.
    """
    path = manifest_path(workspace, check_id(name, "model name"))
    try:
        data = json.loads(path.read_bytes())
        schema = int(data["schema"])
        intact = schema == _OLD_SCHEMA or data.pop("sum") == _own_sum(data)
        manifest = _from_json(data) if intact and schema <= SCHEMA else None
    except FileNotFoundError as error:
        raise ModelError(f"model {name} has no manifest {path.name}; train it again") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"the manifest of model {name} is damaged; restore or train") from error
    if schema > SCHEMA and intact:
        raise ModelError(
            f"model {name} was saved by a newer SupplyNet (schema {schema}, this one reads up to "
            f"{SCHEMA}); upgrade, or train it again"
        )
    if manifest is None:
        raise ModelError(f"the manifest of model {name} was changed; restore or train")
    sums_ok = all(_SUM.match(digest) for digest, _ in manifest.files.values())
    if manifest.name != name or set(manifest.files) != set(files_of(name)) or not sums_ok:
        raise ModelError(f"the manifest of model {name} does not describe it; restore or train")
    return manifest


def manifest_path(workspace: Path, name: str) -> Path:
    """Where the manifest of a model lies."""
    return workspace / "models" / f"{name}{_ENDING}"


def _from_json(data: dict[str, Any]) -> Manifest:
    files = {path: (str(digest), int(size)) for path, (digest, size) in data["files"].items()}
    moments = {name: datetime.fromisoformat(data[name]) for name in _MOMENTS if data.get(name)}
    return Manifest(**data | moments | {"features": tuple(data["features"]), "files": files})


def _own_sum(told: Mapping[str, Any]) -> str:
    return sha256(json_bytes({key: value for key, value in told.items() if key != "sum"}))


def json_bytes(value: object) -> bytes:
    """JSON as it is kept: sorted, so that the same content has the same sum."""
    return (json.dumps(value, sort_keys=True, indent=1) + "\n").encode()


def sha256(content: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


def package_versions() -> dict[str, str]:
    """Versions of the libraries that models are made with."""
    return {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return ""
