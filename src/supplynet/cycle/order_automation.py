"""Which proposals automation may release by itself."""

from __future__ import annotations

from supplynet.config import Settings
from supplynet.core.network import Plant
from supplynet.core.orders import Order, OrderKind


def may_release(order: Order, plant: Plant, settings: Settings) -> bool:
    """Whether automation may release an order without asking.

    The supply rule of its part decides where it names a mode, else ``automation_mode`` does:
    ``suggest`` never, ``auto`` always, ``auto_below`` up to ``auto_limit_containers`` and, where it
    is set, ``auto_limit_cost``. A part whose cost nobody knows is not below a limit of cost.
    """
    rule = plant.supply_rule.get((order.to_location, order.part_id))
    mode: str = settings.automation_mode
    if rule is not None and rule.automation is not None:
        mode = rule.automation
    if mode != "auto_below":
        return mode == "auto"
    containers = -(-order.quantity // _container(order, plant))
    return containers <= settings.auto_limit_containers and _below_cost(order, plant, settings)


def _container(order: Order, plant: Plant) -> int:
    """Parts that come together: a container of a transfer, the multiple of a purchase."""
    place = (order.to_location, order.part_id)
    bought = plant.purchase_rule.get(place) if order.kind is OrderKind.PURCHASE else None
    if bought is not None:
        return bought.multiple
    rule = plant.supply_rule.get(place)
    return 1 if rule is None else rule.container_size


def _below_cost(order: Order, plant: Plant, settings: Settings) -> bool:
    limit, part = settings.auto_limit_cost, plant.part_by_id.get(order.part_id)
    if limit is None:
        return True
    return part is not None and 0 < part.unit_cost * order.quantity <= limit
