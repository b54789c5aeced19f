"""Bringing the books of a backup up in a folder of their own, and proving them there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from supplynet import cycle
from supplynet.connectors.plant_folder import read_plant
from supplynet.core.network import Plant
from supplynet.cycle.closing import CLOSED
from supplynet.errors import BackupError, ConfigError, SupplyNetError
from supplynet.security import anchors
from supplynet.security.keyring import Keyring
from supplynet.services.books import has_plant
from supplynet.storage import (
    ReadTx,
    Store,
    Workspace,
    audit_chain,
    backup,
    backup_postgresql,
    backup_sqlite,
    changes,
    open_store,
    proof,
    values,
)
from supplynet.storage.backup import BooksState
from supplynet.storage.backup_reader import Archive
from supplynet.storage.history import read_history
from supplynet.storage.migrate import upgrade

_LONGEST_SHIFT = timedelta(days=2)
Report = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was found in the books of a backup.

    Attributes:
        findings: What is wrong with them, in sentences; nothing when all is proven.
        history: Where ``history/ledger`` is not what the ledger says: it is made again.
    """

    findings: tuple[str, ...]
    history: tuple[str, ...]


def anchors_of(workspace: Workspace) -> Path:
    """Where a workspace keeps the anchors of its audit log."""
    return workspace.folder / anchors.FOLDER / anchors.FILE


@contextmanager
def restored(
    archive: Archive,
    workspace: Workspace,
    database_url: str | None,
    *,
    keyring: Keyring | None,
    replace: bool,
    report: Report,
) -> Iterator[tuple[Connection, Proof]]:
    """The books of a backup, upgraded and proven, in a write transaction that is still open.

    It commits at the end of the block; an error in it leaves a PostgreSQL database as it was.

    Args:
        archive: The backup.
        workspace: Its files, extracted already; an SQLite database is put beside them.
        database_url: Of the PostgreSQL database; None for SQLite.
        keyring: To check the anchors of the audit log with; None = they are not checked.
        replace: Whether what is in that database may go.
        report: Takes the share done, 0 to 1, and what is done.

    Raises:
        BackupError: The database is not what was backed up, or not empty.
        ConfigError: ``database_url`` is missing, or of another kind of database.
        StoreError: It cannot be written, or is of a newer SupplyNet.
    """
    state = backup.state_in(archive)
    report(0.0, "database")
    if state.database == "sqlite":
        backup_sqlite.load(archive, workspace.database)
    store = _store(state, workspace, database_url)
    try:
        with store.connect_for_write() as connection:
            if state.database == "sqlite":
                upgrade(connection)
            else:
                _load(archive, connection, state, replace)
            report(0.6, "proving the books")
            yield connection, _prove(ReadTx(connection=connection), state, workspace, keyring)
    finally:
        store.close()


def _store(state: BooksState, workspace: Workspace, database_url: str | None) -> Store:
    if state.database == "sqlite":
        if database_url is not None:
            raise ConfigError(
                "the backup is of books in SQLite and restored into its own file; leave "
                "--database-url out"
            )
        return open_store(f"sqlite:///{workspace.database}")
    if database_url is None:
        raise ConfigError(
            "the backup is of books in PostgreSQL: make an empty database and name it with "
            "--database-url"
        )
    store = open_store(database_url)
    if store.is_sqlite:
        raise ConfigError("the backup is of books in PostgreSQL; --database-url names SQLite")
    return store


def _load(archive: Archive, connection: Connection, state: BooksState, replace: bool) -> None:
    if not backup_postgresql.is_empty(connection):
        if not replace:
            raise BackupError(
                "the database is not empty; name an empty one, or say --replace to drop what "
                "SupplyNet has in it"
            )
        backup_postgresql.clear(connection)
    backup_postgresql.load(archive, connection, state.schema, state.columns)


def _prove(tx: ReadTx, state: BooksState, workspace: Workspace, keyring: Keyring | None) -> Proof:
    findings = [*_of_another_moment(tx, state), *proof.faults(tx)]
    if keyring is not None:
        findings += _differing_anchors(tx, workspace, keyring)
    plant, history = None, list[str]()
    try:
        if has_plant(workspace):
            plant = read_plant(workspace.plant)
        if plant is not None:
            history = _history(tx, workspace.history, plant)
    except SupplyNetError as error:
        findings.append(str(error))
    return Proof(findings=tuple(findings), history=tuple(history))


def _of_another_moment(tx: ReadTx, state: BooksState) -> Iterator[str]:
    change = changes.latest_seq(tx)
    if change != state.change:
        yield f"the books stand at change {change}, the backup says {state.change}"
    if state.audit_seq and backup.hash_of(tx, state.audit_seq) != state.audit_hash:
        yield f"row {state.audit_seq} of the audit log is not the one that the backup names"


def _differing_anchors(tx: ReadTx, workspace: Workspace, keyring: Keyring) -> Iterator[str]:
    """Anchors by keys that are not here say nothing; those by ours must agree with the books."""
    lines = anchors.read_lines(anchors_of(workspace), keyring)
    ours = anchors.standing(each.anchor for each in lines if each.anchor and each.genuine)
    hashes = audit_chain.hashes_at(tx, [each.seq for each in ours])
    for each in ours:
        if hashes.get(each.seq) != each.hash:
            yield f"row {each.seq} of the audit log is not the one anchored at {each.at:%Y-%m-%d}"
            return


def _history(tx: ReadTx, folder: Path, plant: Plant) -> list[str]:
    """Where the history differs from the ledger, or is ahead of what the books have closed."""
    found = list(cycle.history_faults(tx, folder, plant))
    known = values.get_value(tx, CLOSED)
    if known is None:
        return found
    until = datetime.fromisoformat(known["until"])
    late = read_history(folder, start=until - _LONGEST_SHIFT, kind="ledger")
    for line, start in (
        late.select("location_id", "period_start").unique(maintain_order=True).rows()
    ):
        if line in {each.location_id for each in plant.lines}:
            shift = plant.calendar_of(line).shift_of(start)
            if shift is not None and shift.end > until:
                found.append(f"history of {line} from {start.isoformat()} is not closed yet")
    return found
