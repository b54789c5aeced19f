"""Backups that nobody has to think of: made on time beside the server, and as jobs on demand."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import structlog

from supplynet.errors import JobCancelled
from supplynet.services import backup, backup_check, backup_retention
from supplynet.services.books import Books, open_books
from supplynet.storage import alerts
from supplynet.worker.background import Background
from supplynet.worker.job_process import JobContext
from supplynet.worker.lease import Lease

log = structlog.get_logger()
ACTOR = "backup"
BACKUP = "backup"
"""Name of the lease: of several servers one makes the backups."""
LOOK_SECONDS = 60.0


class BackupWorker(Background):
    """Runs in a thread while the server runs; makes a backup when one is due.

    A plant that a twin plays is not backed up: it can be made again.

    Args:
        books: The workspace.
        look_seconds: Between two looks at whether one is due.
    """

    def __init__(self, books: Books, *, look_seconds: float = LOOK_SECONDS) -> None:
        super().__init__("backups")
        self._books, self._seconds = books, look_seconds

    def _run(self) -> None:
        if not self._books.settings.backup_every_hours:
            return
        with Lease(self._books.store, BACKUP, clock=self._books.wall_clock) as lease:
            while not self._stop.wait(self._seconds):
                try:
                    if lease.held:
                        self.look()
                except Exception as error:  # noqa: BLE001 - the next look may succeed
                    log.warning("could not look after the backups", reason=_said(error))

    def look(self) -> None:
        """Make a backup if one is due, and tell people what is wrong with backups."""
        if self._books.is_simulated:
            return
        every = timedelta(hours=self._books.settings.backup_every_hours)
        now = self._books.wall_clock()
        with self._books.store.read() as tx:
            expected = backup_retention.is_expected(tx)
            due = backup_retention.is_due(tx, now, every)
        if not expected:
            with self._books.store.write(ACTOR, now, audited=False) as tx:
                backup_retention.note_served(tx)
        if due:
            self._make()
        self._say(every)

    def _make(self) -> None:
        try:
            made = backup.make(self._books, actor=ACTOR, report=self._unless_stopped)
        except JobCancelled:
            log.info("the server stops; its backup is made at the next start")
        except Exception as error:  # noqa: BLE001 - whatever it is, people are told
            log.warning("the backup failed", reason=_said(error))
            with self._books.store.write(ACTOR, self._books.wall_clock()) as tx:
                backup_retention.note_failed(tx, _said(error))
        else:
            log.info("backed up", name=made.name, size=made.size, change=made.change)

    def _unless_stopped(self, _share: float, _what: str) -> None:
        if self._stop.is_set():
            raise JobCancelled("the server stops")

    def _say(self, every: timedelta) -> None:
        """Open what is wrong and close what no longer is; most of the time neither."""
        with self._books.store.read() as tx:
            causes = backup_retention.causes(tx, self._books.wall_clock(), every)
            known = [each for each in alerts.open_alerts(tx) if each.kind in backup_retention.KINDS]
        wanted = {(cause.open_key, cause.message) for cause in causes}
        if wanted != {(alert.open_key, alert.message) for alert in known}:
            with self._books.store.write(ACTOR, self._books.now()) as tx:
                alerts.set_open_alerts(tx, causes, kinds=backup_retention.KINDS)


def make(context: JobContext, _params: dict[str, Any]) -> dict[str, Any]:
    """``{}`` -> the backup that was made in the folder of scheduled ones."""
    books = open_books(context.workspace)
    made = asdict(backup.make(books, actor=f"job {context.job_id}", report=context.progress))
    del made["folder"]  # where a server keeps its files is nobody's business
    return made


def verify(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """``{"name": str, "deep": bool}`` -> what the backup is, and what was found in it."""
    books = open_books(context.workspace)
    found = backup_check.verify(
        backup.find(books, params["name"]),
        folder=books.workspace.folder,
        deep=params.get("deep", False),
        report=context.progress,
    )
    return asdict(found)


def _said(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return (
        first
        if type(error).__module__.startswith("supplynet")
        else f"{type(error).__name__}: {first}"
    )
