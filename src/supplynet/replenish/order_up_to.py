"""Order up to a quantile of the demand until the next delivery after this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.packs import whole_containers
from supplynet.replenish.pair_settings import by_class
from supplynet.replenish.tail import level_of


@dataclass(frozen=True, kw_only=True)
class OrderUpTo:
    """Level = ``alpha``-quantile of the window sum on joint paths, minus the inventory position.

    The quantile of the sum, never the sum of quantiles: for Poisson demand of 5 in 3 shifts the
    95 % level is 22, the sum of the shifts' quantiles would be 27.

    Args:
        alpha: Probability in (0, 1) that the window's demand stays within the level. Tuned by
            replay: under lost sales the best one is a little below the critical ratio.
        spread: Factor on the distance of the level from mean window demand, >= 0. 1 trusts the
            forecast's spread; more corrects one that is too sure of itself. Tuned by replay.
        by_class: Other alphas for criticality classes.
    """

    alpha: float
    spread: float = 1.0
    by_class: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for alpha in (self.alpha, *self.by_class.values()):
            if not 0.0 < alpha < 1.0:
                raise InvalidInput(f"{self.name}: alpha is {alpha}; use a number between 0 and 1")
        if self.spread < 0.0:
            raise InvalidInput(f"{self.name}: spread is {self.spread}; use 0 or more")

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "order_up_to"

    def alphas(self, terms: SupplyTerms) -> FloatArray:
        """Alpha of each pair, shape (pair,)."""
        return by_class(terms, self.alpha, self.by_class)

    def levels(
        self,
        state: DecisionState,  # noqa: ARG002 - the level does not depend on it
        outlook: Outlook,
        terms: SupplyTerms,
    ) -> IntArray:
        """Order-up-to level of each pair, shape (1, pair)."""
        return level_of(outlook.window_demand, self.alphas(terms), self.spread)[None]

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Level minus position, rounded up to containers, within the bin."""
        position = state.on_hand + state.on_order
        return whole_containers(self.levels(state, outlook, terms) - position, position, terms)
