"""Tables of the books as CSV, a page at a time, however long they are.

What is in them may have come from anybody: text that a spreadsheet would run as a formula gets an
apostrophe before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import polars as pl

from supplynet.connectors.table_problems import harmless
from supplynet.core.sites import Sites
from supplynet.services import orders, overview, stock
from supplynet.services.books import Books
from supplynet.storage.history import months_of, read_history
from supplynet.storage.ledger import MovementFilter

Table = Literal["stock", "orders", "movements", "forecasts"]
Row = dict[str, Any]
PAGE = 1000
_COLUMNS: dict[Table, tuple[str, ...]] = {
    "stock": (
        *("location_id", "part_id", "on_hand", "on_order", "in_transit", "blocked", "unit"),
        "cover_shifts",
    ),
    "orders": (
        *("order_id", "kind", "part_id", "from_location", "to_location", "lane_id"),
        *("departure_at", "cutoff_at", "arrives_at", "quantity", "received", "short", "damaged"),
        *("proposed_quantity", "snoozed_until", "state", "policy", "model_version", "created_at"),
    ),
    "movements": (
        *("seq", "movement_id", "part_id", "quantity", "from_location", "from_account"),
        *("to_location", "to_account", "occurred_at", "recorded_at", "reason", "actor"),
        *("shift_id", "event_id", "order_id", "reverses", "lot_id", "container_id"),
    ),
    "forecasts": (
        *("location_id", "part_id", "period_start", "shift", "cutoff", "step", "quantile"),
        "demand",
    ),
}
_Read = Callable[[Any], tuple[list[Row], Any]]


def csv_of(
    books: Books,
    table: Table,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    within: Sites = None,
) -> Iterator[bytes]:
    """A table as CSV in UTF-8, with a heading even where it has no rows.

    Every page is read by itself: rows that change meanwhile are told as they are when their page
    comes.

    Args:
        books: The workspace.
        table: Which.
        location_id: Rows of this place only; of orders, those that go there.
        part_id: Rows of this part only.
        within: Rows of these places only; None = all.
    """
    read = _reader(books, table, location_id, part_id, within)
    position, heading = None, True
    while True:
        rows, position = read(position)
        yield _csv(rows, _COLUMNS[table], heading)
        heading = False
        if position is None:
            return


def history_csv(
    books: Books, *, start: datetime | None = None, end: datetime | None = None
) -> Iterator[bytes]:
    """The history as CSV, month by month.

    Args:
        books: The workspace.
        start: Only periods that start then or later; None = all.
        end: Only periods that start before; None = all.
    """
    heading = True
    for first, last in months_of(books.workspace.history):
        since = first if start is None else max(first, start)
        until = last if end is None else min(last, end)
        if since >= until:
            continue
        frame = read_history(books.workspace.history, start=since, end=until)
        yield _written(frame, heading)
        heading = False


def _reader(
    books: Books, table: Table, location_id: str | None, part_id: str | None, within: Sites
) -> _Read:
    """How pages of a table are read."""
    wanted: Row = {"location_id": location_id, "part_id": part_id, "within": within, "limit": PAGE}
    if table == "stock":
        return lambda after: overview.stock(books, **wanted, after=after)
    if table == "forecasts":
        return lambda after: overview.forecasts(books, **wanted, after=after)
    if table == "movements":
        moves = MovementFilter(location_id=location_id, part_id=part_id)
        moves = replace(moves, within=within)
        return lambda before: stock.movements(books, moves, limit=PAGE, before=before)
    some = orders.Filter(part_id=part_id, to_location=location_id, within=within)
    return lambda after: orders.list_orders(books, some, limit=PAGE, after=after)


def _csv(rows: list[Row], columns: tuple[str, ...], heading: bool) -> bytes:
    cells = {name: [_plain(row[name]) for row in rows] for name in columns}
    return _written(pl.DataFrame(cells, strict=False), heading)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, dict | list | tuple) else value


def _written(frame: pl.DataFrame, heading: bool) -> bytes:
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    safe = frame.with_columns(harmless(name) for name in texts)
    return safe.write_csv(include_header=heading).encode()
