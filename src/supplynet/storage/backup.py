"""What a backup holds: the books as of one change number, and the files of the workspace.

The database is read in one snapshot. Files beside it are read after it, so that whatever the books
name is there already. ``history/ledger`` may then know more than the books do: a restore makes it
again from the ledger. Anchors of the audit log are read before the database: none of them is ahead
of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from alembic.runtime.migration import MigrationContext
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from supplynet.errors import BackupError, StoreError
from supplynet.learning.manifest import saved_names
from supplynet.storage import audit, backup_postgresql, backup_sqlite, changes
from supplynet.storage.backup_archive import ArchiveWriter, check_name
from supplynet.storage.backup_files import ANCHORS, FILES, belongs, groups, take, take_model
from supplynet.storage.backup_reader import Archive
from supplynet.storage.engine import Store
from supplynet.storage.tables import audit as audit_table
from supplynet.storage.transaction import ReadTx
from supplynet.storage.workspace import Workspace

_DATABASE_SHARE, _MODELS_SHARE = 0.7, 0.9
Report = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class BooksState:
    """At which moment the books of a backup stand.

    Attributes:
        database: ``sqlite`` or ``postgresql``.
        schema: Newest migration that they have.
        change: Number of the newest change.
        audit_seq, audit_hash: The newest row of the audit log.
        books: Hash of the first one: the same for all copies of the same books; "" = no row yet.
        columns: Of each table in PostgreSQL, in the order of the rows.
    """

    database: Literal["sqlite", "postgresql"]
    schema: str
    change: int
    audit_seq: int
    audit_hash: str
    books: str
    columns: dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Content:
    """What was taken.

    Attributes:
        left_out: What is there and was not taken, each with the reason.
    """

    state: BooksState
    left_out: tuple[str, ...]


def write(
    archive: ArchiveWriter, store: Store, workspace: Workspace, scratch: Path, report: Report
) -> Content:
    """Add books and files to ``archive``, which is then to be finished.

    Args:
        archive: Empty.
        store: The books; they are written on meanwhile.
        workspace: The files.
        scratch: Folder for a copy of an SQLite database while this runs.
        report: Takes the share done and what is done; may raise to end it.

    Raises:
        StoreError: Something cannot be read, or does not stand still.
        OSError: The archive cannot be written.
    """
    left_out: list[str] = []
    take(archive, workspace.folder, Path(ANCHORS), left_out)
    state = _books(archive, store, scratch, report)
    found = groups(workspace.folder)
    for place, group in enumerate(found):
        share = _DATABASE_SHARE + (_MODELS_SHARE - _DATABASE_SHARE) * place / len(found)
        report(share, f"files: {group.as_posix()}")
        take(archive, workspace.folder, group, left_out)
    for name in saved_names(workspace.folder):
        report(_MODELS_SHARE, f"model {name}")
        take_model(archive, workspace.folder, name, left_out)
    return Content(state=state, left_out=tuple(left_out))


def state_of(tx: ReadTx, columns: dict[str, list[str]] | None = None) -> BooksState:
    """At which moment the books stand; the first read of a transaction fixes it."""
    change = changes.latest_seq(tx)
    schema = MigrationContext.configure(tx.connection).get_current_revision()
    if schema is None:
        raise StoreError("the database has no tables; nothing is there to back up")
    seq, digest = audit.head(tx)
    return BooksState(
        database="sqlite" if tx.is_sqlite else "postgresql",
        schema=schema,
        change=change,
        audit_seq=seq,
        audit_hash=digest,
        books=hash_of(tx, 1) or "",
        columns=columns or {},
    )


def hash_of(tx: ReadTx, seq: int) -> str | None:
    """Hash of one row of the audit log; None where it is not there."""
    found: str | None = tx.connection.scalar(
        select(audit_table.c.hash).where(audit_table.c.seq == seq)
    )
    return found


def state_in(archive: Archive) -> BooksState:
    """What a backup says of its books.

    Raises:
        BackupError: It says nothing that can be read.
    """
    try:
        state = TypeAdapter(BooksState).validate_python(archive.manifest.get("books"))
    except ValidationError as error:
        raise BackupError("the backup does not say what its books are; take another") from error
    wanted = (
        {backup_sqlite.DATABASE}
        if state.database == "sqlite"
        else {f"{backup_postgresql.FOLDER}/{name}" for name in state.columns}
    )
    found = {name for name in archive.members if not name.startswith(f"{FILES}/")}
    if found != wanted:
        raise BackupError("the backup does not hold the database that it names; take another")
    return state


def extract_files(archive: Archive, folder: Path, report: Report) -> int:
    """Write the workspace's files of a backup into an empty folder; how many there are.

    Raises:
        BackupError: One is not what was backed up, or is none that a workspace has.
        OSError: One cannot be written.
    """
    names = [name for name in archive.members if name.startswith(f"{FILES}/")]
    for place, name in enumerate(names):
        below = Path(check_name(name).removeprefix(f"{FILES}/"))
        if not belongs(below):
            raise BackupError(f"the backup holds {below}, which no backup of ours has; refused")
        report(place / len(names), f"file {below}")
        target = folder / below
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for chunk in archive.read(name):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    return len(names)


def told(content: Content) -> dict[str, Any]:
    """For the manifest."""
    return {"books": asdict(content.state), "left_out": list(content.left_out)}


def _books(archive: ArchiveWriter, store: Store, scratch: Path, report: Report) -> BooksState:
    def at(share: float) -> None:
        report(_DATABASE_SHARE * share, "database")

    with store.read() as tx:
        state = state_of(tx)
        if tx.is_sqlite:
            backup_sqlite.dump(tx, archive, scratch, at)
            return state
        return BooksState(
            **asdict(state) | {"columns": backup_postgresql.dump(tx, archive, at)},
        )
