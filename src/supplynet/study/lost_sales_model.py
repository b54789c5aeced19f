"""The single-item lost-sales model that policies are measured against, in numbers.

Each period: receive the order that is due, order ``z`` (it arrives ``lead_time`` periods later, at
once when that is 0), meet demand; what is not in stock is lost. Cost of the period: ``holding`` for
each part left, ``penalty`` for each part lost, ``fixed_cost`` for an order. What counts is the
average cost of a period (Zipkin 2008, "Old and new methods for lost-sales inventory systems",
Operations Research 56).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput

DEMANDS = ("poisson", "geometric")
_NEGLIGIBLE = 1e-15
"""Chance of still larger demand that is left out."""
_MOST_MEAN = 10_000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Demand:
    """Demand of one period, the same and independent in every period.

    Attributes:
        name: For people.
        chance: Probability of 0, 1, 2, ... parts, shape (value,); it adds up to 1.
    """

    name: str
    chance: FloatArray

    @property
    def mean(self) -> float:
        """Parts per period."""
        return float(np.arange(len(self.chance)) @ self.chance)

    def of_periods(self, periods: int) -> FloatArray:
        """Probability of 0, 1, 2, ... parts in some periods together."""
        from scipy.signal import convolve

        total: FloatArray = np.ones(1)
        for _ in range(periods):
            total = np.maximum(convolve(total, self.chance), 0.0)  # by Fourier where it is long
        return total

    def quantile(self, share: float, periods: int = 1) -> int:
        """The smallest number that demand of some periods stays within with this probability."""
        within = np.cumsum(self.of_periods(periods))
        return min(int(np.searchsorted(within, share - 1e-12)), len(within) - 1)

    def within(self, size: int) -> FloatArray:
        """Probability that demand of one period is at most 0, 1, ... ``size - 1``."""
        found = np.ones(size)
        count = min(size, len(self.chance))
        found[:count] = np.minimum(np.cumsum(self.chance)[:count], 1.0)
        return found

    def left(self, size: int) -> FloatArray:
        """Probability that stock ``x`` leaves ``r`` after demand, shape (x, r), both below size."""
        chance = np.zeros(size + 1)
        count = min(size + 1, len(self.chance))
        chance[:count] = self.chance[:count]
        stock, rest = np.arange(size)[:, None], np.arange(size)[None]
        used = stock - rest
        result = np.where(used >= 0, chance[np.maximum(used, 0)], 0.0)
        result[:, 0] = 1.0 - np.concatenate([[0.0], self.within(size)[:-1]])
        return np.maximum(result, 0.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> IntArray:
        """Independent demands, int32."""
        ends = np.cumsum(self.chance)
        found = np.searchsorted(ends, rng.random(shape) * ends[-1], side="right")
        return np.asarray(np.minimum(found, len(self.chance) - 1), dtype=np.int32)


def demand_of(name: str, mean: float) -> Demand:
    """Poisson demand, or geometric: the number of failures, 0, 1, ..., with this mean.

    Raises:
        InvalidInput: Another name, or a mean that is negative, not finite or beyond 10,000.
    """
    if name not in DEMANDS:
        raise InvalidInput(f"no demand {name!r}; choose from {', '.join(DEMANDS)}")
    if not 0.0 <= mean <= _MOST_MEAN:
        raise InvalidInput(f"mean demand is {mean}; use 0 to {_MOST_MEAN:,.0f} parts per period")
    if mean == 0.0:
        return Demand(name=name, chance=np.ones(1))
    if name == "poisson":
        most = int(stats.poisson.isf(_NEGLIGIBLE, mean)) + 1
        chance = stats.poisson.pmf(np.arange(most + 1), mean)
    else:
        success = 1.0 / (1.0 + mean)
        most = math.ceil(math.log(_NEGLIGIBLE) / math.log1p(-success))
        chance = success * (1.0 - success) ** np.arange(most + 1)
    return Demand(name=name, chance=chance / chance.sum())


def given_demand(chances: Sequence[float], name: str = "given") -> Demand:
    """Demand with given probabilities of 0, 1, 2, ... parts.

    Raises:
        InvalidInput: None, a negative or infinite one, or they do not add up to 1.
    """
    chance = np.asarray(chances, dtype=np.float64)
    if not chance.size or not np.isfinite(chance).all() or (chance < 0.0).any():
        raise InvalidInput("demand: give the probabilities of 0, 1, 2, ... parts, each 0 or more")
    if abs(chance.sum() - 1.0) > 1e-6:
        raise InvalidInput(f"demand: the probabilities add up to {chance.sum():g}; make it 1")
    return Demand(name=name, chance=chance / chance.sum())


@dataclass(frozen=True, kw_only=True, eq=False)
class LostSales:
    """One item under lost sales.

    Args:
        demand: Of one period.
        lead_time: Periods from order to use, >= 0.
        holding: Cost of a part in stock at the end of a period, > 0.
        penalty: Cost of a part of demand that is lost, > 0.
        fixed_cost: Cost of an order, whatever its size, >= 0.
    """

    demand: Demand
    lead_time: int
    holding: float = 1.0
    penalty: float = 4.0
    fixed_cost: float = 0.0

    def __post_init__(self) -> None:
        if self.lead_time < 0:
            raise InvalidInput(f"lead time is {self.lead_time} periods; use 0 or more")
        for name, value in (("holding", self.holding), ("penalty", self.penalty)):
            if not 0.0 < value < math.inf:
                raise InvalidInput(f"{name} cost is {value}; use a number above 0")
        if not 0.0 <= self.fixed_cost < math.inf:
            raise InvalidInput(f"fixed cost of an order is {self.fixed_cost}; use 0 or more")

    @property
    def critical_ratio(self) -> float:
        """``penalty / (penalty + holding)``."""
        return self.penalty / (self.penalty + self.holding)

    @property
    def newsvendor_level(self) -> int:
        """The base-stock level that is optimal where unmet demand waits; here it is too high."""
        return self.demand.quantile(self.critical_ratio, self.lead_time + 1)

    def backlog_optimum(self, penalty: float) -> float:
        """Optimal cost where unmet demand waits at this penalty per part and period.

        With the model's own penalty it is an upper bound on the lost-sales optimum, with
        ``penalty / (lead_time + 1)`` a lower one (Janakiraman, Seshadri & Shanthikumar 2007),
        without a fixed cost.
        """
        chance = self.demand.of_periods(self.lead_time + 1)
        within = np.cumsum(chance)
        left = np.concatenate([[0.0], np.cumsum(within)[:-1]])
        short = chance @ np.arange(len(chance)) - np.arange(len(chance)) + left
        return float((self.holding * left + penalty * short).min())

    def period_cost(self, size: int) -> FloatArray:
        """Expected holding and penalty of a period that begins with 0, 1, ... ``size - 1``."""
        left = np.concatenate([[0.0], np.cumsum(self.demand.within(size))[:-1]])
        lost = self.demand.mean - np.arange(size) + left
        return np.asarray(self.holding * left + self.penalty * np.maximum(lost, 0.0))
