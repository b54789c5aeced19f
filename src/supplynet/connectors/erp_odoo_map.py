"""What our places, suppliers and parts are in one Odoo database, and the other way round."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import cached_property

from supplynet.connectors.erp import is_id
from supplynet.connectors.erp_rpc import OdooRpc, Record
from supplynet.errors import InvalidInput

_TIME = "%Y-%m-%d %H:%M:%S"
UNKNOWN_SUPPLIER = "supplier"
"""Stands for a partner who is in nobody's map."""


class OdooMap:
    """Looks up numbers of records once and keeps them.

    Args:
        rpc: Calls of the database; its settings have the names.
    """

    def __init__(self, rpc: OdooRpc) -> None:
        self._rpc, self._settings = rpc, rpc.settings
        self._products: dict[str, list[Record]] = {}

    @cached_property
    def _locations(self) -> dict[str, Record]:
        """Mapped locations by our name; those that are not there are left out."""
        names = list(self._settings.locations.values())
        fields = ["complete_name", "parent_path", "warehouse_id"]
        rows = self._rpc.read("stock.location", [("complete_name", "in", names)], fields)
        by_name = {row["complete_name"]: row for row in rows}
        wanted = self._settings.locations.items()
        return {ours: by_name[theirs] for ours, theirs in wanted if theirs in by_name}

    @cached_property
    def _path_of(self) -> dict[int, str]:
        """Path from the root, such as ``1/7/8/``, of every location in the mapped ones."""
        rows = self._rpc.read(
            "stock.location", [("id", "child_of", self.location_ids())], ["parent_path"]
        )
        return {row["id"]: row["parent_path"] for row in rows}

    @cached_property
    def _partners(self) -> dict[str, int]:
        """Partners by our name of the supplier."""
        names = list(self._settings.suppliers.values())
        rows = self._rpc.read("res.partner", [("name", "in", names)], ["name"])
        by_name: dict[str, int] = {}
        for row in rows:  # of several with one name the oldest, as Odoo shows it first
            by_name.setdefault(row["name"], row["id"])
        wanted = self._settings.suppliers.items()
        return {ours: by_name[theirs] for ours, theirs in wanted if theirs in by_name}

    @cached_property
    def _types(self) -> list[Record]:
        fields = ["code", "warehouse_id", "default_location_dest_id"]
        return self._rpc.read(
            "stock.picking.type", [("code", "in", ["incoming", "internal"])], fields
        )

    def lacking(self) -> Iterator[str]:
        """What ``erp.toml`` names and the database does not have."""
        for kind, said, found in (
            ("location", self._settings.locations, self._locations),
            ("supplier", self._settings.suppliers, self._partners),
        ):
            for ours in sorted(set(said) - set(found)):
                yield f"{kind} {ours}: Odoo has no {said[ours]!r}"

    def location_ids(self) -> list[int]:
        """Numbers of all mapped locations.

        Raises:
            InvalidInput: One of them is not there; without it figures would silently be too low.
        """
        return sorted(self.location_id(ours) for ours in self._settings.locations)

    def location_id(self, ours: str) -> int:
        """Number of the location that a place of ours is.

        Raises:
            InvalidInput: It is not mapped, or not there.
        """
        return int(self._location(ours)["id"])

    def place_of(self, location_id: int) -> str | None:
        """Our place that a location is or lies in: the innermost; None outside all of them."""
        above = self._path_of.get(location_id, "").strip("/").split("/")
        ours = {str(row["id"]): name for name, row in self._locations.items()}
        return next((ours[step] for step in reversed(above) if step in ours), None)

    def warehouse_of(self, location_id: int) -> int | bool:
        """Number of the warehouse around a location; False where Odoo is to find it."""
        found = [row for row in self._locations.values() if row["id"] == location_id]
        return int(found[0]["warehouse_id"][0]) if found and found[0]["warehouse_id"] else False

    def supplier_of(self, partner: list[object] | bool | None) -> str:
        """Our name of a partner, given as ``[number, name]``."""
        if isinstance(partner, list):
            for ours, number in self._partners.items():
                if number == partner[0]:
                    return ours
        return UNKNOWN_SUPPLIER

    def partner_id(self, supplier: str) -> int:
        """Number of a supplier of ours.

        Raises:
            InvalidInput: It is not mapped, or not there.
        """
        if supplier not in self._partners:
            raise InvalidInput(
                f"supplier {supplier} is nobody in Odoo; name the partner under [suppliers] in "
                "erp.toml"
            )
        return self._partners[supplier]

    def receives(self, picking_type: list[object] | bool) -> str | None:
        """Our place at which goods of an incoming picking type arrive; None for other places."""
        number = picking_type[0] if isinstance(picking_type, list) else None
        for row in self._types:
            if row["id"] == number and row["default_location_dest_id"]:
                return self.place_of(row["default_location_dest_id"][0])
        return None

    def incoming(self, ours: str) -> int:
        """Number of the picking type by which a place of ours gets goods from suppliers.

        Raises:
            InvalidInput: There is none.
        """
        found = [
            row["id"]
            for row in self._types
            if row["code"] == "incoming" and self.receives([row["id"]]) == ours
        ]
        if not found:
            raise InvalidInput(f"Odoo has no incoming picking type that ends at {ours}")
        return int(found[0])

    def internal(self, ours: str) -> int:
        """Number of the picking type of transfers out of a place of ours.

        Raises:
            InvalidInput: Its warehouse has none; switch on storage locations in Odoo.
        """
        warehouse = self._location(ours)["warehouse_id"]
        found = [
            row["id"]
            for row in self._types
            if row["code"] == "internal" and row["warehouse_id"] == warehouse
        ]
        if not found:
            raise InvalidInput(
                f"Odoo has no internal picking type for {ours}; switch on storage locations"
            )
        return int(found[0])

    def product_id(self, part_id: str) -> int:
        """Number of the product that a part is.

        Raises:
            InvalidInput: None has its reference, or several have.
        """
        return int(self._product(part_id)["id"])

    def unit_of(self, part_id: str) -> int:
        """Number of the unit of the product that a part is."""
        return int(self._product(part_id)["uom_id"][0])

    def products_of(self, ids: Collection[int]) -> dict[int, tuple[str, int]]:
        """Our part and the number of its unit by product; products without a part are left out."""
        rows = self._rpc.read(
            "product.product",
            [("id", "in", sorted(ids)), ("active", "in", [True, False])],
            ["default_code", "uom_id"],
        )
        ours = {theirs: part for part, theirs in self._settings.parts.items()}
        found = {}
        for row in rows:
            reference = row["default_code"] or ""
            part = ours.get(reference, reference)
            if is_id(part):
                found[row["id"]] = (part, row["uom_id"][0])
        return found

    def parts_of(self, ids: Collection[int]) -> dict[int, str]:
        """Our part by product."""
        return {number: part for number, (part, _) in self.products_of(ids).items()}

    def done_field(self) -> str:
        """Field of a stock move with what was done: ``quantity``, up to 16 ``quantity_done``."""
        names = ("quantity", "quantity_done")
        return _first(names, self._rpc.fields_of("stock.move", names))

    def purchase_unit_field(self) -> str:
        """Field of a purchase line with its unit: ``product_uom_id``, up to 18 ``product_uom``."""
        names = ("product_uom_id", "product_uom")
        return _first(names, self._rpc.fields_of("purchase.order.line", names))

    def move_name(self, part_id: str) -> dict[str, str]:
        """The ``name`` of a stock move, which has to be given where the version knows it."""
        return {"name": part_id} if self._rpc.fields_of("stock.move", ["name"]) else {}

    def _location(self, ours: str) -> Record:
        if ours not in self._locations:
            said = self._settings.locations.get(ours)
            raise InvalidInput(
                f"place {ours} is not mapped; add it under [locations] in erp.toml"
                if said is None
                else f"place {ours}: Odoo has no location {said!r}; see its full name there"
            )
        return self._locations[ours]

    def load_products(self, part_ids: Collection[str]) -> None:
        """Look many parts up at once."""
        asked = {part: self._settings.parts.get(part, part) for part in part_ids}
        domain = [("default_code", "in", sorted(set(asked.values())))]
        rows = self._rpc.read("product.product", domain, ["default_code", "uom_id"])
        by_reference: dict[str, list[Record]] = {}
        for row in rows:
            by_reference.setdefault(row["default_code"], []).append(row)
        for part, reference in asked.items():
            self._products[part] = by_reference.get(reference, [])

    def _product(self, part_id: str) -> Record:
        if part_id not in self._products:
            self.load_products([part_id])
        found = self._products[part_id]
        if len(found) != 1:
            raise InvalidInput(
                f"part {part_id}: Odoo has {len(found)} products with the internal reference "
                f"{self._settings.parts.get(part_id, part_id)!r}; one is right"
            )
        return found[0]


def _first(names: Collection[str], there: Collection[str]) -> str:
    found = [name for name in names if name in there]
    if not found:
        raise InvalidInput(
            f"this Odoo has none of the fields {', '.join(names)}; versions 16 to 19"
        )
    return found[0]


def references_in(origin: object) -> tuple[str, ...]:
    """The references in ``origin``; Odoo joins those of orders that are merged."""
    text = origin if isinstance(origin, str) else ""
    return tuple(each.strip() for each in text.split(",") if each.strip())


def to_odoo(moment: datetime) -> str:
    """A moment as Odoo writes it: UTC without saying so."""
    return moment.astimezone(UTC).strftime(_TIME)


def from_odoo(text: str) -> datetime:
    """The moment that Odoo writes, aware."""
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
