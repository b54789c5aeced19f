"""Bringing a backup back.

A restore is built in a folder beside the one wanted, proven there, and renamed: what is killed on
the way leaves a hidden folder that the next restore removes, and a PostgreSQL database as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete

from supplynet.config import load_settings
from supplynet.errors import BackupError, ModelError
from supplynet.learning.artifacts import check_model
from supplynet.learning.manifest import saved_names
from supplynet.learning.resealing import adopt_model
from supplynet.security import anchors
from supplynet.security.keyring import keyring_of
from supplynet.services import ledger_history, restore_place
from supplynet.services.backup import silent
from supplynet.services.backup_check import Checked, checked
from supplynet.services.backup_proof import Proof, anchors_of, restored
from supplynet.services.backup_reading import keys_at, opened
from supplynet.services.books import Books, system_now
from supplynet.storage import Workspace, WriteTx, audit, backup, changes, open_store
from supplynet.storage.tables import sessions

ACTOR = "restore"
Report = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be restored, and where.

    Attributes:
        file: The backup.
        folder: Not there, or empty.
        database_url: An empty PostgreSQL database where the books were in one.
        replace: Put a workspace that is there aside, and drop what the database holds.
        unproven: Take books that do not prove themselves.
    """

    file: Path
    folder: Path
    database_url: str | None = None
    replace: bool = False
    unproven: bool = False


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was restored.

    Attributes:
        folder: The workspace.
        backup: What it was made from, and what was found in it.
        replaced: Where the workspace before lies now; None where there was none.
        history_rows: Rows of ``history/ledger``, which was made again; None = it agreed.
        signed_out: Sessions that were ended: they may have been ended since.
        adopted: Models that keys had signed that are not here; ours sign them now.
        refused: Models that cannot be used, each with the reason.
        anchors_aside: Where anchors of the audit log lie that keys had signed that are not here;
            "" = there are none.
    """

    folder: Path
    backup: Checked
    replaced: Path | None
    history_rows: int | None
    signed_out: int
    adopted: tuple[str, ...]
    refused: tuple[str, ...]
    anchors_aside: str


def restore(
    wanted: Wanted, *, clock: Callable[[], datetime] = system_now, report: Report = silent
) -> Restored:
    """Make a workspace from a backup, proven.

    Args:
        wanted: What and where.
        clock: Real time, aware.
        report: Takes the share done, 0 to 1, and what is done; may raise to end it.

    Raises:
        BackupError: It is no backup, was changed, does not prove itself, or something is there.
        SealError: It is sealed, and its key is not here or does not open it.
        ConfigError: ``database_url`` does not fit, or the environment names another database.
        StoreError: The database cannot be written, or is of a newer SupplyNet.
        OSError: The folder cannot be written.
    """
    folder = wanted.folder.resolve()
    restore_place.refuse_what_is_there(folder, clock(), replace=wanted.replace)
    with restore_place.room_beside(folder) as room:
        workspace = Workspace(room / "workspace")
        workspace.folder.mkdir()
        restore_place.carry_keys(workspace.folder, folder)
        told, proof, signed_out = _bring_back(wanted, workspace, folder, clock, report)
        report(0.85, "history")
        rows = _made_again(workspace, clock) if proof.history else None
        report(0.95, "models")
        adopted, refused = _adopt(workspace.folder)
        aside = _put_foreign_anchors_aside(workspace)
        replaced = restore_place.put_in_place(workspace.folder, folder, clock())
    report(1.0, str(folder))
    return Restored(
        folder=folder,
        backup=told,
        replaced=replaced,
        history_rows=rows,
        signed_out=signed_out,
        adopted=adopted,
        refused=refused,
        anchors_aside=aside,
    )


def _bring_back(
    wanted: Wanted,
    workspace: Workspace,
    folder: Path,
    clock: Callable[[], datetime],
    report: Report,
) -> tuple[Checked, Proof, int]:
    """Files and database; how many sessions were ended."""
    room = workspace.folder.parent
    with opened(wanted.file, keys_at(folder), room) as (archive, trust):
        backup.extract_files(archive, workspace.folder, lambda s, what: report(0.3 * s, what))
        for each in workspace.folders:
            each.mkdir(parents=True, exist_ok=True)
        restore_place.name_database(workspace, wanted.database_url)
        with restored(
            archive,
            workspace,
            wanted.database_url,
            keyring=trust.keyring,
            replace=wanted.replace,
            report=lambda s, what: report(0.3 + 0.5 * s, what),
        ) as (connection, proof):
            told = checked(archive, trust, proof)
            if proof.findings and not wanted.unproven:
                raise BackupError(_unproven(proof.findings))
            return told, proof, _note(connection, clock(), told)


def _unproven(findings: Sequence[str]) -> str:
    more = f" (and {len(findings) - 1:,} more)" if len(findings) > 1 else ""
    return (
        f"the books in the backup do not prove themselves: {findings[0]}{more}; take an older "
        "backup, or say --unproven to take this one as it is"
    )


def _note(connection: Connection, now: datetime, told: Checked) -> int:
    """End every session and say in the audit log what was done, in the restoring transaction."""
    tx = WriteTx(connection=connection, actor=ACTOR, now=now)
    ended = connection.execute(delete(sessions)).rowcount
    after = {"made_at": told.made_at, "change": told.change, "signed_out": ended}
    tx.note("backup_restored", told.name, after=after, reason=told.trust)
    tx.change("setting", "backup_restored")
    changes.append(tx)
    audit.append(tx)
    return ended


def _made_again(workspace: Workspace, clock: Callable[[], datetime]) -> int:
    settings = load_settings(workspace.folder)
    store = open_store(settings.database_url)
    try:
        books = Books(workspace=workspace, settings=settings, store=store, wall_clock=clock)
        return ledger_history.rebuild(books)
    finally:
        store.close()


def _put_foreign_anchors_aside(workspace: Workspace) -> str:
    """Anchors that nobody here can check would look forged; who has the key can still read them."""
    file = anchors_of(workspace)
    keyring = keyring_of(workspace.folder)
    if all(line.genuine for line in anchors.read_lines(file, keyring)):
        return ""
    aside = file.with_name(f"before-restore-{file.name}")
    file.rename(aside)
    return aside.relative_to(workspace.folder).as_posix()


def _adopt(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sign models that other keys had signed; which these are, and which cannot be used."""
    adopted, refused = [], []
    for name in saved_names(folder):
        try:
            check_model(folder, name)
        except ModelError:
            try:
                adopt_model(folder, name)
                adopted.append(name)
            except ModelError as error:
                refused.append(f"{name}: {error}")
    return tuple(adopted), tuple(refused)
