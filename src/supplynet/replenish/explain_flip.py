"""The smallest change that would turn an order into none, or none into an order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.decide import Decision
from supplynet.replenish.exposure import BoolArray, may_lose


@runtime_checkable
class HasLevels(Protocol):
    """A policy that orders up to a level; the level is part of its explanation."""

    def levels(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Order-up-to level of each pair, shape (replication or 1, pair)."""


@runtime_checkable
class HasAlphas(Protocol):
    """A policy that allows each pair a chance of a stock-out."""

    def alphas(self, terms: SupplyTerms) -> FloatArray:
        """Probability that nothing runs out, shape (pair,); NaN where it is not what is asked."""


@runtime_checkable
class HasReorderPoints(Protocol):
    """A policy that orders only once the position has fallen to a point below its level."""

    def reorder_points(self, terms: SupplyTerms) -> IntArray:
        """It orders where the position is at or below this, shape (pair,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Flips:
    """What would flip each decision between an order and none, all else equal; shape (pair,).

    NaN where no such change would, or where something else than the target stands in the way (a
    full bin, a short warehouse).

    Attributes:
        stock: Parts more (above 0) or fewer (below 0) on hand.
        demand: Share by which the demand of the whole window would have to be higher or lower.
        minutes: Working minutes by which the delivery after this one would have to come later or
            earlier, at the mean rate of demand.
    """

    stock: FloatArray
    demand: FloatArray
    minutes: FloatArray


def flips(decision: Decision, levels: IntArray | None, free: BoolArray, replication: int) -> Flips:
    """Where the order would flip.

    A level that counts on lost demand is lower than the one that holds once stock is there: the
    question "how much more would be enough" is put to the policy with that stock in place.

    Args:
        decision: What was decided.
        levels: Order-up-to levels of this replication, shape (pair,); None = a policy without.
        free: Pairs whose decision the target alone has set, shape (pair,).
        replication: Which.
    """
    at, pairs = replication, len(decision.terms.pairs)
    nowhere = np.full(pairs, np.nan)
    if levels is None:
        return Flips(stock=nowhere, demand=nowhere, minutes=nowhere)
    on_hand = decision.state.on_hand[at]
    position = on_hand + decision.state.on_order[at]
    ordered = decision.wanted[at] > 0
    below = _orders_below(decision, levels, at)
    gap = np.where(ordered, below - position, below - position - 1).astype(np.float64)
    free = free & (gap != 0) & (gap >= -on_hand)
    stock = np.where(free, gap, nowhere)
    if isinstance(decision.policy, HasReorderPoints):  # its thresholds know nothing of demand
        return Flips(stock=stock, demand=nowhere, minutes=nowhere)
    demand = np.where(free & (below > 0), -gap / np.maximum(below, 1), nowhere)
    return Flips(stock=stock, demand=demand, minutes=_minutes(decision, stock))


def _minutes(decision: Decision, stock: FloatArray) -> FloatArray:
    length = decision.supply.window_minutes
    if length is None:
        return np.full_like(stock, np.nan)
    rate = decision.outlook.window_demand.mean(axis=0) / np.maximum(length, 1.0)
    moved = -stock / np.where(rate > 0, rate, np.nan)
    return np.asarray(np.where(moved > -length, moved, np.nan))


def _orders_below(decision: Decision, levels: IntArray, replication: int) -> IntArray:
    """The position below which each pair gets an order, shape (pair,)."""
    policy, terms = decision.policy, decision.terms
    if isinstance(policy, HasReorderPoints):
        return np.asarray(policy.reorder_points(terms) + 1)
    losing = may_lose(decision.state, decision.outlook)[replication]
    pairs = np.flatnonzero(losing & (decision.wanted[replication] > 0)).astype(np.int32)
    if not len(pairs) or not isinstance(policy, HasLevels):
        return levels
    outlook = decision.outlook.select(pairs)
    here = decision.state.select(pairs)
    enough = replace(here, on_hand=here.on_hand + outlook.window_demand.max(axis=0))
    found = levels.copy()
    every = policy.levels(enough, outlook, terms.select(pairs))
    found[pairs] = every[min(replication, len(every) - 1)]
    return found
