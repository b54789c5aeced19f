"""Checking a backup without bringing it back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from supplynet.services.backup import silent
from supplynet.services.backup_proof import Proof, restored
from supplynet.services.backup_reading import Trust, keys_at, opened
from supplynet.storage import Workspace, backup
from supplynet.storage.backup_reader import Archive

Report = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a backup is, and what was found in it.

    Attributes:
        made_at: RFC 3339, as the backup says.
        version: Of the SupplyNet that made it.
        members: How many files are in it.
        size: Bytes of their content.
        verified: Whether a key that is here signed it; ``trust`` says it in a sentence.
        proven: Whether its books were brought up and prove themselves; None = not tried.
        findings: What is wrong with them, in sentences.
        left_out: What was not taken into it, each with the reason.
    """

    name: str
    made_at: str
    version: str
    database: str
    schema: str
    change: int
    audit_seq: int
    members: int
    size: int
    sealed: bool
    verified: bool
    trust: str
    proven: bool | None
    findings: tuple[str, ...]
    left_out: tuple[str, ...]


class _Undo(Exception):
    """Ends a transaction that was only there to look."""


def verify(
    file: Path,
    *,
    folder: Path,
    deep: bool = False,
    database_url: str | None = None,
    report: Report = silent,
) -> Checked:
    """Check every byte of a backup; with ``deep``, bring its books up, prove them, and undo that.

    Args:
        file: The backup.
        folder: Workspace whose keys open and verify it, where there is one.
        deep: Takes room for the workspace in the folder of temporary files.
        database_url: For ``deep``, an empty PostgreSQL database where the books were in one; it
            is empty again afterwards.
        report: Takes the share done, 0 to 1, and what is done; may raise to end it.

    Raises:
        BackupError: It is no backup, damaged, or was changed after it was signed.
        SealError: It is sealed, and its key is not here or does not open it.
        ConfigError: ``database_url`` does not fit.
        StoreError: The database cannot be written, or the backup is of a newer SupplyNet.
    """
    with tempfile.TemporaryDirectory(prefix="supplynet-") as name:
        scratch = Path(name)
        with opened(file, keys_at(folder), scratch) as (archive, trust):
            if deep:
                return checked(
                    archive, trust, _brought_up(archive, trust, scratch, database_url, report)
                )
            backup.state_in(archive)
            for place, member in enumerate(archive.members):
                report(place / len(archive.members), member)
                archive.check(member)
            return checked(archive, trust, None)


def checked(archive: Archive, trust: Trust, proof: Proof | None) -> Checked:
    """What is known of a backup, its members checked; ``proof`` None = its books were not tried."""
    state, told = backup.state_in(archive), archive.manifest
    return Checked(
        name=archive.name,
        made_at=str(told.get("made_at", "")),
        version=str(told.get("version", "")),
        database=state.database,
        schema=state.schema,
        change=state.change,
        audit_seq=state.audit_seq,
        members=len(archive.members),
        size=archive.size,
        sealed=trust.sealed,
        verified=trust.verified,
        trust=trust.says,
        proven=None if proof is None else not proof.findings,
        findings=() if proof is None else proof.findings,
        left_out=_texts(told.get("left_out")),
    )


def _brought_up(
    archive: Archive, trust: Trust, scratch: Path, url: str | None, report: Report
) -> Proof:
    workspace, found = Workspace(scratch / "workspace"), list[Proof]()
    workspace.folder.mkdir()
    backup.extract_files(archive, workspace.folder, report)
    try:
        with restored(
            archive, workspace, url, keyring=trust.keyring, replace=False, report=report
        ) as (_, proof):
            found.append(proof)
            raise _Undo
    except _Undo:
        return found[0]


def _texts(said: object) -> tuple[str, ...]:
    return tuple(map(str, said)) if isinstance(said, Sequence) and not isinstance(said, str) else ()
