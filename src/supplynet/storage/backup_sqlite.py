"""SQLite's part of a backup: the whole database file, as of one moment.

The driver's backup is run inside a read transaction. In WAL mode that one keeps seeing the moment
at which it began, so the copy is of that moment, writers never wait for it, and it need not start
again when they write.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from supplynet.errors import BackupError, StoreError
from supplynet.storage.backup_archive import ArchiveWriter, chunks_of
from supplynet.storage.backup_reader import Archive
from supplynet.storage.transaction import ReadTx

DATABASE = "database.sqlite"
"""Name of the member."""
_PAGES = 1024
_REST_SECONDS = 0.002
"""Between two batches of pages, so that others get their turn at the disk."""
Report = Callable[[float], None]


def dump(tx: ReadTx, archive: ArchiveWriter, scratch: Path, report: Report) -> None:
    """Add the database as ``tx`` sees it.

    Args:
        tx: Has read something already, which is what fixes its moment.
        archive: Gets one member.
        scratch: Folder for a copy of the database while this runs.
        report: Takes the share done, 0 to 1; may raise to end it.

    Raises:
        StoreError: The database cannot be read, or its copy not be written.
    """
    copy = scratch / DATABASE
    source: Any = tx.connection.connection.dbapi_connection

    def progress(_status: int, remaining: int, total: int) -> None:
        report(1.0 - remaining / max(total, 1))
        time.sleep(_REST_SECONDS)

    with _our_errors("copied"), closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA synchronous = OFF")  # it lives as long as this function
        source.backup(target, pages=_PAGES, progress=progress)
    archive.add(DATABASE, chunks_of(copy), pack=True)
    copy.unlink()


def load(archive: Archive, path: Path) -> None:
    """Write the database of a backup to ``path``, where nothing is.

    Raises:
        BackupError: It is not what was backed up, or no whole SQLite database.
        OSError: It cannot be written.
    """
    with path.open("xb") as file:
        for chunk in archive.read(DATABASE):
            file.write(chunk)
    with _our_errors("opened"), closing(sqlite3.connect(path)) as database:
        found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise BackupError(f"the database in the backup is damaged: {found}; take another backup")


@contextmanager
def _our_errors(done: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"the database cannot be {done}: {error}") from error
