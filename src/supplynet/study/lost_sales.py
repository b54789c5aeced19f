"""The lost-sales model simulated, with the product's own policies deciding from sampled paths.

Many replications side by side. A policy of ``replenish`` sees what it sees in a plant: stock, what
is under way vehicle by vehicle, and joint paths of demand until each of them can be used. The paths
of one replication stay the same from period to period, so a decision is a function of the state
and is remembered; several independent sets of paths show what their luck is worth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from supplynet.core.protocols import DecisionState, Outlook, Policy, SupplyTerms
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.study.lost_sales_model import LostSales

_NOW = datetime(2026, 1, 5, tzinfo=UTC)
_NO_LIMIT = 1_000_000_000
_BLOCK = 200
"""Periods whose demand is drawn at once."""
_LARGEST_CODE = 2**62


class Orders(Protocol):
    """Anything that gives orders for states, such as the rules of ``lost_sales_rules``."""

    def orders(self, states: IntArray) -> IntArray:
        """Order in each state ``(x, q_1, ..., q_{L-1})``, shape (state,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampled:
    """A policy of the product that decides from sampled paths of this model's demand.

    Args:
        policy: Of ``replenish``.
        outlook: One pair; ``until_due`` has one row per order that is under way.
    """

    policy: Policy
    outlook: Outlook

    def orders(self, states: IntArray) -> IntArray:
        """What the policy wants; each state is a replication of the same pair."""
        under_way = states[:, 1:]
        state = DecisionState(
            now=_NOW,
            on_hand=states[:, :1],
            on_order=under_way.sum(axis=1, keepdims=True, dtype=np.int32),
            due=np.ascontiguousarray(under_way.T)[:, :, None],
        )
        return self.policy.wanted(state, self.outlook, _TERMS)[:, 0]


_TERMS = SupplyTerms(
    pairs=(("stock", "item"),),
    container_size=np.ones(1, dtype=np.int32),
    minimum_order=np.zeros(1, dtype=np.int32),
    bin_maximum=np.full(1, _NO_LIMIT, dtype=np.int32),
)


def sampled(model: LostSales, policy: Policy, paths: int, rng: np.random.Generator) -> Sampled:
    """The policy with its own set of paths."""
    until = np.cumsum(model.demand.draw(rng, (paths, model.lead_time + 1)), axis=1, dtype=np.int32)
    before = np.column_stack([np.zeros(paths, dtype=np.int32), until])
    return Sampled(
        policy=policy,
        outlook=Outlook(
            window_demand=until[:, -1:],
            until_arrival=before[:, model.lead_time, None],
            until_due=np.ascontiguousarray(before[:, 1 : max(model.lead_time, 1)].T)[:, :, None],
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """How much to simulate.

    Attributes:
        replications: Side by side, with the same paths to decide from.
        periods: That count, of each replication.
        warm_up: Periods before them.
        sets: Independent sets of sampled paths, each with its own replications.
    """

    replications: int = 500
    periods: int = 500
    warm_up: int = 100
    sets: int = 8


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Average cost of a period, its standard error, and how many states were decided in."""

    mean_cost: float
    standard_error: float
    decisions: int


def measure(
    model: LostSales, make: Callable[[np.random.Generator], Orders], run: Run, seed: int
) -> Measured:
    """The average cost of a policy.

    Args:
        model: The item.
        make: A rule from a random generator: a new set of paths each time.
        run: How much to simulate.
        seed: Of demand and of paths; the same seed means the same demand for every policy.
    """
    costs, decisions = [], 0
    for index in range(run.sets):
        paths_seed, demand_seed = np.random.SeedSequence([seed, index]).spawn(2)
        memory = _Memory(make(np.random.default_rng(paths_seed)), model)
        costs.append(simulate(model, memory, run, np.random.default_rng(demand_seed)))
        decisions += memory.decisions
    # Replications of one set share its luck, so the sets are what is independent.
    groups = np.stack(costs).mean(axis=1) if run.sets > 1 else costs[0]
    error = groups.std(ddof=1) / len(groups) ** 0.5 if len(groups) > 1 else np.nan
    return Measured(
        mean_cost=float(groups.mean()), standard_error=float(error), decisions=decisions
    )


def simulate(model: LostSales, rule: Orders, run: Run, rng: np.random.Generator) -> FloatArray:
    """Average cost of a period in each replication, shape (replication,)."""
    on_hand = np.full(run.replications, round(model.demand.mean), dtype=np.int32)
    under_way = np.full((run.replications, max(model.lead_time - 1, 0)), on_hand[0], dtype=np.int32)
    total = np.zeros(run.replications)
    for begin in range(0, run.warm_up + run.periods, _BLOCK):
        count = min(_BLOCK, run.warm_up + run.periods - begin)
        for step, demand in enumerate(model.demand.draw(rng, (count, run.replications))):
            order = rule.orders(np.column_stack([on_hand, under_way]))
            if model.lead_time == 0:
                on_hand = on_hand + order
            gap = on_hand - demand
            if begin + step >= run.warm_up:
                total += model.holding * np.maximum(gap, 0) - model.penalty * np.minimum(gap, 0)
                total += model.fixed_cost * (order > 0)
            on_hand = np.maximum(gap, 0)
            if model.lead_time > 0:
                due = np.column_stack([under_way, order])
                on_hand, under_way = on_hand + due[:, 0], due[:, 1:]
    return total / run.periods


class _Memory:
    """Remembers the decision of every state that has been seen.

    With long lead times, where states hardly ever come back, it decides afresh.
    """

    def __init__(self, rule: Orders, model: LostSales) -> None:
        self._rule = rule
        base = 8 * (model.newsvendor_level + round(model.demand.mean) + 8)
        parts = max(model.lead_time, 1)
        self._radix = None if base**parts > _LARGEST_CODE else base ** np.arange(parts)
        self._base = base
        self._codes: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._orders: IntArray = np.zeros(0, dtype=np.int32)
        self.decisions = 0

    def orders(self, states: IntArray) -> IntArray:
        if self._radix is None or int(states.max()) >= self._base:
            self.decisions += len(states)
            return self._rule.orders(states)
        codes = states @ self._radix
        at = self._find(codes)
        missing = self._codes[at] != codes if len(self._codes) else np.ones(len(codes), np.bool_)
        if missing.any():
            self._learn(codes[missing], states[missing])
            at = self._find(codes)
        return self._orders[at]

    def _find(self, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        return np.minimum(np.searchsorted(self._codes, codes), max(len(self._codes) - 1, 0))

    def _learn(self, codes: npt.NDArray[np.int64], states: IntArray) -> None:
        new, example = np.unique(codes, return_index=True)
        found = self._rule.orders(states[example])
        self.decisions += len(new)
        at = np.searchsorted(self._codes, new)
        self._codes = np.insert(self._codes, at, new)
        self._orders = np.insert(self._orders, at, found)
