"""The drop folder: files of events are put there, and each is taken when it is complete.

```
drop/                 here a sender puts files; ``x.csv.part`` is left alone until it is renamed
drop/taking/          what is being read; after a crash it is read again
drop/done/            files whose every row was taken
drop/problems/        the others, each with ``NAME.problems.csv`` beside it
```

A file is complete when its size and time have stood still for a while, or when it carries the
name after having been seen with ``.part`` behind it. Links, folders, devices and hidden names are
no files to us. One process at a time works on a folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from supplynet.errors import ConfigError
from supplynet.files import sync_folder

SUFFIXES = (".csv", ".json", ".jsonl")
PART = ".part"
PROBLEMS = ".problems.csv"
_LONGEST_NAME = 180
"""Bytes of a name that we keep: room for what we put behind it."""
_UNSAFE = re.compile(r"[^\w.()+ -]")
_LOCK = ".lock"

State = tuple[int, int, int]
"""What tells one content of a file from the next: inode, size, time."""


@dataclass(slots=True)
class _Seen:
    """A file as it was when it last changed, and when that was."""

    state: State
    since: float


@dataclass(eq=False)
class DropFolder:
    """One drop folder; see the module for its layout.

    Args:
        folder: Made when it is not there, with its three folders inside.
        still_seconds: How long a file must have stood still.
    """

    folder: Path
    still_seconds: float = 3.0
    _seen: dict[str, _Seen] = field(default_factory=dict, repr=False)
    _parts: set[tuple[str, int]] = field(default_factory=set, repr=False)

    @property
    def taking(self) -> Path:
        """Files that are being read."""
        return self.folder / "taking"

    @property
    def done(self) -> Path:
        """Files of which every row was taken."""
        return self.folder / "done"

    @property
    def problems(self) -> Path:
        """Files that had problems."""
        return self.folder / "problems"

    def prepare(self) -> None:
        """Make the folders.

        Raises:
            ConfigError: One of them cannot be made, or is a link that leads elsewhere.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for inside in (self.taking, self.done, self.problems):
                inside.mkdir(exist_ok=True)
                if inside.is_symlink():
                    raise ConfigError(f"{inside} is a link; the drop folder needs a real folder")
        except OSError as error:
            raise ConfigError(
                f"drop_folder {self.folder} cannot be used: {error.strerror or error}"
            ) from error

    @contextmanager
    def only_one(self) -> Iterator[bool]:
        """Whether no other process works on this folder; the lock ends with the process."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self.folder / _LOCK, flags, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(handle)

    def complete(self, now: float) -> list[str]:
        """Names of the files that are complete at ``now`` (any clock that only rises), sorted."""
        found, ready, parts = {}, [], set()
        for name, state in self._files():
            if name.endswith(PART):
                parts.add((name.removesuffix(PART), state[0]))
                continue
            before = self._seen.get(name)
            same = before is not None and before.state == state
            found[name] = before if before is not None and same else _Seen(state, now)
            still = now - found[name].since >= self.still_seconds
            if still or (name, state[0]) in self._parts:
                ready.append(name)
        self._seen, self._parts = found, parts
        return sorted(ready)

    def take(self, name: str) -> Path | None:
        """Move a file into ``taking`` and return its place; None when somebody was faster."""
        target = free_name(self.taking, _safe(name))
        try:
            (self.folder / name).rename(target)
        except FileNotFoundError:
            return None
        self._seen.pop(name, None)
        sync_folder(self.taking)
        return target

    def left_over(self) -> list[Path]:
        """What an earlier process was reading when it ended, sorted."""
        return sorted(path for path in self.taking.iterdir() if not path.name.startswith("."))

    def put_away(self, path: Path, *, clean: bool) -> Path:
        """Move a file that was read to ``done`` or ``problems``; nothing there is replaced."""
        target = self.place_of(path, clean=clean)
        path.rename(target)
        sync_folder(target.parent)
        sync_folder(self.taking)
        return target

    def place_of(self, path: Path, *, clean: bool) -> Path:
        """Where ``put_away`` will move a file; the same until it is done."""
        return free_name(self.done if clean else self.problems, path.name)

    def _files(self) -> Iterator[tuple[str, State]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                name = entry.name
                plain = name.removesuffix(PART)
                if name.startswith(".") or not plain.lower().endswith(SUFFIXES):
                    continue
                try:
                    state = state_of(entry)
                except FileNotFoundError:
                    continue
                if state is not None:
                    yield name, state


def state_of(path: os.PathLike[str]) -> State | None:
    """What differs once somebody has written to a file; None when it is no plain file.

    Raises:
        FileNotFoundError: There is none.
    """
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def free_name(folder: Path, name: str) -> Path:
    """``name`` in ``folder``, or ``NAME-2.csv`` and so on where that is taken."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a dot may lead the name
    number, path = 1, folder / name
    while os.path.lexists(path):
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


def problems_beside(path: Path) -> Path:
    """The file of problems that belongs to a file."""
    return path.with_name(path.name + PROBLEMS)


def _safe(name: str) -> str:
    """A name that fits into messages, databases and every file system.

    Corrected problems come back under a name of their own: the old one is that of a list.
    """
    name = f"{name.removesuffix(PROBLEMS)}.again.csv" if name.endswith(PROBLEMS) else name
    stem, suffix = os.path.splitext(_UNSAFE.sub("_", name))  # noqa: PTH122
    kept = stem.encode("utf-8", "replace")[:_LONGEST_NAME].decode("utf-8", "ignore")
    return kept + suffix
