"""The manifest of a saved model: its files with their sums, and where the model comes from.

It is JSON, written last, and signed: what cannot be trusted to the last bit is refused. Manifests
of schema 2 had a sum over themselves and no signature, those of schema 1 neither; they are read
where they lay in the workspace when its first key was made, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from itertools import count
from pathlib import Path
from typing import Any

from supplynet.core.ids import check_id
from supplynet.errors import ModelError
from supplynet.files import write_atomically
from supplynet.learning.kept_files import Sum
from supplynet.learning.signed_json import (
    check_signature,
    is_whole,
    read_told,
    sha256,
    signed_bytes,
    signing_key,
)
from supplynet.security.keyring import Keyring, keyring_of

SCHEMA = 3
_SIGNED_SCHEMA = 3
_SUMMED_SCHEMA = 2
_SIGNED_FOR = "model-manifest"
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
        files: SHA-256 and size in bytes, as on disk, by path below the workspace.
        packages: Versions of the libraries that made it; "" when one was not installed.
        content: SHA-256 over what the files say, where they are sealed; "" where they are not.
        also: Sums that files may have as well, while they are being sealed anew.
    """

    name: str
    model: str
    features: tuple[str, ...]
    settings: Mapping[str, Any]
    files: Mapping[str, Sum]
    packages: Mapping[str, str]
    content: str = ""
    also: Mapping[str, Sum] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def model_version(self) -> str:
        """``name@`` and the first 12 digits of the sum over all files: same text, same model."""
        return f"{self.name}@{(self.content or sum_over(self.files))[:12]}"

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


def sum_over(files: Mapping[str, Sum]) -> str:
    """One sum over the sums of all files."""
    return sha256("".join(f"{path}{files[path][0]}" for path in sorted(files)).encode())


def write_manifest(workspace: Path, manifest: Manifest) -> None:
    """Write a manifest atomically, signed.

    Raises:
        ConfigError: The workspace's key file cannot be used.
    """
    told = asdict(manifest)
    told |= {name: told[name].isoformat() for name in _MOMENTS if told[name]}
    content = signed_bytes(told, _SIGNED_FOR, keyring_of(workspace))
    write_atomically(manifest_path(workspace, manifest.name), content)


def read_manifest(workspace: Path, name: str) -> Manifest:
    """The manifest of a model, which names its files and their sums.

    Raises:
        InvalidId: The name is not an id.
        ModelError: It is missing, damaged, not signed by this workspace, or of another schema.
        ConfigError: The workspace's key file cannot be used.
    """
    content, told = _told(workspace, name)
    _check_origin(content, told, name, keyring_of(workspace))
    return _manifest(told, name)


def read_foreign(workspace: Path, name: str) -> Manifest:
    """A manifest that somebody else signed, or nobody; ``write_manifest`` makes it ours.

    Raises:
        InvalidId: The name is not an id.
        ModelError: It is missing, damaged, or says that we signed it, which is not so.
    """
    _, told = _told(workspace, name)
    keyring = keyring_of(workspace)
    if signing_key(told) in {key.key_id for key in keyring.keys}:
        check_signature(told, _SIGNED_FOR, keyring, f"the manifest of model {name}", "")
    return replace(_manifest(told, name), schema=SCHEMA)


def signed_by(workspace: Path, name: str) -> str:
    """Id of the key that signed a manifest; "" where nobody did. Raises as ``read_manifest``."""
    return signing_key(_told(workspace, name)[1])


def manifest_path(workspace: Path, name: str) -> Path:
    """Where the manifest of a model lies."""
    return workspace / "models" / f"{name}{_ENDING}"


def _told(workspace: Path, name: str) -> tuple[bytes, dict[str, Any]]:
    """Bytes and content of a manifest that is whole; who made it is not looked at yet."""
    path = manifest_path(workspace, check_id(name, "model name"))
    try:
        content, told = read_told(path)
    except FileNotFoundError as error:
        raise ModelError(f"model {name} has no manifest {path.name}; train it again") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"the manifest of model {name} is damaged; restore or train") from error
    if told["schema"] >= _SUMMED_SCHEMA and not is_whole(content, told):
        raise ModelError(f"the manifest of model {name} was changed; restore or train")
    if told["schema"] > SCHEMA:
        raise ModelError(
            f"model {name} was saved by a newer SupplyNet (schema {told['schema']}, this one reads "
            f"up to {SCHEMA}); upgrade, or train it again"
        )
    return content, told


def _check_origin(content: bytes, told: Mapping[str, Any], name: str, keyring: Keyring) -> None:
    mend = (
        f"train it again, or, if you know where it comes from, run: supplynet models adopt {name}"
    )
    what = f"the manifest of model {name}"
    if told["schema"] >= _SIGNED_SCHEMA:
        check_signature(told, _SIGNED_FOR, keyring, what, mend)
    elif not keyring.knew(sha256(content)):
        raise ModelError(f"{what} is not signed; {mend}")


def _manifest(told: Mapping[str, Any], name: str) -> Manifest:
    try:
        manifest = _from_json(told)
        sums = [*manifest.files.values(), *manifest.also.values()]
        sums_ok = all(_SUM.match(digest) and size >= 0 for digest, size in sums)
        files = set(files_of(name))
        if manifest.name == name and set(manifest.files) == files >= set(manifest.also) and sums_ok:
            return manifest
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ModelError(f"the manifest of model {name} does not describe it; restore or train")


def _from_json(told: Mapping[str, Any]) -> Manifest:
    """Raises one of several errors where anything is not as ``write_manifest`` writes it."""
    moments = {name: datetime.fromisoformat(told[name]) for name in _MOMENTS if told.get(name)}
    lists = {
        name: {path: (str(digest), int(size)) for path, (digest, size) in told[name].items()}
        for name in ("files", "also")
        if name in told
    }
    said = {key: value for key, value in told.items() if key not in {"sum", "signature"}}
    return Manifest(**said | moments | lists | {"features": tuple(told["features"])})


def package_versions() -> dict[str, str]:
    """Versions of the libraries that models are made with."""
    return {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return ""
