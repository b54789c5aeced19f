"""The books: SQLite or PostgreSQL, history files, the workspace folder.

Open them with ``open_store`` (and ``migrate.create_or_upgrade`` once), then hand a transaction to
the functions of the module that is named after the noun: ``ledger``, ``events``, ``orders``, ...
What loads slowly (polars, alembic) is in modules of its own: ``history``, ``migrate``.
"""

from __future__ import annotations

from supplynet.storage.engine import Store, open_store
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.workspace import Workspace, init_workspace, open_workspace

__all__ = [
    "ReadTx",
    "Store",
    "Workspace",
    "WriteTx",
    "init_workspace",
    "open_store",
    "open_workspace",
]
