"""The checklist's part on what is kept for a bad day: the audit log and backups."""

from __future__ import annotations

from supplynet.services import audit
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
