"""Ordering rules for the lost-sales model, with the exact distribution of demand.

All take states ``(x, q_1, ..., q_{L-1})``, shape (state, max(L, 1)), and give orders, shape
(state,). Those that look ahead push the distribution of the stock through the lost-sales recursion
until the order arrives, as ``replenish.exposure`` does with sample paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.study.exact_chain import FixedOrders
from supplynet.study.exact_states import States
from supplynet.study.lost_sales_model import LostSales

_CELLS = 4_000_000
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class BaseStock:
    """Order up to ``level``, at most ``cap`` parts at once (None = no cap)."""

    level: int
    cap: int | None = None

    @property
    def limit(self) -> int:
        """Highest position."""
        return self.level

    @property
    def most(self) -> int:
        """Largest order."""
        return self.level if self.cap is None else min(self.cap, self.level)

    def orders(self, states: IntArray) -> IntArray:
        """Level minus position, at most the cap."""
        wanted = np.clip(self.level - states.sum(axis=1), 0, self.most)
        return np.asarray(wanted, dtype=np.int32)


@dataclass(frozen=True, kw_only=True)
class Reorder:
    """Order when the position is ``point`` or less: for models with a fixed order cost.

    Args:
        point: The reorder point s.
        level: (s, S): order up to it. None for lots.
        lot: (s, nQ): the least number of lots that brings the position above ``point``. With
            ``level``: the most that is ordered at once, "modified (s, S, q)".
    """

    point: int
    level: int | None = None
    lot: int | None = None

    @property
    def limit(self) -> int:
        """Highest position."""
        return self.point + (self.lot or 0) if self.level is None else self.level

    @property
    def most(self) -> int:
        """Largest order."""
        if self.level is None:
            return self.limit
        return self.level if self.lot is None else min(self.lot, self.level)

    def orders(self, states: IntArray) -> IntArray:
        """Nothing above the point; else up to the level, or whole lots."""
        position = states.sum(axis=1)
        if self.level is None:
            lot = self.lot or 1
            wanted = ((self.point - position) // lot + 1) * lot
        else:
            wanted = np.minimum(self.level - position, self.most)
        return np.where(position <= self.point, wanted, 0).astype(np.int32)


@dataclass(frozen=True, kw_only=True)
class ProjectedInventory:
    """Raise the expected stock at the order's arrival to ``level`` (van Jaarsveld & Arts 2024)."""

    model: LostSales
    level: float

    @property
    def limit(self) -> int:
        """Highest position: at most the mean demand of the lead time is lost from it."""
        return int(np.ceil(self.level + self.model.lead_time * self.model.demand.mean)) + 1

    @property
    def most(self) -> int:
        """Largest order."""
        return int(np.ceil(self.level)) + 1

    def orders(self, states: IntArray) -> IntArray:
        """Level minus expected stock, to the nearest whole part."""
        wanted = np.empty(len(states), dtype=np.int32)
        for rows, chance in stock_at_arrival(self.model, states):
            expected = chance @ np.arange(chance.shape[1])
            wanted[rows] = np.floor(np.maximum(self.level - expected, 0.0) + 0.5 + _ROUNDING)
        return wanted


@dataclass(frozen=True, kw_only=True)
class NoStockoutExact:
    """The smallest order with which the period of its arrival has enough with probability alpha.

    ``replenish.no_stockout`` with infinitely many paths. At the critical ratio it is the myopic
    policy, which minimises the expected cost of that period (Morton 1971).
    """

    model: LostSales
    alpha: float

    @property
    def limit(self) -> int:
        """Highest position: what is lost before the arrival only lowers what is needed."""
        return self.model.demand.quantile(self.alpha, self.model.lead_time + 1)

    @property
    def most(self) -> int:
        """Largest order: that into empty stock."""
        return self.model.demand.quantile(self.alpha)

    def orders(self, states: IntArray) -> IntArray:
        """The alpha-quantile of what is missing in that period."""
        chance = chance_of_enough(self.model, states, self.most)
        return orders_at(chance, self.alpha)


@dataclass(frozen=True, kw_only=True)
class TwoPeriodMyopic:
    """Minimise the expected cost of the arrival's period and the one after (Zipkin's Myopic2).

    The order after this one is assumed to be the myopic one.
    """

    model: LostSales

    @property
    def limit(self) -> int:
        """Highest position."""
        return self.model.newsvendor_level

    @property
    def most(self) -> int:
        """Largest order."""
        return self.model.demand.quantile(self.model.critical_ratio)

    def orders(self, states: IntArray) -> IntArray:
        """The order with the least cost of two periods."""
        every = States(self.model.lead_time, self.limit, self.most)
        cost = arrival_cost(self.model, every.all, self.most)
        following, nothing = cost.min(axis=1), np.zeros(every.size)
        position = every.all.sum(axis=1)
        for order in range(self.most + 1):
            fits = position + order <= self.limit
            ordered = np.where(fits, order, 0).astype(np.int32)
            chain = FixedOrders(self.model, every, ordered, everywhere=True)
            ahead = np.empty(every.size)
            ahead[chain.reached] = chain.step(following) - chain.step(nothing)
            cost[:, order] += np.where(fits, ahead, np.inf)
        pipeline = states[:, 1:] if self.model.lead_time > 1 else states[:, :0]
        at = every.number(states[:, 0], pipeline)
        return np.asarray(cost.argmin(axis=1)[at], dtype=np.int32)


def stock_at_arrival(model: LostSales, states: IntArray) -> Iterator[tuple[slice, FloatArray]]:
    """Chances of the stock just before an order of now arrives.

    Yields:
        Some states, and the probability of 0, 1, 2, ... parts, shape (state, stock).
    """
    width = int(states.sum(axis=1).max(initial=0)) + 1
    left = model.demand.left(width)
    stock = np.arange(width)
    block = max(_CELLS // width, 1)
    for begin in range(0, len(states), block):
        rows = slice(begin, min(begin + block, len(states)))
        on_hand = states[rows, 0]
        chance = left[on_hand] if model.lead_time else np.eye(width)[on_hand]
        for due in states[rows, 1:].T:
            source = stock[None] - due[:, None]
            moved = np.take_along_axis(chance, np.maximum(source, 0), axis=1)
            chance = np.where(source >= 0, moved, 0.0) @ left
        yield rows, chance


def chance_of_enough(model: LostSales, states: IntArray, most: int) -> FloatArray:
    """Probability that the arrival's period has enough, shape (state, order of 0 to ``most``)."""
    found = np.empty((len(states), most + 1))
    for rows, chance in stock_at_arrival(model, states):
        stock = np.arange(chance.shape[1])[:, None] + np.arange(most + 1)[None]
        found[rows] = chance @ model.demand.within(int(stock.max()) + 1)[stock]
    return found


def arrival_cost(model: LostSales, states: IntArray, most: int) -> FloatArray:
    """Expected cost of the arrival's period, shape (state, order of 0 to ``most``)."""
    found = np.empty((len(states), most + 1))
    for rows, chance in stock_at_arrival(model, states):
        stock = np.arange(chance.shape[1])[:, None] + np.arange(most + 1)[None]
        found[rows] = chance @ model.period_cost(int(stock.max()) + 1)[stock]
    return found


def orders_at(chance: FloatArray, alpha: float) -> IntArray:
    """The smallest order with a chance of at least alpha, from ``chance_of_enough``."""
    needed = (chance < alpha - 1e-12).sum(axis=1)
    return np.asarray(np.minimum(needed, chance.shape[1] - 1), dtype=np.int32)
