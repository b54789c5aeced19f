"""One decision: policy, then the truck, then the warehouse. Used by the twin and by the live plan.

A pure function of its arguments. What it decided can be explained afterwards from the same
numbers, without computing anything a second time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.rationing import fit_truck, ration


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
