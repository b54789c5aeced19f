"""Static thresholds that order where nothing is known of demand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from supplynet.core.network import Plant
from supplynet.core.protocols import DecisionState, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.explain_flip import HasAlphas
from supplynet.replenish.min_max import MinMax, plant_thresholds


@dataclass(frozen=True, kw_only=True)
class WithStandby:
    """A policy, and min/max for pairs whose demand nobody knows at the moment.

    Args:
        policy: Decides for all others.
        thresholds: Reorder point and order-up-to level of every pair, of whoever knows them; asked
            for only when they are needed.
        unknown: (stock point, part) of which nothing is known now.
    """

    policy: Policy
    thresholds: Callable[[], Mapping[tuple[str, str], tuple[int, int]]]
    unknown: Callable[[], Collection[tuple[str, str]]]

    @property
    def name(self) -> str:
        """Name of the policy that usually decides."""
        return self.policy.name

    def alphas(self, terms: SupplyTerms) -> FloatArray:
        """Alpha of each pair, shape (pair,); NaN where thresholds decide or there is none."""
        found = np.full(len(terms.pairs), np.nan)
        if isinstance(self.policy, HasAlphas):
            found = self.policy.alphas(terms).copy()
        found[self._columns(terms)] = np.nan
        return found

    def levels(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Order-up-to level of each pair, shape (replication or 1, pair).

        A policy without levels shows its position plus what it orders.
        """
        own = getattr(self.policy, "levels", None)
        if own is None:
            wanted = self.policy.wanted(state, outlook, terms)
            level: IntArray = state.on_hand + state.on_order + wanted
        else:
            level = own(state, outlook, terms)
        columns = self._columns(terms)
        if len(columns):
            level = level.copy()
            level[:, columns] = self._standby(terms).levels(state, outlook, terms)[:, columns]
        return level

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Whole containers, shape (replication, pair)."""
        wanted = self.policy.wanted(state, outlook, terms)
        columns = self._columns(terms)
        if len(columns):
            wanted = wanted.copy()
            wanted[:, columns] = self._standby(terms).wanted(state, outlook, terms)[:, columns]
        return wanted

    def _columns(self, terms: SupplyTerms) -> IntArray:
        lost = set(self.unknown())
        return np.array([i for i, pair in enumerate(terms.pairs) if pair in lost], dtype=np.int32)

    def _standby(self, terms: SupplyTerms) -> MinMax:
        known = self.thresholds()
        sizes = zip(terms.pairs, terms.container_size.tolist(), strict=True)
        return MinMax(thresholds={pair: known.get(pair, (size, 2 * size)) for pair, size in sizes})


def thresholds_of_rules(plant: Plant) -> dict[tuple[str, str], tuple[int, int]]:
    """What people keep in the supply rules; else a container, and two."""
    sizes = {pair: rule.container_size for pair, rule in plant.supply_rule.items()}
    return {pair: (size, 2 * size) for pair, size in sizes.items()} | plant_thresholds(plant)
