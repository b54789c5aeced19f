"""What orders may be worth, and who has said yes to those that take two people."""

from __future__ import annotations

from typing import Any

from supplynet import cycle
from supplynet.services.books import Books
from supplynet.storage import approvals
from supplynet.storage.approvals import Approval

Row = dict[str, Any]


def limits_of(books: Books) -> cycle.Limits | None:
    """As they are set; None where one person is always enough."""
    settings = books.settings
    return None if settings.four_eyes_cost is None else cycle.limits_of(books.plant, settings)


def with_approvals(books: Books, rows: list[Row]) -> list[Row]:
    """Rows of orders, with how many people each takes and who has said yes to it as it is."""
    limits = limits_of(books)
    if limits is None:
        return [row | {"approvals": [], "approvals_needed": 1} for row in rows]
    needed = {row["order_id"]: limits.people_for(row["part_id"], row["quantity"]) for row in rows}
    two = [order_id for order_id, people in needed.items() if people > 1]
    with books.store.read() as tx:
        found = approvals.of_orders(tx, two)
    for row in rows:
        said = found.get(row["order_id"], [])
        row["approvals"] = [_told(each) for each in said if each.quantity == row["quantity"]]
        row["approvals_needed"] = needed[row["order_id"]]
    return rows


def _told(approval: Approval) -> Row:
    return {"actor": approval.actor, "at": approval.at, "quantity": approval.quantity}
