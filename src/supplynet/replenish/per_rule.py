"""Different policies for different supply rules, behind the one interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import DecisionState, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.replenish.explain_flip import HasAlphas, HasLevels

_Index = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class PerRule:
    """Every pair is decided by the policy that its supply rule names, else by the plant's own.

    Args:
        usual: For pairs that name none.
        others: By name.
        named: The names, by (stock point, part); names that ``others`` lacks count as none.
    """

    usual: Policy
    others: Mapping[str, Policy]
    named: Mapping[tuple[str, str], str]

    @property
    def name(self) -> str:
        """Name of the usual policy: orders are filed under it."""
        return self.usual.name

    def policy_of(self, pair: tuple[str, str]) -> Policy:
        """Who decides for a pair."""
        return self.others.get(self.named.get(pair, ""), self.usual)

    def alphas(self, terms: SupplyTerms) -> FloatArray:
        """Alpha of each pair by its own policy, shape (pair,); NaN where that knows none."""
        found = np.full(len(terms.pairs), np.nan)
        for policy, pairs in self._shares(terms):
            if isinstance(policy, HasAlphas):
                found[pairs] = policy.alphas(terms.select(pairs))
        return found

    def levels(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Level of each pair, shape (replication, pair); the position where a policy has none."""
        found = state.on_hand + state.on_order
        for policy, pairs in self._shares(terms):
            if isinstance(policy, HasLevels):
                part = state.select(pairs), outlook.select(pairs), terms.select(pairs)
                found[:, pairs] = policy.levels(*part)
        return found

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """What each pair's own policy wants."""
        found = np.zeros_like(state.on_hand)
        for policy, pairs in self._shares(terms):
            part = state.select(pairs), outlook.select(pairs), terms.select(pairs)
            found[:, pairs] = policy.wanted(*part)
        return found

    def _shares(self, terms: SupplyTerms) -> Iterator[tuple[Policy, _Index]]:
        """Each policy with its pairs."""
        own = [self.policy_of(pair) for pair in terms.pairs]
        for policy in {id(each): each for each in own}.values():
            yield policy, np.flatnonzero([each is policy for each in own])
