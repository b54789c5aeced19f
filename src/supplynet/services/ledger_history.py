"""The history that is made from the ledger."""

from __future__ import annotations

from supplynet import cycle
from supplynet.services import history
from supplynet.services.books import Books


def rebuild(books: Books) -> int:
    """Throw ``history/ledger`` away, make it again from every movement, and return its rows.

    Raises:
        NotFound: The workspace has no plant.
        SnapshotMoved: A running server kept closing shifts at the same time; try again.
        StoreError: A file cannot be read or written.
    """
    now = history.as_of(books)
    return cycle.rebuild_history(
        books.store, books.workspace.history, books.plant, since=now, now=now
    )
