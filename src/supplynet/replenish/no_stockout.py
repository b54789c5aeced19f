"""The default policy: the smallest order that keeps the chance of a stock-out small enough.

"Fixed no-stock-out probability": order the smallest quantity for which the chance that nothing
runs out between the arrival of this order and the arrival of the next is at least ``alpha``, on
paths pushed through the true lost-sales recursion (de Kok & Meijer 2023, arXiv 2304.06936, call
it FP3). With alpha tuned by simulation it costs within 0.1 % of the optimum of single-item
lost-sales models, where the best base-stock level costs 1 to 10 % more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.exposure import blocks_of_cells, effective_of_cells, may_lose
from supplynet.replenish.packs import whole_containers
from supplynet.replenish.pair_settings import by_class
from supplynet.replenish.tail import level_of


@dataclass(frozen=True, kw_only=True)
class NoStockout:
    """Level = ``alpha``-quantile of the effective demand of the window, minus the position.

    Args:
        alpha: Probability in (0, 1) that nothing runs out between the arrival of this order and
            that of the next. Tuned by simulation; a promise of one halt a year needs about 0.9999
            for each part of a line.
        spread: Factor on the distance of the level from the mean, >= 0; 1 trusts the forecast.
        by_class: Other alphas for criticality classes.
        by_pair: Other alphas for (stock point, part), before those of classes: from a promise
            that is shared out over the parts of a line.
    """

    alpha: float
    spread: float = 1.0
    by_class: Mapping[str, float] = field(default_factory=dict)
    by_pair: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for alpha in (self.alpha, *self.by_class.values(), *self.by_pair.values()):
            if not 0.0 < alpha < 1.0:
                raise InvalidInput(f"no_stockout: alpha is {alpha}; use a number between 0 and 1")
        if self.spread < 0.0:
            raise InvalidInput(f"no_stockout: spread is {self.spread}; use 0 or more")

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "no_stockout"

    def alphas(self, terms: SupplyTerms) -> FloatArray:
        """Alpha of each pair, shape (pair,)."""
        usual = by_class(terms, self.alpha, self.by_class)
        if not self.by_pair:
            return usual
        every = zip(terms.pairs, usual.tolist(), strict=True)
        return np.array([self.by_pair.get(pair, alpha) for pair, alpha in every])

    def levels(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Level that the position should reach, shape (replication, pair)."""
        alphas = self.alphas(terms)
        plain = level_of(outlook.window_demand, alphas, self.spread)
        level = np.broadcast_to(plain, state.on_hand.shape).copy()
        row, pair = np.nonzero(may_lose(state, outlook))
        for cells in blocks_of_cells(len(row), outlook):
            at = row[cells], pair[cells]
            effective = effective_of_cells(state, outlook, *at)
            level[at] = level_of(effective, alphas[pair[cells]], self.spread)
        return level

    def wanted(self, state: DecisionState, outlook: Outlook, terms: SupplyTerms) -> IntArray:
        """Level minus position, rounded up to containers, within the bin."""
        position = state.on_hand + state.on_order
        return whole_containers(self.levels(state, outlook, terms) - position, position, terms)
