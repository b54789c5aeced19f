"""The ERP of ``erp.toml``: check it, pull from it, push to it. Every step may be repeated."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from supplynet.connectors.erp import Erp, Health
from supplynet.connectors.erp_settings import read_erp_settings, read_key
from supplynet.errors import InvalidInput
from supplynet.services.books import Books
from supplynet.services.erp_done import Done, remember
from supplynet.services.erp_import import ACTOR
from supplynet.services.erp_pull import (
    PULLED,
    pull_orders,
    pull_receipts,
    pull_stock,
    since_last,
)
from supplynet.services.erp_push import only_one, push_min_max, push_orders

__all__ = ["Connect", "Done", "check", "connect", "pull", "push"]
Connect = Callable[[Books, bool], Erp]


def connect(books: Books, dry_run: bool) -> Erp:
    """The ERP that ``erp.toml`` names; nothing is asked yet.

    Raises:
        ConfigError: There is no such file, or it or its key cannot be used.
    """
    from supplynet.connectors.erp_odoo import Odoo
    from supplynet.connectors.erp_rpc import OdooRpc

    folder = books.workspace.folder
    settings = read_erp_settings(folder)
    rpc = OdooRpc(settings, read_key(settings, folder, os.environ))
    return Odoo(rpc, now=books.now, dry_run=dry_run)


def check(books: Books, *, connect: Connect = connect) -> Health:
    """Sign in and compare the map with what is there.

    Raises:
        ConfigError, ConnectorError, InvalidInput: It cannot be asked, or says no.
    """
    return connect(books, True).health()


def pull(
    books: Books,
    kind: str,
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    connect: Connect = connect,
) -> Done:
    """Ask the ERP: orders and receipts are taken in, stock is compared and never taken over.

    Args:
        books: A workspace with a plant.
        kind: stock, orders or receipts.
        since: None = a day before the last pull, or 30 days ago.
        dry_run: Do everything but the commit.
        connect: Opens the ERP.

    Raises:
        ConnectorError: It does not answer; what was taken stays, and the next pull goes on.
        ConfigError, InvalidInput: It cannot be asked, or says no.
    """
    pulls = {"stock": pull_stock, "orders": pull_orders, "receipts": pull_receipts}
    if kind not in pulls:
        raise InvalidInput(f"{kind!r} cannot be pulled; choose from {', '.join(pulls)}")
    erp, asked_at = connect(books, dry_run), books.now()
    done = pulls[kind](books, erp, since or since_last(books, kind), dry_run)
    if not dry_run and kind != "stock":
        with books.store.write(ACTOR, books.now()) as tx:
            remember(tx, PULLED, kind, asked_at.isoformat())
    return done


def push(books: Books, kind: str, *, dry_run: bool = False, connect: Connect = connect) -> Done:
    """Tell the ERP our approved orders or the tuned thresholds; what is there is left alone.

    Args:
        books: A workspace with a plant.
        kind: orders or min_max.
        dry_run: Look everything up, change nothing.
        connect: Opens the ERP.

    Raises:
        ConnectorError, ConfigError: As ``pull``.
        InvalidInput: It says no, or another push is running.
    """
    pushes = {"orders": push_orders, "min_max": push_min_max}
    if kind not in pushes:
        raise InvalidInput(f"{kind!r} cannot be pushed; choose from {', '.join(pushes)}")
    with only_one(books):
        return pushes[kind](books, connect(books, dry_run), dry_run)
