"""The checklist's part on what is kept for a bad day: the audit log and backups."""

from __future__ import annotations

from datetime import timedelta

from supplynet.services import audit, backup_retention
from supplynet.services.books import Books
from supplynet.services.checks import Check


def audit_log(books: Books) -> Check:
    """The chain is whole, and an anchor outside the books says where it ended."""
    verdict = audit.verify(books)
    if verdict.faults:
        step = "supplynet audit verify; keep a copy of the database, and restore a backup"
        first = verdict.faults[0]
        found = f"row {first.row:,}: {first.says}"
        return Check(name="audit log", state="broken", found=found, next_step=step)
    found = f"{verdict.rows:,} rows in one chain"
    if verdict.newest is None:
        step = "supplynet serve anchors it as it runs"
        found += ", no anchor: what is cut off at its end would not show"
        return Check(name="audit log", state="todo", found=found, next_step=step)
    return Check(name="audit log", state="ready", found=f"{found}, {verdict.anchors} anchors")


def backups(books: Books) -> Check:
    """The last scheduled backup is not older than twice the time between two."""
    hours = books.settings.backup_every_hours
    now = books.wall_clock()
    with books.store.read() as tx:
        last = backup_retention.last(tx)
        wrong = backup_retention.causes(tx, now, timedelta(hours=hours)) if hours else []
    if wrong:
        step = "supplynet backup; then look why the server did not"
        return Check(name="backups", state="broken", found=wrong[0].message, next_step=step)
    if last is None:
        step = "supplynet serve makes one every day" if hours else "supplynet backup"
        return Check(name="backups", state="todo", found="none yet", next_step=step)
    age = (now - last) // timedelta(hours=1)
    return Check(name="backups", state="ready", found=f"the last is {age:,} h old")
