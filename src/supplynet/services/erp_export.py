"""What an ERP is told as CSV: stock, orders, receipts, shipments, tuned thresholds and cards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from supplynet.connectors.erp_csv import LAYOUTS, as_csv, event_row
from supplynet.core.events import Event, EventType
from supplynet.errors import InvalidInput, StoreError
from supplynet.files import write_atomically
from supplynet.replenish.kanban import Kanban
from supplynet.replenish.min_max import MinMax
from supplynet.services import forecasting, history, policies
from supplynet.services.books import Books
from supplynet.storage import ledger, orders, values
from supplynet.storage.tables import events as event_table

Row = dict[str, Any]


def export(books: Books, kind: str, *, since: datetime | None = None) -> list[Row]:
    """The rows of one kind, with the columns of ``erp_csv.LAYOUTS``.

    Args:
        books: A workspace.
        kind: stock, orders (open ones), receipts, shipments, min_max, kanban.
        since: Only what the books learnt from this moment on (receipts and shipments), so that an
            export that goes on where the last one ended has what came late as well.

    Raises:
        InvalidInput: No such kind, a kind without ``since``, or no history to tune from.
    """
    if kind not in _ROWS:
        raise InvalidInput(f"{kind!r} cannot be exported; choose from {', '.join(_ROWS)}")
    if since is not None and kind not in _EVENTS:
        raise InvalidInput(
            f"{kind} is exported as it stands now; only {' and '.join(_EVENTS)} know a 'since'"
        )
    if since is not None and since.utcoffset() is None:
        raise InvalidInput(f"since {since.isoformat()} has no time zone; add Z or an offset")
    return _ROWS[kind](books, since)


def export_csv(
    books: Books, kind: str, *, since: datetime | None = None, output: Path | None = None
) -> bytes:
    """``export`` as CSV, also written to a file when one is named: whole or not at all.

    Raises:
        InvalidInput: See ``export``.
        StoreError: The file cannot be written.
    """
    content = as_csv(kind, export(books, kind, since=since))
    if output is not None:
        try:
            write_atomically(output, content)
        except OSError as error:
            raise StoreError(f"{output} cannot be written: {error.strerror or error}") from error
    return content


def _stock(books: Books, _: datetime | None) -> list[Row]:
    plant, now = books.plant, history.as_of(books)
    with books.store.read() as tx:
        found = ledger.on_hand(tx)
    return [
        {
            "location_id": place,
            "part_id": part,
            "on_hand": held,
            "unit": plant.part_by_id[part].unit if part in plant.part_by_id else None,
            "as_of": now,
        }
        for (place, part), held in sorted(found.items())
    ]


def _orders(books: Books, _: datetime | None) -> list[Row]:
    with books.store.read() as tx:
        found = orders.list_orders(tx, states=orders.OPEN)
    return [
        {
            "order_id": order.order_id,
            "kind": order.kind.value,
            "state": order.state.value,
            "from_location": order.from_location,
            "location_id": order.to_location,
            "part_id": order.part_id,
            "quantity": order.quantity,
            "received": order.received,
            "ordered_at": order.created_at,
            "departure_at": order.departure_at,
            "due_at": order.arrives_at,
        }
        for order in found
    ]


def _happened(kind: str, type_: EventType) -> Callable[[Books, datetime | None], list[Row]]:
    def rows(books: Books, since: datetime | None) -> list[Row]:
        table = event_table.c
        query = select(event_table).where(table.type == type_.value).order_by(table.seq)
        if since is not None:
            query = query.where(table.recorded_at >= since)
        with books.store.read() as tx:
            found = tx.connection.execute(query).all()
        return [
            event_row(_event(row), LAYOUTS[kind]) | {"recorded_at": row.recorded_at}
            for row in found
        ]

    return rows


def _event(row: Any) -> Event:
    return Event(
        source=row.source,
        event_id=row.event_id,
        type=EventType(row.type),
        occurred_at=row.occurred_at,
        location_id=row.location_id,
        part_id=row.part_id,
        quantity=row.quantity,
        data=row.data,
    )


def min_max(books: Books, _: datetime | None = None) -> list[Row]:
    """Reorder point and order-up-to level of every stock point and warehouse, in parts.

    Raises:
        InvalidInput: There is no history to set them from.
    """
    found = _static(books, "min_max")
    assert isinstance(found, MinMax), "the family of that name makes it"
    set_by = _set_by(books, "min_max")
    rows = [
        _row(books, pair, {"reorder_point": low, "order_up_to_level": high}, set_by)
        for pair, (low, high) in sorted(found.thresholds.items())
    ]
    bought = [
        {
            "location_id": rule.warehouse_id,
            "part_id": rule.part_id,
            "reorder_point": rule.reorder_point,
            "order_up_to_level": rule.order_up_to_level,
            "container_size": rule.multiple,
            "set_by": "plant",
        }
        for rule in books.plant.purchase_rules
        if rule.reorder_point is not None and rule.order_up_to_level is not None
    ]
    return [*rows, *bought]


def kanban(books: Books, _: datetime | None = None) -> list[Row]:
    """Cards in circulation of every stock point and part.

    Raises:
        InvalidInput: There is no history to set them from.
    """
    found = _static(books, "kanban")
    assert isinstance(found, Kanban), "the family of that name makes it"
    set_by = _set_by(books, "kanban")
    return [
        _row(books, pair, {"cards": cards}, set_by) for pair, cards in sorted(found.cards.items())
    ]


def _static(books: Books, name: str) -> object:
    panel = forecasting.history_panel(books)
    return policies.static_policy(books, name, panel, policies.parameters_of(books, name))


def _row(books: Books, pair: tuple[str, str], figures: Row, set_by: str) -> Row:
    rule = books.plant.supply_rule.get(pair)
    with_size = {} if rule is None else {"container_size": rule.container_size}
    return {
        "location_id": pair[0],
        "part_id": pair[1],
        **figures,
        **with_size,
        "set_by": set_by,
    }


def _set_by(books: Books, policy: str) -> str:
    """Whether the figures come of a search or of its defaults."""
    with books.store.read() as tx:
        tuned = values.get_value(tx, policies.PARAMETERS, {})
    return "tuned" if policy in tuned else "default"


_ROWS: dict[str, Callable[[Books, datetime | None], list[Row]]] = {
    "stock": _stock,
    "orders": _orders,
    "receipts": _happened("receipts", EventType.RECEIVED),
    "shipments": _happened("shipments", EventType.SHIPPED),
    "min_max": min_max,
    "kanban": kanban,
}
_EVENTS = ("receipts", "shipments")
KINDS = tuple(_ROWS)
"""Kinds of files that can be exported."""
