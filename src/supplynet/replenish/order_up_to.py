"""Order up to a quantile of the demand until the next delivery after this one."""

from __future__ import annotations

from dataclasses import dataclass

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.packs import whole_containers
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
    """

    alpha: float
    spread: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0:
            raise InvalidInput(f"order_up_to: alpha is {self.alpha}; use a number between 0 and 1")
        if self.spread < 0.0:
            raise InvalidInput(f"order_up_to: spread is {self.spread}; use 0 or more")

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "order_up_to"

    def levels(
        self,
        state: DecisionState,  # noqa: ARG002 - the level does not depend on it
        outlook: Outlook,
        terms: SupplyTerms,  # noqa: ARG002 - nor on this
    ) -> IntArray:
        """Order-up-to level of each pair, shape (1, pair)."""
        return level_of(outlook.window_demand, self.alpha, self.spread)[None]

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Level minus position, rounded up to containers, within the bin."""
        position = state.on_hand + state.on_order
        return whole_containers(self.levels(state, outlook, terms) - position, position, terms)
