"""Whether this server should be sent requests now, and if not, why."""

from __future__ import annotations

import shutil

from supplynet.errors import SupplyNetError
from supplynet.services.books import Books
from supplynet.services.running import Running
from supplynet.storage import migrate

LEAST_FREE_BYTES = 200 * 1024 * 1024
"""Below that the next backup or import may fill the disk, and the books become read-only."""


def not_ready(books: Books, running: Running) -> list[str]:
    """Why it is not ready, one sentence each, without paths or secrets; empty when it is.

    Reads the books and writes nothing: a write that failed is remembered until one goes through.
    """
    found = []
    if running.stopping():
        found.append("the server is stopping")
    found += [
        f"the thread {name!r} has ended; restart the server"
        for name, alive in running.threads().items()
        if not alive
    ]
    try:
        if not migrate.is_newest(books.store):
            found.append("the database has another schema than this SupplyNet; restart the server")
    except SupplyNetError:
        found.append("the books cannot be read; the log says why")
    if books.store.write_trouble:
        found.append("the last write to the books failed; the log says why")
    if free_bytes(books) < LEAST_FREE_BYTES:
        found.append(f"less than {LEAST_FREE_BYTES // 1024**2} MiB of the disk are free")
    return found


def free_bytes(books: Books) -> int:
    """What is free on the disk of the workspace."""
    return shutil.disk_usage(books.workspace.folder).free
