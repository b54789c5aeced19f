"""What Odoo has: its stock, what was received, what was bought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from supplynet.connectors.erp import ErpOrder, ErpStock, is_id, own_order_id
from supplynet.connectors.erp_odoo_map import OdooMap, from_odoo, references_in, to_odoo
from supplynet.connectors.erp_rpc import OdooRpc, Record
from supplynet.core.events import Event, EventType

SOURCE = "odoo"
_NOISE = 0.001
"""Odoo adds up floats, of which it shows two digits."""
_NO_PART = "has no internal reference that could be a part id"
_OPEN_PURCHASES = ("purchase", "done")


class OdooPulls:
    """The pulls of ``Erp``.

    Args:
        rpc: Calls of the database.
        map_: What our places and parts are there.
        now: The time, aware.
        left_out: Takes a sentence about each row that could not be taken.
    """

    def __init__(
        self, rpc: OdooRpc, map_: OdooMap, now: Callable[[], datetime], left_out: list[str]
    ) -> None:
        self._rpc, self._map, self._now, self._left_out = rpc, map_, now, left_out

    def pull_stock(self) -> list[ErpStock]:
        """See ``Erp``; stock in locations below a mapped one counts to it."""
        as_of, held = self._now(), defaultdict[tuple[str, str], float](float)
        domain = [("location_id", "child_of", self._map.location_ids())]
        rows = self._rpc.read("stock.quant", domain, ["product_id", "location_id", "quantity"])
        parts = self._map.parts_of({row["product_id"][0] for row in rows})
        for row in rows:
            place = self._map.place_of(row["location_id"][0])
            part = parts.get(row["product_id"][0])
            if place is None or part is None:
                self._leave_out(row, _NO_PART)
                continue
            held[place, part] += row["quantity"]
        return [
            ErpStock(location_id=place, part_id=part, on_hand=count, as_of=as_of)
            for (place, part), quantity in sorted(held.items())
            if (count := self._whole({"id": f"{place}/{part}"}, quantity)) is not None
        ]

    def pull_receipts(self, since: datetime) -> list[Event]:
        """See ``Erp``: what came from suppliers. The id of a stock move is that of its event."""
        done = self._map.done_field()
        domain = [
            ("state", "=", "done"),
            ("location_id.usage", "=", "supplier"),
            ("location_dest_id", "child_of", self._map.location_ids()),
            ("date", ">=", to_odoo(since)),
        ]
        fields = ["product_id", "product_uom", done, "location_dest_id", "date", "picking_id"]
        moves = self._rpc.read("stock.move", domain, fields)
        products = self._map.products_of({move["product_id"][0] for move in moves})
        pickings = self._pickings({move["picking_id"][0] for move in moves if move["picking_id"]})
        made = []
        for move in moves:
            event = self._receipt(move, done, products, pickings)
            if event is not None:
                made.append(event)
        return made

    def pull_orders(self, since: datetime) -> list[ErpOrder]:
        """See ``Erp``: confirmed purchases that are not all there yet."""
        domain = [("state", "in", list(_OPEN_PURCHASES)), ("write_date", ">=", to_odoo(since))]
        fields = ["name", "origin", "partner_id", "date_order", "date_planned", "picking_type_id"]
        found = {row["id"]: row for row in self._rpc.read("purchase.order", domain, fields)}
        if not found:
            return []
        unit = self._map.purchase_unit_field()
        lines = self._rpc.read(
            "purchase.order.line",
            [("order_id", "in", sorted(found))],
            ["order_id", "product_id", unit, "product_qty", "qty_received", "date_planned"],
        )
        wanted = [line for line in lines if line["product_id"] and line["product_qty"] > 0]
        products = self._map.products_of({line["product_id"][0] for line in wanted})
        orders = [
            self._order(line, found[line["order_id"][0]], unit, products)
            for line in wanted
            if line["qty_received"] < line["product_qty"]
        ]
        return [order for order in orders if order is not None]

    def _receipt(
        self,
        move: Record,
        done: str,
        products: dict[int, tuple[str, int]],
        pickings: dict[int, Record],
    ) -> Event | None:
        place = self._map.place_of(move["location_dest_id"][0])
        part, unit = products.get(move["product_id"][0], (None, 0))
        if place is None or part is None:
            self._leave_out(move, _NO_PART)
            return None
        quantity = self._in_own_unit(move, move["product_uom"], unit, move[done])
        if not quantity:
            return None
        picking = pickings.get(move["picking_id"][0]) if move["picking_id"] else None
        picking = picking or {}
        return Event(
            source=SOURCE,
            event_id=f"move-{move['id']}",
            type=EventType.RECEIVED,
            occurred_at=from_odoo(move["date"]),
            location_id=place,
            part_id=part,
            quantity=quantity,
            data={"supplier_id": self._map.supplier_of(picking.get("partner_id"))}
            | self._order_of(picking, part),
        )

    def _order_of(self, picking: Record, part: str) -> dict[str, str]:
        """The order that a picking is for: ours, or the id under which we know the ERP's."""
        ours = references_in(picking.get("our_id"))
        if len(ours) == 1 and is_id(ours[0]):
            return {"order_id": ours[0]}
        origin = picking.get("origin")
        return {"order_id": own_order_id(origin, part)} if origin and not ours else {}

    def _pickings(self, ids: set[int]) -> dict[int, Record]:
        """Pickings with their supplier and, in ``our_id``, what the purchase says of us."""
        if not ids:
            return {}
        rows = self._rpc.read(
            "stock.picking", [("id", "in", sorted(ids))], ["partner_id", "origin"]
        )
        names = sorted({row["origin"] for row in rows if row["origin"]})
        orders = self._rpc.read("purchase.order", [("name", "in", names)], ["name", "origin"])
        ours = {order["name"]: order["origin"] for order in orders}
        return {row["id"]: row | {"our_id": ours.get(row["origin"]) or ""} for row in rows}

    def _order(
        self, line: Record, order: Record, unit: str, products: dict[int, tuple[str, int]]
    ) -> ErpOrder | None:
        place = self._map.receives(order["picking_type_id"])
        part, own_unit = products.get(line["product_id"][0], (None, 0))
        if place is None:
            return None  # it goes to a place that we do not look after
        if part is None:
            self._leave_out(line, _NO_PART)
            return None
        quantity = self._in_own_unit(line, line[unit], own_unit, line["product_qty"])
        if not quantity:
            return None
        due = line["date_planned"] or order["date_planned"]
        return ErpOrder(
            erp_id=order["name"],
            from_location=self._map.supplier_of(order["partner_id"]),
            to_location=place,
            part_id=part,
            quantity=quantity,
            ordered_at=from_odoo(order["date_order"]),
            due_at=from_odoo(due) if due else None,
            our_ids=references_in(order["origin"]),
        )

    def _in_own_unit(
        self, row: Record, unit: Sequence[Any], own: int, quantity: float
    ) -> int | None:
        """A quantity in the product's own unit; another unit is left out, never guessed at."""
        if unit[0] == own:
            return self._whole(row, quantity)
        self._leave_out(row, f"is in {unit[1]}, which is not the product's own unit")
        return None

    def _whole(self, row: Record, quantity: float) -> int | None:
        """A quantity as a whole number; a fraction of a part is left out, never rounded."""
        whole = round(quantity)
        if abs(quantity - whole) < _NOISE:
            return whole
        self._leave_out(row, f"has the quantity {quantity}; count in a smaller unit")
        return None

    def _leave_out(self, row: Record, why: str) -> None:
        name = row.get("product_id")
        what = name[1] if isinstance(name, list) else row["id"]
        self._left_out.append(f"{what} (id {row['id']}) {why}")
