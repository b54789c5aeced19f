"""One warehouse and several retailers, the benchmark model of Kaynov et al. (2024).

Each period the warehouse and the retailers order from the state before receipts, up to base-stock
levels (the warehouse counts everything below it too: echelon stock); the warehouse receives what is
due and ships from it, rationed where it is short; a retailer receives what was shipped its lead
time ago; demand comes; stock left over costs at both levels (Kaynov, van Knippenberg, Menkovski,
van Breemen, van Jaarsveld 2024, International Journal of Production Economics 267:109088).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.study.lost_sales_model import Demand

REGIMES = ("lost", "backorder", "partial")


@dataclass(frozen=True, kw_only=True, eq=False)
class MultiRetailer:
    """The model.

    Attributes:
        demands: Of each retailer.
        warehouse_lead_time: Periods from order to receipt, >= 1.
        lead_times: Periods from shipment to receipt of each retailer, >= 1.
        warehouse_holding, holding: Cost of a part left at the end of a period.
        penalty: Cost of a part short: once when it is lost, every period while it waits.
        regime: "lost", "backorder", or "partial": a retailer that is short is served by an
            emergency shipment from what the warehouse has left, with ``emergency`` probability;
            the rest is lost.
        periods: Of one replication; the total cost of them counts.
    """

    demands: tuple[Demand, ...]
    warehouse_lead_time: int
    lead_times: tuple[int, ...]
    warehouse_holding: float = 0.5
    holding: float = 1.0
    penalty: float = 9.0
    regime: str = "lost"
    emergency: float = 0.8
    periods: int = 100

    def __post_init__(self) -> None:
        if not self.demands or len(self.demands) != len(self.lead_times):
            raise InvalidInput(
                f"{len(self.demands)} retailers have demand and {len(self.lead_times)} a lead "
                "time; give one of each per retailer"
            )
        if min(self.warehouse_lead_time, *self.lead_times) < 1:
            raise InvalidInput("a lead time is less than 1 period; use 1 or more")
        costs = (self.warehouse_holding, self.holding, self.penalty)
        if not all(0.0 <= cost < math.inf for cost in costs):
            raise InvalidInput(f"costs are {costs}; use numbers of 0 or more")
        if self.regime not in REGIMES:
            raise InvalidInput(f"no regime {self.regime!r}; choose from {', '.join(REGIMES)}")
        if not 0.0 <= self.emergency <= 1.0 or self.periods < 1:
            raise InvalidInput("use an emergency probability of 0 to 1, and at least 1 period")


@dataclass(frozen=True, kw_only=True, eq=False)
class Levels:
    """Echelon base-stock levels, one case per row.

    Attributes:
        warehouse: Everything in the system, shape (case,) or (1,).
        retailers: On hand and on the way to each, shape (case, retailer) or (1, retailer).
    """

    warehouse: IntArray
    retailers: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Shortage:
    """What a rationing rule is asked. Shapes are (case, retailer) where nothing else is said.

    Attributes:
        wanted: What the retailers lack to their levels.
        available: What the warehouse has, shape (case,).
        on_hand: Of the retailers, before this period's receipts; below 0 where demand waits.
        due: Shipments that arrive in this period, the next, ...: (period, case, retailer).
    """

    wanted: IntArray
    available: IntArray
    on_hand: IntArray
    due: IntArray


Rationing = Callable[[Shortage], IntArray]
"""Gives what is shipped, shape (case, retailer)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Future:
    """Demand, shape (period, case, retailer), and emergencies that would be served, same shape."""

    demand: IntArray
    served: IntArray


def draw(model: MultiRetailer, cases: int, rng: np.random.Generator) -> Future:
    """Independent futures, one per case."""
    shape = (model.periods, cases)
    demand = np.stack([each.draw(rng, shape) for each in model.demands], axis=2)
    served = rng.random(demand.shape) < model.emergency
    return Future(demand=demand, served=served.astype(np.int32))


def simulate(
    model: MultiRetailer, levels: Levels, rationing: Rationing, future: Future
) -> FloatArray:
    """Total cost of each case, shape (case,).

    All begin with the retailers at their levels and the rest of the warehouse's level in its
    stock; the published study does not say how it begins, which moves 100 periods by about 1 %.
    """
    cases = future.demand.shape[1]
    most = np.broadcast_to(levels.retailers, (cases, len(model.demands))).astype(np.int32)
    stock = _Stock(model, np.broadcast_to(levels.warehouse, cases).astype(np.int32), most)
    total = np.zeros(cases)
    for demand, served in zip(future.demand, future.served, strict=True):
        total += stock.period(rationing, demand, served)
    return total


class _Stock:
    """Stock of all cases, from period to period."""

    def __init__(self, model: MultiRetailer, echelon: IntArray, most: IntArray) -> None:
        self._model, self._echelon, self._most = model, echelon, most
        self._retailers, self._warehouse = most.copy(), np.maximum(echelon - most.sum(axis=1), 0)
        self._ordered = [np.zeros_like(echelon) for _ in range(model.warehouse_lead_time)]
        self._shipped = [np.zeros_like(most) for _ in range(max(model.lead_times))]
        self._from = np.array(model.lead_times) - 1

    def period(self, rationing: Rationing, demand: IntArray, served: IntArray) -> FloatArray:
        """Cost of one period, shape (case,)."""
        wanted = np.maximum(self._most - self._retailers - self._under_way(), 0)
        self._order()
        self._warehouse = self._warehouse + self._ordered.pop(0)
        sent = wanted.copy()
        short = np.flatnonzero(wanted.sum(axis=1) > self._warehouse)
        if len(short):
            sent[short] = rationing(
                Shortage(
                    wanted=wanted[short],
                    available=self._warehouse[short],
                    on_hand=self._retailers[short],
                    due=np.stack(self._shipped)[:, short],
                )
            )
        self._warehouse = self._warehouse - sent.sum(axis=1, dtype=np.int32)
        self._receive(sent)
        return self._meet(demand, served)

    def _under_way(self) -> IntArray:
        return np.asarray(np.sum(self._shipped, axis=0, dtype=np.int32))

    def _order(self) -> None:
        below = (self._retailers + self._under_way()).sum(axis=1, dtype=np.int32)
        position = self._warehouse + np.sum(self._ordered, axis=0, dtype=np.int32) + below
        self._ordered.append(np.maximum(self._echelon - position, 0).astype(np.int32))

    def _receive(self, sent: IntArray) -> None:
        """``_shipped[k]`` arrives in k periods; a new shipment comes in behind."""
        self._retailers = self._retailers + self._shipped.pop(0)
        self._shipped.append(np.zeros_like(sent))
        for retailer, place in enumerate(self._from):
            self._shipped[place][:, retailer] += sent[:, retailer]

    def _meet(self, demand: IntArray, served: IntArray) -> FloatArray:
        model = self._model
        gap = self._retailers - demand
        short = np.maximum(-gap, 0)
        if model.regime == "partial":
            short = short - self._rush(short * served)
        self._retailers = gap if model.regime == "backorder" else np.maximum(gap, 0)
        left = np.maximum(self._retailers, 0).sum(axis=1)
        cost = model.holding * left + model.penalty * short.sum(axis=1)
        return np.asarray(cost + model.warehouse_holding * self._warehouse)

    def _rush(self, wanted: IntArray) -> IntArray:
        """Emergency shipments from what the warehouse has left, to the first retailer first."""
        before = np.cumsum(wanted, axis=1) - wanted
        sent: IntArray = np.clip(self._warehouse[:, None] - before, 0, wanted).astype(np.int32)
        self._warehouse = self._warehouse - sent.sum(axis=1, dtype=np.int32)
        return sent
