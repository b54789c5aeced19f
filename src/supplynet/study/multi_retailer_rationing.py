"""Rationing rules for the one-warehouse model: the product's, and the published floor rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.errors import NotFound
from supplynet.replenish.gains import minutes_per_part
from supplynet.replenish.proportional import ration
from supplynet.replenish.rationing import MARGINAL, min_shortage, share
from supplynet.replenish.supply import Supply
from supplynet.study.multi_retailer import MultiRetailer, Rationing, Shortage

RULES = ("proportional", "proportional-floor", "min-shortage", "marginal")
PATHS = 200
_NOW = datetime(2026, 1, 5, tzinfo=UTC)
_NO_LIMIT = 1_000_000_000


def rationing_of(name: str, model: MultiRetailer, rng: np.random.Generator) -> Rationing:
    """The rule of that name.

    Args:
        name: Of ``RULES``.
        model: What it is to know of demand and lead times.
        rng: Of sampled paths, where the rule looks at demand.

    Raises:
        NotFound: No rule has this name.
    """
    if name == "marginal":
        return _marginal(model, rng)
    if name not in _SIMPLE:
        raise NotFound("rationing", name, f"choose one of {', '.join(RULES)}")
    return _SIMPLE[name]


def _proportional(shortage: Shortage) -> IntArray:
    ones = np.ones(shortage.wanted.shape[1], dtype=np.int32)
    return ration(shortage.wanted, shortage.available, ones)


def _min_shortage(shortage: Shortage) -> IntArray:
    ones = np.ones(shortage.wanted.shape[1], dtype=np.int32)
    return min_shortage(shortage.wanted, shortage.available, ones)


def _floor(shortage: Shortage) -> IntArray:
    """In proportion to the orders, rounded down: what remains stays in the warehouse."""
    claims = shortage.wanted.astype(np.int64)
    total = np.maximum(claims.sum(axis=1), 1)
    share_of_each = claims * shortage.available[:, None] // total[:, None]
    return np.asarray(share_of_each, dtype=np.int32)


_SIMPLE: dict[str, Rationing] = {
    "proportional": _proportional,
    "proportional-floor": _floor,
    "min-shortage": _min_shortage,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Marginal:
    """The product's default rule: to whoever gains the largest drop in expected lost demand.

    Attributes:
        until: Demand of each retailer in the next 0, 1, 2, ... periods: (period, path, retailer).
        lead_times: Of the retailers.
        loses: Whether unmet demand is lost; where it waits, the recursion has nothing to forget.
    """

    until: IntArray
    lead_times: tuple[int, ...]
    loses: bool

    def __call__(self, shortage: Shortage) -> IntArray:
        retailer, lead_times = np.arange(len(self.lead_times)), np.array(self.lead_times)
        state = DecisionState(
            now=_NOW,
            on_hand=shortage.on_hand,
            on_order=shortage.due.sum(axis=0, dtype=np.int32),
            due=shortage.due if self.loses else None,
        )
        outlook = Outlook(
            window_demand=self.until[lead_times + 1, :, retailer].T,
            until_arrival=self.until[lead_times, :, retailer].T if self.loses else None,
            until_due=self.until[: len(shortage.due)] if self.loses else None,
        )
        supply = Supply(
            available=shortage.available[:, None],
            source_of_pair=np.zeros(len(retailer), dtype=np.int32),
            trip_of_pair=np.zeros(len(retailer), dtype=np.int32),
            room_litres=(None,),
            litres=np.zeros(len(retailer)),
        )
        # A missing part costs the same everywhere: what the rule divides by is put back.
        supply = replace(supply, line_weight=1.0 / minutes_per_part(outlook, supply))
        terms = SupplyTerms(
            pairs=tuple(("retailer", str(index)) for index in retailer),
            container_size=np.ones(len(retailer), dtype=np.int32),
            minimum_order=np.zeros(len(retailer), dtype=np.int32),
            bin_maximum=np.full(len(retailer), _NO_LIMIT, dtype=np.int32),
        )
        return share(MARGINAL, shortage.wanted, state, outlook, terms, supply).granted


def _marginal(model: MultiRetailer, rng: np.random.Generator) -> Rationing:
    shape = (max(model.lead_times) + 1, PATHS)
    demand = np.stack([each.draw(rng, shape) for each in model.demands], axis=2)
    until = np.cumsum(demand, axis=0, dtype=np.int32)
    nothing = np.zeros((1, *until.shape[1:]), dtype=np.int32)
    return _Marginal(
        until=np.concatenate([nothing, until]),
        lead_times=model.lead_times,
        loses=model.regime != "backorder",
    )
