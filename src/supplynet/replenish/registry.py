"""Policies by name. Adding one: a file, a line here, a line in the docs."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from supplynet.core.protocols import Policy
from supplynet.errors import InvalidInput, NotFound

POLICIES = {
    "capped_order_up_to": "supplynet.replenish.capped_order_up_to:CappedOrderUpTo",
    "ddmrp": "supplynet.replenish.ddmrp:Ddmrp",
    "kanban": "supplynet.replenish.kanban:Kanban",
    "min_max": "supplynet.replenish.min_max:MinMax",
    "no_stockout": "supplynet.replenish.no_stockout:NoStockout",
    "order_up_to": "supplynet.replenish.order_up_to:OrderUpTo",
}


def policy(name: str, **settings: Any) -> Policy:
    """The policy of that name with its settings.

    Raises:
        NotFound: No policy has this name.
        InvalidInput: A setting is unknown, missing or out of range.
    """
    if name not in POLICIES:
        raise NotFound("policy", name, f"choose one of {', '.join(sorted(POLICIES))}")
    module, _, class_name = POLICIES[name].partition(":")
    make = getattr(import_module(module), class_name)
    try:
        return cast("Policy", make(**settings))
    except TypeError as error:
        raise InvalidInput(f"policy {name}: {error}") from error
