"""Why an order has its size: the numbers behind one decision, from the decision itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.replenish.decide import Decision, Supply


@runtime_checkable
class HasLevels(Protocol):
    """A policy that orders up to a level; the level is part of its explanation."""

    def levels(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Order-up-to level of each pair, shape (replication or 1, pair)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one order has its size. Quantities in parts.

    Attributes:
        window_low, window_likely, window_high: 5, 50 and 95 % quantile of the demand from now
            until the order after this one can arrive.
        level: Order-up-to level; None for a policy without one.
        need: Level minus position, before containers, bins and shortage; None likewise.
        available: Free stock at the warehouse before this decision; None = a supplier.
        binding: What set the size: ``enough stock``, ``level``, ``pack rounding``,
            ``minimum order``, ``bin full``, ``truck full`` or ``warehouse short``.
    """

    stock_point_id: str
    part_id: str
    on_hand: int
    on_order: int
    position: int
    window_low: int
    window_likely: int
    window_high: int
    level: int | None
    need: int | None
    container_size: int
    bin_room: int
    available: int | None
    wanted: int
    granted: int
    binding: str


def explain(decision: Decision, replication: int = 0) -> tuple[Explanation, ...]:
    """The numbers behind a decision, one entry per pair, orders of 0 included."""
    state, terms, supply = decision.state, decision.terms, decision.supply
    on_hand, on_order = state.on_hand[replication], state.on_order[replication]
    position = on_hand + on_order
    window = np.quantile(
        decision.outlook.window_demand, (0.05, 0.5, 0.95), axis=0, method="inverted_cdf"
    ).astype(np.int64)
    levels = None
    if isinstance(decision.policy, HasLevels):
        every = decision.policy.levels(state, decision.outlook, terms)
        levels = every[min(replication, len(every) - 1)]
    return tuple(
        Explanation(
            stock_point_id=terms.pairs[pair][0],
            part_id=terms.pairs[pair][1],
            on_hand=int(on_hand[pair]),
            on_order=int(on_order[pair]),
            position=int(position[pair]),
            window_low=int(window[0, pair]),
            window_likely=int(window[1, pair]),
            window_high=int(window[2, pair]),
            level=None if levels is None else int(levels[pair]),
            need=None if levels is None else max(int(levels[pair] - position[pair]), 0),
            container_size=int(terms.container_size[pair]),
            bin_room=max(int(terms.bin_maximum[pair] - position[pair]), 0),
            available=_available(supply, replication, pair),
            wanted=int(decision.wanted[replication, pair]),
            granted=int(decision.granted[replication, pair]),
            binding=_binding(decision, levels, replication, pair),
        )
        for pair in range(len(terms.pairs))
    )


def _available(supply: Supply, replication: int, pair: int) -> int | None:
    source = int(supply.source_of_pair[pair])
    return None if source < 0 else max(int(supply.available[replication, source]), 0)


def _binding(decision: Decision, levels: IntArray | None, replication: int, pair: int) -> str:
    at = (replication, pair)
    wanted, loaded = int(decision.wanted[at]), int(decision.loaded[at])
    if decision.granted[at] < loaded:
        return "warehouse short"
    if loaded < wanted:
        return "truck full"
    if levels is None:
        return "level" if wanted else "enough stock"
    position = decision.state.on_hand[at] + decision.state.on_order[at]
    need = max(int(levels[pair] - position), 0)
    terms = decision.terms
    if wanted < need:
        room = int(terms.bin_maximum[pair] - position)
        full = room < max(need, int(terms.container_size[pair]), int(terms.minimum_order[pair]))
        return "bin full" if full else "enough stock"
    if wanted == need:
        return "level" if wanted else "enough stock"
    packs = -(-need // int(terms.container_size[pair])) * int(terms.container_size[pair])
    return "minimum order" if wanted > packs else "pack rounding"
