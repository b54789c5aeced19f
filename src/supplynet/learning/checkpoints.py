"""Checkpoints of a training: one file per epoch, from which a killed training goes on.

A file is HDF5 written atomically; nothing in it is code. Its name carries what is being trained,
the epoch and the sum over its content, so that a training takes up its own checkpoints alone and
a damaged file is passed over for the one before it.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from supplynet.files import write_atomically

_KEPT = 2
_FACTS = "facts"
_DIGITS = 16  # of a SHA-256 sum, in a file name

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where a training stood at the end of an epoch.

    Attributes:
        arrays: By name; "/" makes groups.
        facts: JSON values.
    """

    arrays: Mapping[str, Array]
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """Checkpoints of one training in a folder that other trainings may share.

    Args:
        folder: Made when it is missing.
        key: Sum over all that the training depends on: data, settings, start, versions.
    """

    folder: Path
    key: str

    def save(self, epoch: int, checkpoint: Checkpoint) -> Path:
        """Write the checkpoint of an epoch and remove all but the last two."""
        content = _hdf5(checkpoint)
        path = self.folder / f"{self._prefix}{epoch:05d}-{_sum(content)}.h5"
        write_atomically(path, content)
        for old in self._files()[:-_KEPT]:
            old.unlink(missing_ok=True)
        return path

    def latest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole; None when there is none."""
        for path in reversed(self._files()):
            content = path.read_bytes()
            if path.stem.endswith(f"-{_sum(content)}"):
                return _from_hdf5(content)
        return None

    @property
    def _prefix(self) -> str:
        return f"{hashlib.sha256(self.key.encode()).hexdigest()[:_DIGITS]}-"

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f"{self._prefix}*.h5"))


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _hdf5(checkpoint: Checkpoint) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        text = json.dumps(checkpoint.facts).encode()
        file.create_dataset(_FACTS, data=np.frombuffer(text, dtype=np.uint8))
        arrays = file.create_group("arrays")
        for name, array in checkpoint.arrays.items():
            arrays.create_dataset(name, data=array)
    return buffer.getvalue()


def _from_hdf5(content: bytes) -> Checkpoint:
    arrays: dict[str, Array] = {}

    def take(name: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset):
            arrays[name] = np.asarray(node[()])

    with h5py.File(io.BytesIO(content), "r") as file:
        file["arrays"].visititems(take)
        facts = json.loads(bytes(file[_FACTS][()]))
    return Checkpoint(arrays=arrays, facts=facts)
