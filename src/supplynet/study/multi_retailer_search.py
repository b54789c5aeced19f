"""Echelon base-stock levels by grid search, on other futures than they are scored on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import IntArray
from supplynet.study.multi_retailer import (
    Future,
    Levels,
    MultiRetailer,
    Rationing,
    draw,
    simulate,
)

_AROUND = (-3, -1, 0, 1, 3)
_MOST_CASES = 20_000
_SHARES = (0.5, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """Levels, and the total cost of a replication with them on futures they were not chosen on."""

    levels: Levels
    mean_cost: float
    standard_error: float


def best_levels(
    model: MultiRetailer, rationing: Rationing, replications: int, rng: np.random.Generator
) -> Levels:
    """The cheapest levels on random futures, by a search that ends inside its grid.

    Retailers' levels are quantiles of demand in their lead time plus a period, one probability for
    all; first this probability and the warehouse's level, then each level by itself.
    """
    future = draw(model, replications, rng)
    retailers = _by_share(model)
    stages = retailers.sum(axis=1, dtype=np.int32)
    pipeline = sum(demand.mean for demand in model.demands) * model.warehouse_lead_time
    spread = max(round(pipeline**0.5), 1)
    extra = np.arange(-2 * spread, 4 * spread + 1, max(spread // 2, 1)) + round(pipeline)
    grid = Levels(
        warehouse=np.maximum(np.add.outer(stages, extra), 0).ravel().astype(np.int32),
        retailers=np.repeat(retailers, len(extra), axis=0),
    )
    best = _cheapest(model, rationing, future, grid)
    while True:
        following = _cheapest(model, rationing, future, _neighbours(best, _groups(model)))
        if _same(following, best):
            return best
        best = following


def score(
    model: MultiRetailer,
    levels: Levels,
    rationing: Rationing,
    replications: int,
    rng: np.random.Generator,
) -> Outcome:
    """Mean total cost and its standard error."""
    cost = simulate(model, levels, rationing, draw(model, replications, rng))
    error = float(cost.std(ddof=1)) / len(cost) ** 0.5 if len(cost) > 1 else float("nan")
    return Outcome(levels=levels, mean_cost=float(cost.mean()), standard_error=error)


def _by_share(model: MultiRetailer) -> IntArray:
    """Levels of the retailers, shape (share, retailer), each row once."""
    rows = [
        [
            demand.quantile(share, lead_time + 1)
            for demand, lead_time in zip(model.demands, model.lead_times, strict=True)
        ]
        for share in _SHARES
    ]
    return np.unique(np.array(rows, dtype=np.int32), axis=0)


def _groups(model: MultiRetailer) -> list[list[int]]:
    """Retailers that are alike keep the same level."""
    found: dict[tuple[bytes, int], list[int]] = {}
    for index, (demand, lead_time) in enumerate(zip(model.demands, model.lead_times, strict=True)):
        found.setdefault((demand.chance.tobytes(), lead_time), []).append(index)
    return list(found.values())


def _neighbours(best: Levels, groups: list[list[int]]) -> Levels:
    """The levels themselves first, then what lies around them, one kind of retailer at a time."""
    warehouse, retailers = [int(best.warehouse[0])], [best.retailers[0]]
    for group in groups:
        for change in _AROUND:
            for total in _AROUND:
                row = best.retailers[0].copy()
                row[group] += change
                warehouse.append(int(best.warehouse[0]) + total)
                retailers.append(np.maximum(row, 0))
    return Levels(
        warehouse=np.maximum(np.array(warehouse, dtype=np.int32), 0),
        retailers=np.stack(retailers).astype(np.int32),
    )


def _cheapest(model: MultiRetailer, rationing: Rationing, future: Future, grid: Levels) -> Levels:
    """All settings on the same futures; the first of equals."""
    replications = future.demand.shape[1]
    at_once = max(_MOST_CASES // replications, 1)
    costs = []
    for begin in range(0, len(grid.warehouse), at_once):
        block = slice(begin, begin + at_once)
        count = len(grid.warehouse[block])
        cases = Levels(
            warehouse=np.repeat(grid.warehouse[block], replications),
            retailers=np.repeat(grid.retailers[block], replications, axis=0),
        )
        repeated = Future(
            demand=np.tile(future.demand, (1, count, 1)),
            served=np.tile(future.served, (1, count, 1)),
        )
        total = simulate(model, cases, rationing, repeated)
        costs.append(total.reshape(count, replications).mean(axis=1))
    best = int(np.concatenate(costs).argmin())
    return Levels(
        warehouse=grid.warehouse[best : best + 1], retailers=grid.retailers[best : best + 1]
    )


def _same(one: Levels, other: Levels) -> bool:
    return bool(
        np.array_equal(one.warehouse, other.warehouse)
        and np.array_equal(one.retailers, other.retailers)
    )
