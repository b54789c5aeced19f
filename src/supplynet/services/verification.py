"""Proving the books of a workspace: balances, numbers, orders and history from their ledger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from supplynet import cycle
from supplynet.core.network import Plant
from supplynet.services import audit
from supplynet.services.books import Books, open_books, plant_of
from supplynet.storage import proof
from supplynet.storage.alerts import AlertCause, Severity

BOOKS_WRONG = "books_wrong"
"""Kind of the alert that ``causes`` gives."""


def check(books: Books) -> list[str]:
    """What is wrong with the books, in sentences; nothing when all is proven.

    Reads one consistent state beside all that goes on: a few seconds per million movements.

    Raises:
        StoreError: The database or a history file cannot be read.
    """
    plant = plant_of(books)
    with books.store.read() as tx:
        found = proof.faults(tx)
        found += [fault.says for fault in audit.anchor_faults(books, tx)]
    return found if plant is None else found + _history_faults(books, plant)


def _history_faults(books: Books, plant: Plant) -> list[str]:
    """Those that are still there at a second look: files may be ahead of a state of the books."""
    found: list[str] = []
    for again in (False, True):
        with books.store.read() as tx:
            faults = cycle.history_faults(tx, books.workspace.history, plant)
        found = [fault for fault in faults if not again or fault in found]
        if not found:
            break
    return found


def causes(findings: Sequence[str]) -> list[AlertCause]:
    """The alert for what ``check`` found; none when it found nothing."""
    if not findings:
        return []
    more = f" (and {len(findings) - 1:,} more: supplynet verify)" if len(findings) > 1 else ""
    return [
        AlertCause(
            severity=Severity.CRITICAL,
            kind=BOOKS_WRONG,
            message=f"The books do not prove themselves: {findings[0]}{more}.",
        )
    ]


def verify_books(folder: Path) -> list[str]:
    """``check`` of the workspace in ``folder``, whether a server runs on it or not.

    Raises:
        NotFound: There is no workspace.
        StoreError: The database or a history file cannot be read.
    """
    return check(open_books(folder))
