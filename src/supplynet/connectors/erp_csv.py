"""CSV for an ERP: layouts of what goes out, and what is special in what comes in.

Text that a spreadsheet would run as a formula goes out with an apostrophe before it, and comes in
without. Moments are RFC 3339 with Z, quantities whole numbers of the part's unit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from supplynet.connectors.drop_folder_csv import DATA, EXAMPLES
from supplynet.connectors.table_kinds import DELIVERIES, STOCK, Kind
from supplynet.connectors.table_problems import harmless, unharmed
from supplynet.connectors.table_source import Batch, Places, Source
from supplynet.connectors.table_templates import EXAMPLE
from supplynet.core.events import Event

LAYOUTS: dict[str, tuple[str, ...]] = {
    "stock": ("location_id", "part_id", "on_hand", "unit", "as_of", "counted_at"),
    "orders": (
        *("order_id", "kind", "state", "from_location", "location_id", "part_id", "quantity"),
        *("received", "ordered_at", "departure_at", "due_at", "received_at"),
    ),
    "receipts": (
        *("event_id", "source", "type", "occurred_at", "recorded_at", "location_id", "part_id"),
        *("quantity", "data.supplier_id", "data.order_id", "data.short", "data.damaged"),
        *("data.reason", "data"),
    ),
    "shipments": (
        *("event_id", "source", "type", "occurred_at", "recorded_at", "location_id", "part_id"),
        *("quantity", "data.to_location", "data.order_id", "data.reason", "data"),
    ),
    "min_max": (
        *("location_id", "part_id", "reorder_point", "order_up_to_level", "container_size"),
        "set_by",
    ),
    "kanban": ("location_id", "part_id", "cards", "container_size", "set_by"),
}
"""Columns of each kind of file, in their order."""
IMPORTED = ("stock", "orders", "receipts")
AS_OF = "as_of"
_COUNTED_AT = "counted_at"
_COUNTS = ("short", "damaged")

COUNTED_STOCK: Kind = replace(
    STOCK,
    columns=tuple(
        replace(
            column,
            optional=False,
            says="when it was counted; a figure that nobody counted overwrites nothing",
        )
        if column.name == _COUNTED_AT
        else column
        for column in STOCK.columns
    ),
)
"""Stock with a moment in every row: what is not a count, or of when, must not change the books."""
ERP_ORDERS: Kind = DELIVERIES


def as_csv(kind: str, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows under the columns of their kind; UTF-8, comma, harmless in a spreadsheet."""
    columns = LAYOUTS[kind]
    cells = [[_text(row.get(name)) for name in columns] for row in rows]
    frame = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String), orient="row")
    return frame.with_columns(harmless(name) for name in columns).write_csv().encode()


def event_row(event: Event, columns: Sequence[str]) -> dict[str, Any]:
    """An event under the columns of its kind; what has no column of its own is in ``data``."""
    data = dict(event.data)
    row: dict[str, Any] = {
        "event_id": event.event_id,
        "source": event.source,
        "type": event.type.value,
        "occurred_at": event.occurred_at,
        "location_id": event.location_id,
        "part_id": event.part_id,
        "quantity": event.quantity,
    }
    for column in columns:
        name = column.removeprefix(DATA)
        if column != name and name in data and _is_plain(name, data[name]):
            row[column] = data.pop(name)
    return row | ({"data": json.dumps(data, ensure_ascii=False, sort_keys=True)} if data else {})


def template_csv(kind: str) -> bytes:
    """Headings and example rows of what can be imported or, as ``events``, be dropped.

    The column ``note`` says that they are examples; an import leaves such rows out.
    """
    if kind in {"stock", "orders"}:
        found = COUNTED_STOCK if kind == "stock" else ERP_ORDERS
        rows = [
            {column.name: column.examples[n] for column in found.columns} | {"note": EXAMPLE}
            for n in (0, 1)
        ]
        if kind == "stock":
            rows = rows[:1]
    else:
        rows = [dict(each) for each in EXAMPLES]
        if kind == "receipts":
            rows = [row for row in rows if row["type"] == "received"]
    return pl.DataFrame(rows).write_csv().encode()


class BookFiguresLeftOut:
    """A source without its rows that say ``as_of`` and no ``counted_at``.

    Those are what the books said at an export. Taken as counts, they would undo every movement
    that is reported late.

    Attributes:
        left_out: How many, in the last reading.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.left_out = 0

    @property
    def name(self) -> str:
        """See ``Source``."""
        return self._source.name

    @property
    def columns(self) -> list[str]:
        """See ``Source``."""
        return self._source.columns

    @property
    def places(self) -> Places:
        """See ``Source``."""
        return self._source.places

    def batches(self) -> Iterator[Batch]:
        """See ``Source``; rows left out are blank, so that the others keep their numbers."""
        self.left_out = 0
        for batch in self._source.batches():
            frame = batch.frame.with_columns(
                unharmed(name) for name, dtype in batch.frame.schema.items() if dtype == pl.String
            )
            if {AS_OF, _COUNTED_AT} <= set(frame.columns):
                book = pl.col(AS_OF).is_not_null() & pl.col(_COUNTED_AT).is_null()
                self.left_out += int(frame.select(book.sum()).item())
                frame = frame.with_columns(
                    pl.when(book).then(None).otherwise(pl.col(name)).alias(name)
                    for name in frame.columns
                )
            yield replace(batch, frame=frame)


def _is_plain(name: str, value: Any) -> bool:
    """Whether a cell gives back this value exactly."""
    if name in _COUNTS:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return isinstance(value, str) and value != "" and value == value.strip() and value.isprintable()


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).replace("+00:00", "Z")
    return str(value)
