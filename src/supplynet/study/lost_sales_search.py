"""The best parameters of each rule of the lost-sales model, found on its exact chain.

Where the chain has too many states the rule is simulated instead, all candidates on the same
demand; whoever scores the winner then uses another seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, inf, nan

import numpy as np

from supplynet.study.exact import Rule, evaluate, evaluate_orders
from supplynet.study.exact_states import States, count_states
from supplynet.study.lost_sales import Measured, Run, measure
from supplynet.study.lost_sales_grid import Point, best_alpha, descend, zoom
from supplynet.study.lost_sales_model import LostSales
from supplynet.study.lost_sales_rules import (
    BaseStock,
    NoStockoutExact,
    ProjectedInventory,
    Reorder,
    TwoPeriodMyopic,
    chance_of_enough,
    orders_at,
)

SEARCHED_STATES = 1_500_000
"""Rules with more states are simulated: a search evaluates dozens of candidates."""
_ROUGH = 1e-5
"""Tolerance on the way; the winner is evaluated to ``exact.TOLERANCE``."""
Parameters = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A rule with its best parameters and their cost."""

    rule: Rule
    parameters: Parameters
    cost: Measured
    exact: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Search:
    """Looks for the best parameters of one model's rules.

    Args:
        model: The item.
        run: How much to simulate where the chain has too many states.
        seed: Of that.
    """

    model: LostSales
    run: Run
    seed: int

    def found(self, rule: Rule, parameters: Parameters) -> Found:
        """A rule with given parameters."""
        exact = self._fits(rule)
        cost = (
            Measured(mean_cost=evaluate(self.model, rule).cost, standard_error=nan, decisions=0)
            if exact
            else measure(self.model, lambda _rng: rule, self.run, self.seed + 1)
        )
        return Found(rule=rule, parameters=parameters, cost=cost, exact=exact)

    def newsvendor(self) -> Found:
        """The base-stock level that is optimal where unmet demand waits."""
        level = self.model.newsvendor_level
        return self.found(BaseStock(level=level), {"level": level})

    def base_stock(self) -> Found:
        """The best base-stock level."""
        best = self._best(
            lambda point: BaseStock(level=point[0]), (self.model.newsvendor_level,), (0,)
        )
        return self.found(BaseStock(level=best[0]), {"level": best[0]})

    def capped_base_stock(self) -> Found:
        """The best base-stock level with a cap on one order."""
        most = self.model.demand.quantile(self.model.critical_ratio)
        best = self._best(
            lambda point: BaseStock(level=point[0], cap=point[1]),
            (self.model.newsvendor_level, most),
            (0, 1),
        )
        return self.found(BaseStock(level=best[0], cap=best[1]), {"level": best[0], "cap": best[1]})

    def projected_inventory(self) -> Found:
        """The best projected inventory level, in quarters of a part."""
        highest = self.model.demand.quantile(self.model.critical_ratio)

        def below(distance: float) -> float:
            rule = self._projected(highest - distance)
            return self._cost(rule) if distance < highest else inf

        level = highest - zoom(below, 0.0, (1.0, 0.25), highest)
        return self.found(self._projected(level), {"level": level})

    def myopic(self) -> Found:
        """The least cost of the period of the order's arrival."""
        alpha = self.model.critical_ratio
        return self.found(NoStockoutExact(model=self.model, alpha=alpha), {"alpha": alpha})

    def two_period_myopic(self) -> Found:
        """The least cost of that period and the one after."""
        return self.found(TwoPeriodMyopic(model=self.model), {})

    def no_stockout(self) -> Found:
        """The best alpha."""
        most = NoStockoutExact(model=self.model, alpha=self.model.critical_ratio)
        cost = self._cost_by_alpha(most) if self._fits(most) else self._simulated_by_alpha
        alpha = best_alpha(self.model, cost)
        return self.found(NoStockoutExact(model=self.model, alpha=alpha), {"alpha": alpha})

    def reorder_up_to(self) -> Found:
        """The best (s, S)."""
        best = self._best(
            lambda point: Reorder(point=point[0], level=point[0] + point[1]),
            self._reorder_start(),
            (0, 1),
        )
        point, level = best[0], best[0] + best[1]
        return self.found(Reorder(point=point, level=level), {"point": point, "level": level})

    def reorder_lots(self) -> Found:
        """The best (s, nQ)."""
        best = self._best(
            lambda point: Reorder(point=point[0], lot=point[1]), self._reorder_start(), (0, 1)
        )
        return self.found(Reorder(point=best[0], lot=best[1]), {"point": best[0], "lot": best[1]})

    def modified_reorder(self) -> Found:
        """The best modified (s, S, q): up to S, but never more than q at once."""
        start = (*self._reorder_start(), self._reorder_start()[1])
        best = self._best(
            lambda point: Reorder(point=point[0], level=point[0] + point[1], lot=point[2]),
            start,
            (0, 1, 1),
        )
        point, level, lot = best[0], best[0] + best[1], best[2]
        return self.found(
            Reorder(point=point, level=level, lot=lot),
            {"point": point, "level": level, "lot": lot},
        )

    def _projected(self, level: float) -> ProjectedInventory:
        return ProjectedInventory(model=self.model, level=level)

    def _reorder_start(self) -> Point:
        model = self.model
        lot = ceil((2 * model.fixed_cost * model.demand.mean / model.holding) ** 0.5)
        return max(model.newsvendor_level - max(lot, 1), 0), max(lot, 1)

    def _fits(self, rule: Rule) -> bool:
        return count_states(self.model.lead_time, rule.limit, rule.most) <= SEARCHED_STATES

    def _best(self, make: Callable[[Point], Rule], start: Point, least: Point) -> Point:
        return descend(lambda point: self._cost(make(point)), start, least)

    def _cost(self, rule: Rule) -> float:
        if self._fits(rule):
            return evaluate(self.model, rule, _ROUGH).cost
        return measure(self.model, lambda _rng: rule, self.run, self.seed).mean_cost

    def _cost_by_alpha(self, most: NoStockoutExact) -> Callable[[float], float]:
        """The chances of all orders in all states are the same for every alpha: found once."""
        states = States(self.model.lead_time, most.limit, most.most)
        chance = chance_of_enough(self.model, states.all, most.most)
        value = np.zeros(states.size)

        def cost(alpha: float) -> float:
            orders = orders_at(chance, alpha)
            return evaluate_orders(self.model, states, orders, _ROUGH, value).cost

        return cost

    def _simulated_by_alpha(self, alpha: float) -> float:
        return self._cost(NoStockoutExact(model=self.model, alpha=alpha))


RULES: dict[str, Callable[[Search], Found]] = {
    "newsvendor": Search.newsvendor,
    "base_stock": Search.base_stock,
    "capped_base_stock": Search.capped_base_stock,
    "projected_inventory": Search.projected_inventory,
    "myopic": Search.myopic,
    "two_period_myopic": Search.two_period_myopic,
    "no_stockout": Search.no_stockout,
    "reorder_up_to": Search.reorder_up_to,
    "reorder_lots": Search.reorder_lots,
    "modified_reorder": Search.modified_reorder,
}
