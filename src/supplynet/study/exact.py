"""Exact average cost under lost sales: the optimum, and any policy that looks at the state.

Relative value iteration over all states. Three things make it fast in plain numpy: Zipkin's bounds
(2008, Operations Research 56: an order never exceeds the critical quantile of one period's demand,
the position never that of the exposure window), expectation over demand before the choice of the
order, as one matrix product per sum of the pipeline, and a numbering of states under which every
operand of these products is a plain view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.study.exact_chain import FixedOrders, choices
from supplynet.study.exact_states import States
from supplynet.study.lost_sales_model import LostSales

TOLERANCE = 1e-7
"""Least and largest increment of an iteration bound the average cost; they are this close."""
MOST_ITERATIONS = 20_000
_DAMPED_FROM = 2_000
"""Chains that go round in circles converge when every step is only half made."""
_EXACT_UNTIL = 500
_WIDENED = 1.4


class Rule(Protocol):
    """A policy as a function of the state.

    Attributes:
        limit: The position after ordering never exceeds it, nor does a state it is asked about.
        most: Largest order.
    """

    @property
    def limit(self) -> int: ...  # noqa: D102

    @property
    def most(self) -> int: ...  # noqa: D102

    def orders(self, states: IntArray) -> IntArray:
        """Order in each state ``(x, q_1, ..., q_{L-1})``, shape (state,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution:
    """What was found.

    Attributes:
        cost: Average cost per period.
        states: All states.
        orders: Order in each of them, shape (state,).
        iterations: Until the bounds met.
    """

    cost: float
    states: States
    orders: IntArray
    iterations: int


def solve(model: LostSales, tolerance: float = TOLERANCE) -> Solution:
    """The optimal policy and its average cost.

    Poisson demand of 5 with lead time 4 and penalty 39 has 27,951 states, geometric 231,595.

    Raises:
        InvalidInput: More states than ``exact_states.MOST_STATES``, or no convergence.
    """
    most = model.demand.quantile(model.critical_ratio)
    limit = model.newsvendor_level
    if model.fixed_cost == 0.0:
        return _solve_within(model, limit, most, tolerance)
    # Zipkin's bounds do not hold with a fixed cost: add about one economic lot, and look.
    lot = int(np.ceil(np.sqrt(2 * model.fixed_cost * model.demand.mean / model.holding)))
    limit, most = limit + lot, most + lot
    while True:
        found = _solve_within(model, limit, most, tolerance)
        if not _touches(found):
            return found
        limit, most = int(limit * _WIDENED) + 1, int(most * _WIDENED) + 1


def evaluate(model: LostSales, rule: Rule, tolerance: float = TOLERANCE) -> Solution:
    """The average cost of a rule that begins with empty stock, on the same chain.

    Raises:
        InvalidInput: More states than ``exact_states.MOST_STATES``, an order beyond the rule's own
            limits, or no convergence.
    """
    states = States(model.lead_time, rule.limit, rule.most)
    return evaluate_orders(model, states, rule.orders(states.all), tolerance)


def evaluate_orders(
    model: LostSales,
    states: States,
    orders: IntArray,
    tolerance: float = TOLERANCE,
    value: FloatArray | None = None,
) -> Solution:
    """The average cost of given orders, shape (state,), that stay within ``states``.

    Args:
        model: The item.
        states: All that can come up.
        orders: In each of them.
        tolerance: Width of the interval in which the average cost is known to lie.
        value: Where to begin, shape (state,); the result is written to it. Values of a policy that
            hardly differs save most of the iterations.
    """
    _refuse_outside(states, orders)
    chain = FixedOrders(model, states, orders)
    whole = np.zeros(states.size) if value is None else value

    def step(reached: FloatArray) -> FloatArray:
        whole[chain.reached] = reached
        return chain.step(whole)

    cost, iterations = _iterate(step, whole[chain.reached], tolerance)
    return Solution(cost=cost, states=states, orders=orders, iterations=iterations)


def _iterate(
    step: Callable[[FloatArray], FloatArray], value: FloatArray, tolerance: float
) -> tuple[float, int]:
    from threadpoolctl import threadpool_limits

    low, high = -np.inf, np.inf
    with threadpool_limits(limits=1, user_api="blas"):  # the products are too small to share
        for iteration in range(1, MOST_ITERATIONS + 1):
            following = step(value)
            change = following - value
            low, high = float(change.min()), float(change.max())
            if iteration == _EXACT_UNTIL:  # enormous values are not known to more digits
                tolerance = max(tolerance, 1e-13 * float(np.abs(value).max()))
            if high - low < tolerance:
                return (low + high) / 2, iteration
            if iteration > _DAMPED_FROM:
                following = (following + value) / 2
            value = following - following[0]
    raise InvalidInput(
        f"the average cost lies between {low:g} and {high:g} after {MOST_ITERATIONS:,} iterations: "
        "it depends on the state that the policy begins in"
    )


def _solve_within(model: LostSales, limit: int, most: int, tolerance: float) -> Solution:
    states = States(model.lead_time, limit, most)
    chain = choices(model, states)
    value = np.zeros(states.size)
    kept: list[FloatArray] = [value]

    def step(value: FloatArray) -> FloatArray:
        kept[0] = value
        return chain.step(value)

    cost, iterations = _iterate(step, value, tolerance)
    return Solution(cost=cost, states=states, orders=chain.orders(kept[0]), iterations=iterations)


def _touches(found: Solution) -> bool:
    """Whether some order is as large as it was allowed to be."""
    states, orders = found.states, found.orders
    position = states.all.sum(axis=1) + orders
    at_limit = (orders > 0) & (position >= states.limit)
    return bool(at_limit.any() or (orders >= states.most).any())


def _refuse_outside(states: States, orders: IntArray) -> None:
    position = states.all.sum(axis=1) + orders
    if (orders < 0).any() or (orders > states.most).any() or (position > states.limit).any():
        raise InvalidInput(
            f"the rule orders {orders.min()} to {orders.max()} parts, up to a position of "
            f"{position.max()}; it said 0 to {states.most}, up to {states.limit}"
        )
