"""How the sales of a day are dealt out to orders, and orders to clients."""

from __future__ import annotations

import numpy as np

from supplynet.core.keyed import uniform
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.synthetic.scenario import SalesShape
from supplynet.frames.synthetic.timetable import PlaceArray


def deal_orders(
    units: PlaceArray, series: PlaceArray, day: PlaceArray, shape: SalesShape, seed: int
) -> tuple[PlaceArray, PlaceArray, PlaceArray]:
    """The place of its day, the units and the client of each order, days in their order.

    The number of orders of a day is geometric, no more than units; every order takes one at least,
    and a day without sales is one order of 0. Client k orders in proportion to 1/k (Zipf's law).

    Args:
        units: Sold on each day, shape (day,).
        series: Key of what was sold, shape (day,); with ``day`` it is the key of every number.
        day: Number of the day, shape (day,).
        shape: How many orders and clients.
        seed: Same seed, same orders.
    """
    count = np.ones(len(units), dtype=np.int64)
    if shape.orders_per_day > 1:
        more = np.log(uniform(seed, "orders", series, day)) / np.log(1 - 1 / shape.orders_per_day)
        count = np.clip(1 + np.floor(more).astype(np.int64), 1, np.maximum(units, 1))
    row = np.repeat(np.arange(len(units)), count)
    first = np.cumsum(count) - count
    nth = np.arange(len(row)) - first[row]
    size = -np.log(uniform(seed, "order size", series[row], day[row], nth))
    reached = _running_share(size, first, row)
    spare = np.maximum(units - count, 0)[row]
    upto = np.floor(spare * reached + 0.5).astype(np.int64)
    before = np.where(nth == 0, 0, np.roll(upto, 1))
    ordered = upto - before + np.minimum(units[row], 1)
    weight = np.cumsum(1 / np.arange(1, shape.clients + 1))
    drawn = uniform(seed, "client", series[row], day[row], nth) * weight[-1]
    return row, ordered, np.searchsorted(weight, drawn)


def _running_share(size: FloatArray, first: PlaceArray, row: PlaceArray) -> FloatArray:
    """How much of its day's total each order and those before it have, exactly 1 at the last."""
    running = np.cumsum(size)
    before = running[first] - size[first]
    total = np.append(before[1:], running[-1]) - before
    share: FloatArray = np.clip((running - before[row]) / total[row], 0.0, 1.0)
    share[np.append(first[1:], len(row)) - 1] = 1.0
    return share
