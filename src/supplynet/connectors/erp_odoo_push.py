"""What Odoo is told: orders, each looked up before it is made, and reorder rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supplynet.connectors.erp import Pushed, Threshold
from supplynet.connectors.erp_odoo_map import OdooMap, references_in, to_odoo
from supplynet.connectors.erp_rpc import OdooRpc, Record
from supplynet.core.orders import Order, OrderKind
from supplynet.errors import InvalidInput

_GONE = "cancel"


class OdooPushes:
    """The pushes of ``Erp``.

    Args:
        rpc: Calls of the database.
        map_: What our places and parts are there.
        left_out: Takes a sentence about each row that could not be told.
        dry_run: Look everything up and change nothing.
    """

    def __init__(self, rpc: OdooRpc, map_: OdooMap, left_out: list[str], *, dry_run: bool) -> None:
        self._rpc, self._map, self._left_out, self._dry_run = rpc, map_, left_out, dry_run

    def push_order(self, order: Order) -> Pushed:
        """See ``Erp``: a purchase becomes a purchase order, a transfer an internal transfer.

        Raises:
            ConnectorError: No answer; whether it was made the next push will find out.
            InvalidInput: A place, supplier or part is not mapped, or Odoo refuses.
        """
        bought = order.kind is OrderKind.PURCHASE
        model = "purchase.order" if bought else "stock.picking"
        there = self._with_origin(model, order.order_id)
        if there is not None:
            self._confirm(model, there)
            return Pushed(what=order.order_id, done="there", erp_id=str(there["name"]))
        values = self._purchase(order) if bought else self._transfer(order)
        if self._dry_run:
            return Pushed(what=order.order_id, done="created")
        made = self._rpc.change(model, "create", [values])
        number = made[0] if isinstance(made, list) and made else made
        self._confirm(model, {"id": number, "state": "draft"})
        return Pushed(what=order.order_id, done="created", erp_id=str(number))

    def push_min_max(self, rows: Sequence[Threshold]) -> list[Pushed]:
        """See ``Erp``. Odoo orders *below* its minimum, we *at* the reorder point: one is added."""
        self._map.load_products({row.part_id for row in rows})
        where = {id(row): place for row in rows if (place := self._where(row)) is not None}
        found = self._rpc.read(
            "stock.warehouse.orderpoint",
            [
                ("location_id", "in", sorted({location for location, _ in where.values()})),
                ("product_id", "in", sorted({product for _, product in where.values()})),
            ],
            ["product_id", "location_id", "product_min_qty", "product_max_qty"],
        )
        known = {(row["location_id"][0], row["product_id"][0]): row for row in found}
        return [
            self._push_threshold(row, where[id(row)], known.get(where[id(row)]))
            for row in rows
            if id(row) in where
        ]

    def _where(self, row: Threshold) -> tuple[int, int] | None:
        """Location and product of a threshold; None where Odoo does not have them."""
        try:
            return self._map.location_id(row.location_id), self._map.product_id(row.part_id)
        except InvalidInput as error:
            self._left_out.append(str(error))
            return None

    def _push_threshold(
        self, row: Threshold, where: tuple[int, int], known: Record | None
    ) -> Pushed:
        what = f"{row.location_id}/{row.part_id}"
        low = row.reorder_point + 1
        wanted = {"product_min_qty": low, "product_max_qty": max(row.order_up_to_level, low)}
        if known is not None and all(known[name] == value for name, value in wanted.items()):
            return Pushed(what=what, done="there", erp_id=str(known["id"]))
        done = "created" if known is None else "updated"
        if self._dry_run:
            return Pushed(what=what, done=done)
        model = "stock.warehouse.orderpoint"
        if known is not None:
            self._rpc.change(model, "write", [[known["id"]], wanted])
            return Pushed(what=what, done=done, erp_id=str(known["id"]))
        location, product = where
        place = {"location_id": location, "product_id": product}
        warehouse = self._map.warehouse_of(location)
        made = self._rpc.change(
            model, "create", [{**place, **wanted, "warehouse_id": warehouse, "trigger": "manual"}]
        )
        return Pushed(what=what, done=done, erp_id=str(made))

    def _with_origin(self, model: str, order_id: str) -> Record | None:
        """What stands there with our id; Odoo joins the origins of orders that are merged."""
        rows = self._rpc.read(model, [("origin", "ilike", order_id)], ["name", "origin", "state"])
        ours = [row for row in rows if order_id in references_in(row["origin"])]
        alive = [row for row in ours if row["state"] != _GONE]
        if len(alive) > 1:
            names = ", ".join(str(row["name"]) for row in alive)
            raise InvalidInput(f"order {order_id} is there {len(alive)} times ({names}); keep one")
        if not alive and ours:
            raise InvalidInput(
                f"order {order_id} was cancelled in Odoo ({ours[0]['name']}); cancel it here too"
            )
        return alive[0] if alive else None

    def _confirm(self, model: str, record: Record) -> None:
        if self._rpc.settings.confirm and not self._dry_run and record["state"] == "draft":
            method = "button_confirm" if model == "purchase.order" else "action_confirm"
            self._rpc.change(model, method, [[record["id"]]])

    def _purchase(self, order: Order) -> dict[str, Any]:
        line = {
            "product_id": self._map.product_id(order.part_id),
            "product_qty": order.quantity,
            "date_planned": to_odoo(order.arrives_at),
        }
        return {
            "partner_id": self._map.partner_id(order.from_location),
            "picking_type_id": self._map.incoming(order.to_location),
            "origin": order.order_id,
            "date_order": to_odoo(order.departure_at),
            "date_planned": to_odoo(order.arrives_at),
            "order_line": [(0, 0, line)],
        }

    def _transfer(self, order: Order) -> dict[str, Any]:
        way = {
            "location_id": self._map.location_id(order.from_location),
            "location_dest_id": self._map.location_id(order.to_location),
        }
        line = {
            **way,
            **self._map.move_name(order.part_id),
            "product_id": self._map.product_id(order.part_id),
            "product_uom": self._map.unit_of(order.part_id),
            "product_uom_qty": order.quantity,
        }
        return {
            **way,
            "picking_type_id": self._map.internal(order.from_location),
            "origin": order.order_id,
            "scheduled_date": to_odoo(order.departure_at),
            "move_ids": [(0, 0, line)],
        }
