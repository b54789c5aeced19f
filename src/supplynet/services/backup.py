"""Making backups, and keeping the right ones.

A backup is one file, ``supplynet-<UTC time>.backup``. It takes its name when all of it is written
and synced: what was killed, or met a full disk, leaves nothing that looks like one. The books note
which ones were made, so that retention deletes those and nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from supplynet._version import __version__
from supplynet.errors import BackupError, NotFound
from supplynet.files import one_writer, sync_folder
from supplynet.monitor.grid import iso
from supplynet.security.keyring import Keyring, keyring_of
from supplynet.services import backup_retention
from supplynet.services.books import Books
from supplynet.storage import backup, backup_archive

PURPOSE = "backup"
"""What manifests of backups are signed for, and files of backups sealed for."""
ENDING = ".backup"
NAME = re.compile(r"supplynet-(\d{8}T\d{6})Z(?:-\d{1,3})?\.backup")
_LOCK = ".backup.lock"
_SCRATCH = ".backup-"
Report = Callable[[float, str], None]


def silent(_share: float, _what: str) -> None:
    """Reports to nobody."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A backup that was made.

    Attributes:
        change: Number of the newest change that is in it.
        size: Bytes of the file.
        sealed: Whether it is encrypted.
        left_out: What was not taken, each with the reason.
        pruned: Names of older backups that retention has deleted.
    """

    name: str
    folder: Path
    made_at: datetime
    size: int
    change: int
    sealed: bool
    left_out: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()


def folder_of(books: Books) -> Path:
    """Where scheduled backups go."""
    return books.workspace.folder / (books.settings.backup_folder or "backups")


def make(books: Books, *, actor: str, to: Path | None = None, report: Report = silent) -> Made:
    """Back the workspace up while it is worked with.

    Args:
        books: The workspace; writers do not wait for this.
        actor: Who wants it; lands in the audit log.
        to: Folder or file to write instead of the scheduled folder; retention leaves it alone.
        report: Takes the share done, 0 to 1, and what is done; may raise to end it.

    Raises:
        BackupError: ``to`` names a file that is there.
        StoreError: The books cannot be read.
        SealError, ConfigError: The keys cannot be used.
        OSError: The file cannot be written, such as on a full disk.
    """
    keyring, made_at = keyring_of(books.workspace.folder), books.wall_clock().astimezone(UTC)
    with one_writer(books.workspace.folder / _LOCK):
        target = _target(folder_of(books) if to is None else to, made_at)
        _clear_leftovers(books.workspace.folder, target.parent)
        content = _write(books, keyring, target, made_at, report)
    made = Made(
        name=target.name,
        folder=target.parent,
        made_at=made_at,
        size=target.stat().st_size,
        change=content.state.change,
        sealed=keyring.can_seal,
        left_out=content.left_out,
    )
    with books.store.write(actor, books.wall_clock()) as tx:
        told = {"size": made.size, "change": made.change, "sealed": made.sealed}
        tx.note("backup_made", made.name, after=told)
        if to is None:
            backup_retention.note_made(tx, made.name, made_at, told)
    pruned = prune(books, actor=actor) if to is None else ()
    report(1.0, made.name)
    return replace(made, pruned=pruned)


def prune(books: Books, *, actor: str) -> tuple[str, ...]:
    """Delete the backups that retention no longer wants; their names.

    Only files that the books know and that still have the size they were made with.
    """
    folder, now = folder_of(books), books.wall_clock()
    with books.store.read() as tx:
        known = backup_retention.made(tx)
    good = {
        name: datetime.fromisoformat(row["made_at"])
        for name, row in known.items()
        if NAME.fullmatch(name) and _size(folder / name) == row["size"]
    }
    gone = backup_retention.superfluous(good, keep=books.settings.backup_keep, now=now)
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    lost = [name for name in known if _size(folder / name) is None]
    if lost:
        with books.store.write(actor, now) as tx:
            backup_retention.forget(tx, lost)
            for name in gone:
                tx.note("backup_deleted", name, reason="retention")
    return tuple(gone)


def list_backups(books: Books) -> list[dict[str, Any]]:
    """What lies in the folder of scheduled backups and what the books know of it, newest first.

    ``state`` is ``ok``, ``changed`` (not the size it was made with), ``missing`` or ``unknown``
    (put there by somebody; ``supplynet verify --backup`` says what it is).
    """
    folder = folder_of(books)
    with books.store.read() as tx:
        known = backup_retention.made(tx)
    there = {path.name for path in folder.glob(f"*{ENDING}") if NAME.fullmatch(path.name)}
    rows = [_row(folder, name, known.get(name)) for name in there | known.keys()]
    return sorted(
        rows, key=lambda row: backup_retention.in_order(row["made_at"], row["name"]), reverse=True
    )


def find(books: Books, name: str) -> Path:
    """The file of a backup in the folder of scheduled ones.

    Raises:
        NotFound: There is none of that name.
    """
    path = folder_of(books) / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise NotFound("backup", name, "see supplynet backups list")
    return path


def _row(folder: Path, name: str, known: dict[str, Any] | None) -> dict[str, Any]:
    size, found = _size(folder / name), NAME.fullmatch(name)
    assert found is not None
    if known is None:
        at = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        known = {"made_at": iso(at), "change": None, "sealed": None}
        state = "unknown"
    elif size is None:
        state = "missing"
    else:
        state = "ok" if size == known["size"] else "changed"
    return {**known, "name": name, "size": size, "state": state}


def _write(
    books: Books, keyring: Keyring, target: Path, made_at: datetime, report: Report
) -> backup.Content:
    """Write the file; what is not sealed yet never leaves the workspace's folder."""
    folder = books.workspace.folder
    with TemporaryDirectory(prefix=_SCRATCH, dir=folder) as name:
        scratch = Path(name)
        plain = scratch / "plain" if keyring.can_seal else target.with_name(f".{target.name}.part")
        try:
            with _created(plain) as file:
                archive = backup_archive.ArchiveWriter(file)
                content = backup.write(archive, books.store, books.workspace, scratch, report)
                told = {"made_at": iso(made_at), "version": __version__, **backup.told(content)}
                archive.finish(told, lambda manifest: keyring.sign(PURPOSE, manifest))
            report(0.95, "sealing" if keyring.can_seal else "putting it in its place")
            if keyring.can_seal:
                keyring.seal_file(plain, target, PURPOSE)
            else:
                plain.replace(target)
        finally:
            plain.unlink(missing_ok=True)
    sync_folder(target.parent)
    return content


@contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    """A new file that its owner alone may read; synced at the end."""
    made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(made, "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _target(to: Path, made_at: datetime) -> Path:
    if to.suffix == ENDING and not to.is_dir():
        if to.exists():
            raise BackupError(f"{to} is there already; name another file")
        to.parent.mkdir(parents=True, exist_ok=True)
        return to
    if not to.exists():
        to.mkdir(mode=0o700, parents=True)
    stem = f"supplynet-{made_at:%Y%m%dT%H%M%SZ}"
    there = {path.name for path in to.glob(f"{stem}*{ENDING}")}
    if not there:
        return to / f"{stem}{ENDING}"
    # After the highest: a number that retention has freed would make the newest look the oldest.
    last = max(there, key=lambda name: backup_retention.in_order(stem, name))
    number = last.removeprefix(stem).removesuffix(ENDING).removeprefix("-")
    return to / f"{stem}-{int(number or 1) + 1}{ENDING}"


def _clear_leftovers(workspace: Path, folder: Path) -> None:
    """What backups left that were killed; the lock says that none runs here."""
    for path in workspace.glob(f"{_SCRATCH}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f".supplynet-*{ENDING}*.part"):
        with suppress(OSError):
            path.unlink()


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
