"""The files of a workspace that go into a backup, each taken whole.

What belongs together (a model's files, the plant's tables) is taken again when it changed
meanwhile. Folders are named here, not what to leave out: keys, and secrets in files of other names,
never get into a backup.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from supplynet.errors import BackupError, ModelError, StoreError
from supplynet.learning.artifacts import check_model
from supplynet.learning.manifest import files_of, manifest_path
from supplynet.security import anchors
from supplynet.storage.backup_archive import ArchiveWriter, check_name, chunks_of

FILES = "files"
"""Folder of the members that are files of the workspace."""
ANCHORS = anchors.FOLDER
"""Folder of the audit log's anchors."""
FOLDERS = (
    "plant",
    "history",
    "tables",
    "forecasts",
    "profiles",
    "signals",
    "synthetic",
    "models",
    "scalers",
    "metrics",
    ANCHORS,
)
"""Of the workspace; beside them its ``*.toml`` files."""
_MODEL_FOLDERS = frozenset({"models", "scalers", "metrics"})
_MARKS = frozenset({".demo"})
_PACKED = frozenset({".parquet", ".h5", ".zip", ".xlsx", ".png", ".signal"})
"""Endings of files that gzip makes no smaller."""
_UNFINISHED = frozenset({".part", ".draft", ".lock", ".tmp"})
_TRIES = 5
_WAIT_SECONDS = 0.2


def groups(folder: Path) -> list[Path]:
    """What is taken together, as paths below the workspace: the plant, and each other file."""
    found = [path for name in FOLDERS for path in _files_in(folder, Path(name))]
    single = [path for path in found if path.parts[0] not in {"plant", ANCHORS, *_MODEL_FOLDERS}]
    settings = sorted(path.relative_to(folder) for path in folder.glob("*.toml"))
    marks = [Path(name) for name in sorted(_MARKS) if (folder / name).is_file()]
    return [Path("plant"), *settings, *marks, *single]


def belongs(path: Path) -> bool:
    """Whether a path below the workspace is one that we back up."""
    if len(path.parts) == 1:
        return path.suffix == ".toml" or path.name in _MARKS
    hidden = any(part.startswith(".") for part in path.parts)
    return path.parts[0] in FOLDERS and not hidden and path.suffix not in _UNFINISHED


def _files_in(folder: Path, below: Path) -> list[Path]:
    """Regular files at or below a path; links are not followed."""
    place = folder / below
    found = [place] if place.is_file() else _walked(place)
    paths = (path.relative_to(folder) for path in found if path.is_file() and not path.is_symlink())
    return sorted(path for path in paths if belongs(path))


def _walked(place: Path) -> list[Path]:
    return [Path(at) / name for at, _, names in os.walk(place) for name in names]


def take(archive: ArchiveWriter, folder: Path, group: Path, left_out: list[str]) -> None:
    """Add what is at or below a path of the workspace in ``folder``, as it is at one moment.

    Raises:
        StoreError: It does not stand still.
        OSError: It cannot be read, or the archive not be written.
    """
    _take_still(archive, folder, lambda: _files_in(folder, group), group.as_posix(), left_out)


def take_model(archive: ArchiveWriter, folder: Path, name: str, left_out: list[str]) -> None:
    """Add a model whose every byte is as it was saved; of one that is being saved, nothing."""

    def paths() -> list[Path]:
        own = (manifest_path(folder, name), *(folder / each for each in files_of(name)))
        found = (*own, *_graphs(folder / "models", name))
        return sorted(path.relative_to(folder) for path in found if path.is_file())

    for attempt in range(_TRIES):
        try:
            check_model(folder, name)
            break
        except ModelError as error:
            if not manifest_path(folder, name).exists():
                return
            if attempt == _TRIES - 1:
                left_out.append(f"model {name}: {error}")
                return
            time.sleep(_WAIT_SECONDS)
    _take_still(archive, folder, paths, f"model {name}", left_out)


def _graphs(models: Path, name: str) -> list[Path]:
    """What a model was exported to, the list of it too."""
    parts = re.compile(re.escape(name) + r"\.[A-Za-z0-9_-]+\.onnx\Z")
    graphs = (path for path in models.glob("*.onnx") if parts.match(path.name))
    return [*graphs, models / f"{name}.onnx.json"]


def _take_still(
    archive: ArchiveWriter,
    folder: Path,
    paths: Callable[[], Sequence[Path]],
    what: str,
    left_out: list[str],
) -> None:
    """Add files; again when one was written or replaced meanwhile."""
    for _ in range(_TRIES):
        mark, before = archive.mark(), _stamps(folder, paths())
        refused: list[str] = []
        try:
            for path in before:
                _add_file(archive, folder, path, refused)
        except FileNotFoundError:
            archive.back_to(mark)
            continue
        if _stamps(folder, paths()) == before:
            left_out += refused
            return
        archive.back_to(mark)
        time.sleep(_WAIT_SECONDS)
    raise StoreError(f"{what} does not stand still: it was written {_TRIES} times meanwhile; again")


def _add_file(archive: ArchiveWriter, folder: Path, path: Path, refused: list[str]) -> None:
    try:
        name = check_name(f"{FILES}/{path.as_posix()}")
        archive.add(name, chunks_of(folder / path), pack=path.suffix not in _PACKED)
    except BackupError as error:  # of the name
        refused.append(str(error))


def _stamps(folder: Path, paths: Sequence[Path]) -> dict[Path, tuple[int, ...]]:
    """What changes whenever a file does."""
    found: dict[Path, tuple[int, ...]] = {}
    for path in paths:
        try:
            status = (folder / path).stat()
        except FileNotFoundError:
            continue
        found[path] = (status.st_ino, status.st_mtime_ns, status.st_size)
    return found
