"""Proving the books of a workspace. ``verify``."""

from __future__ import annotations

from pathlib import Path

from supplynet.services.books import open_books
from supplynet.storage import balances


def verify_books(folder: Path) -> list[str]:
    """What is wrong with the books in ``folder``, in sentences; nothing when all is well.

    Raises:
        NotFound: There is no workspace.
        StoreError: The database cannot be read.
    """
    books = open_books(folder)
    with books.store.read() as tx:
        return balances.verify(tx)
