"""Order-up-to with a cap on one order: most of what lost sales take from base-stock comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.replenish.packs import whole_containers
from supplynet.replenish.pair_settings import by_class


@dataclass(frozen=True, kw_only=True)
class CappedOrderUpTo(OrderUpTo):
    """``order_up_to`` whose single order never exceeds a multiple of one review period's demand.

    After a stock-out the position of a base-stock policy is low because demand was lost, not
    because it is to come; the cap keeps it from ordering that back (Xin 2021, "Understanding the
    performance of capped base-stock policies in lost-sales inventory models").

    Args:
        cap: Most parts of one order, in mean demands between two vehicles, > 0.
        cap_by_class: Other caps for criticality classes.
    """

    cap: float = 2.0
    cap_by_class: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        for cap in (self.cap, *self.cap_by_class.values()):
            if not cap > 0.0:
                raise InvalidInput(f"{self.name}: cap is {cap}; use more than 0")

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "capped_order_up_to"

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Level minus position, at most the cap, rounded up to containers, within the bin."""
        position = state.on_hand + state.on_order
        need = self.levels(state, outlook, terms) - position
        return whole_containers(np.minimum(need, self._most(outlook, terms)), position, terms)

    def _most(self, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        between = outlook.window_demand
        if outlook.until_arrival is not None:
            between = between - outlook.until_arrival
        cap = by_class(terms, self.cap, self.cap_by_class)
        return np.asarray(np.ceil(cap * between.mean(axis=0)), dtype=np.int32)
