"""One decision: policy, then the truck, then the warehouse. Used by the twin and by the live plan.

A pure function of its arguments. What it decided can be explained afterwards from the same
numbers, without computing anything a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.rationing import fit_truck, ration


@runtime_checkable
class HasLevels(Protocol):
    """A policy that orders up to a level; the level is part of its explanation."""

    def levels(self, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Order-up-to level of each pair, shape (pair,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Supply:
    """What a decision may take. Pairs without a limit have none.

    Attributes:
        available: Free stock of each warehouse part, shape (replication, source).
        source_of_pair: Index into ``available``, -1 = a supplier with enough; shape (pair,).
        trip_of_pair: Vehicle of each pair, shape (pair,).
        room_litres: Room of each vehicle, None = no limit.
        litres: Volume of one part, shape (pair,).
    """

    available: IntArray
    source_of_pair: IntArray
    trip_of_pair: IntArray
    room_litres: tuple[float | None, ...]
    litres: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Decision:
    """What was wanted and what is granted, with all that went into it.

    Attributes:
        wanted: What the policy asked for, whole containers, shape (replication, pair).
        loaded: What of it fits the vehicle.
        granted: What the warehouse can give of that.
    """

    wanted: IntArray
    loaded: IntArray
    granted: IntArray
    policy: Policy
    state: DecisionState
    outlook: Outlook
    terms: SupplyTerms
    supply: Supply


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


def decide(
    policy: Policy, state: DecisionState, outlook: Outlook, terms: SupplyTerms, supply: Supply
) -> Decision:
    """Ask the policy, fit the vehicles, and share what the warehouse has.

    Args:
        policy: Says what it wants, whole containers.
        state: Stock of the pairs, shape (replication, pair).
        outlook: Window demand, shape (path, pair).
        terms: Of the same pairs.
        supply: Of the same pairs; competing pairs share a source in proportion to their wants.
    """
    wanted = policy.wanted(state, outlook, terms)
    loaded = _load(wanted, terms, supply)
    granted = _grant(loaded, terms, supply)
    return Decision(
        wanted=wanted,
        loaded=loaded,
        granted=granted,
        policy=policy,
        state=state,
        outlook=outlook,
        terms=terms,
        supply=supply,
    )


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
        levels = decision.policy.levels(decision.outlook, terms)
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


def _load(wanted: IntArray, terms: SupplyTerms, supply: Supply) -> IntArray:
    loaded = wanted
    for trip, room in enumerate(supply.room_litres):
        if room is None:
            continue
        pairs = np.flatnonzero(supply.trip_of_pair == trip)
        if (wanted[:, pairs] @ supply.litres[pairs]).max(initial=0.0) > room:
            loaded = loaded.copy()
            loaded[:, pairs] = fit_truck(
                wanted[:, pairs], supply.litres[pairs], terms.container_size[pairs], room
            )
    return loaded


def _grant(loaded: IntArray, terms: SupplyTerms, supply: Supply) -> IntArray:
    source = supply.source_of_pair
    limited = np.flatnonzero(source >= 0)
    total = np.zeros(supply.available.shape, dtype=np.int64)
    for pair in limited:
        total[:, source[pair]] += loaded[:, pair]
    short = np.flatnonzero((total > supply.available).any(axis=0))
    if not len(short):
        return loaded
    granted = loaded.copy()
    for part in short:
        pairs = np.flatnonzero(source == part)
        granted[:, pairs] = ration(
            loaded[:, pairs], np.maximum(supply.available[:, part], 0), terms.container_size[pairs]
        )
    return granted


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
