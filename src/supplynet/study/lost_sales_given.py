"""A rule of the lost-sales model with parameters that someone gives."""

from __future__ import annotations

from supplynet.errors import InvalidInput
from supplynet.study.exact import Rule
from supplynet.study.lost_sales_model import LostSales
from supplynet.study.lost_sales_rules import BaseStock, NoStockoutExact, ProjectedInventory, Reorder
from supplynet.study.lost_sales_search import Found, Parameters, Search


def given_rule(search: Search, name: str, given: Parameters) -> Found:
    """A rule with given parameters, named as its search names them.

    Raises:
        InvalidInput: No such rule, or parameters that it does not have.
    """
    needed = _PARAMETERS.get(name)
    if not needed:
        raise InvalidInput(f"{name} has no parameters; {', '.join(_PARAMETERS)} have some")
    if set(needed) != set(given):
        raise InvalidInput(f"{name} needs {' and '.join(needed)}, and nothing else")
    return search.found(_made(search.model, name, given), dict(given))


_PARAMETERS = {
    "base_stock": ("level",),
    "capped_base_stock": ("level", "cap"),
    "projected_inventory": ("level",),
    "no_stockout": ("alpha",),
    "reorder_up_to": ("point", "level"),
    "reorder_lots": ("point", "lot"),
    "modified_reorder": ("point", "level", "lot"),
}


def _made(model: LostSales, name: str, given: Parameters) -> Rule:
    if name == "no_stockout":
        return NoStockoutExact(model=model, alpha=given["alpha"])
    if name == "projected_inventory":
        return ProjectedInventory(model=model, level=given["level"])
    parts = {key: _whole(key, value) for key, value in given.items()}
    if "point" not in parts:
        return BaseStock(level=parts["level"], cap=parts.get("cap"))
    if parts.get("level", parts["point"] + 1) <= parts["point"]:
        raise InvalidInput(
            f"level {parts['level']} is not above the reorder point {parts['point']}"
        )
    return Reorder(point=parts["point"], level=parts.get("level"), lot=parts.get("lot"))


def _whole(key: str, value: float) -> int:
    if value != int(value):
        raise InvalidInput(f"{key} is {value:g}; this rule takes whole parts")
    return int(value)
