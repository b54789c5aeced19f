"""One decision: policy, vehicles' room, warehouse's stock. The twin and the live plan use it.

A pure function of its arguments. What it decided can be explained afterwards from the same
numbers, without computing anything a second time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.rationing import MARGINAL, share
from supplynet.replenish.supply import BoolArray, Supply
from supplynet.replenish.trips import pay_trips

__all__ = ["Decision", "Supply", "decide"]

_LIMITS = ("minimum trip", "warehouse short", "truck full", "")


@dataclass(frozen=True, kw_only=True, eq=False)
class Decision:
    """What was wanted and what is granted, with all that went into it.

    Attributes:
        wanted: What the policy asked for, whole containers, shape (replication, pair).
        loaded: What of it fits the vehicle.
        granted: What goes: what the warehouse can give of that; nothing on a vehicle that waits;
            more than wanted on a vehicle that was filled up to its minimum.
        next_minutes: Shadow values, shape (replication, pair): weighted line-minutes that the
            first container which a pair was refused would have saved in expectation. The largest
            over the pairs of a source (vehicle) is what one more container there (room for one)
            is worth. 0 where nothing was refused or nothing is known of demand.
        waiting: Vehicles that are left to the next departure because their load is below the
            minimum and nothing on it is urgent, shape (replication, trip).
        rationing: Name of the rule that shared what was short.
    """

    wanted: IntArray
    loaded: IntArray
    granted: IntArray
    next_minutes: FloatArray
    waiting: BoolArray
    rationing: str
    policy: Policy
    state: DecisionState
    outlook: Outlook
    terms: SupplyTerms
    supply: Supply

    def limits(self, replication: int = 0) -> tuple[str, ...]:
        """Why each pair does not get what it wants, by pair; "" where it does.

        ``minimum trip`` (its vehicle waits, or was filled up), ``warehouse short`` or
        ``truck full``.
        """
        wanted, loaded = self.wanted[replication], self.loaded[replication]
        granted = self.granted[replication]
        waits = self.waiting[replication][self.supply.trip_of_pair] & (wanted > 0)
        which = np.select(
            [waits | (granted > wanted), granted < loaded, loaded < wanted], [0, 1, 2], 3
        )
        return tuple(_LIMITS[index] for index in which)


def decide(
    policy: Policy,
    state: DecisionState,
    outlook: Outlook,
    terms: SupplyTerms,
    supply: Supply,
    *,
    rationing: str = MARGINAL,
) -> Decision:
    """Ask the policy, share what vehicles and warehouse have, and see that trips pay.

    Args:
        policy: Says what it wants, whole containers.
        state: Stock of the pairs, shape (replication, pair).
        outlook: Window demand, shape (path, pair).
        terms: Of the same pairs.
        supply: Of the same pairs.
        rationing: Who gets what where something is short, see ``replenish.rationing``.

    Raises:
        NotFound: No rationing of that name.
    """
    wanted = policy.wanted(state, outlook, terms)
    shared = share(rationing, wanted, state, outlook, terms, supply)
    granted, waiting = pay_trips(shared.granted, state, outlook, terms, supply)
    return Decision(
        wanted=wanted,
        loaded=shared.loaded,
        granted=granted,
        next_minutes=shared.next_minutes,
        waiting=waiting,
        rationing=rationing,
        policy=policy,
        state=state,
        outlook=outlook,
        terms=terms,
        supply=supply,
    )
