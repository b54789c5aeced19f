"""What warehouses buy by the forecast: echelon stock against summed demand, for twin and plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

import numpy as np

from supplynet.core.protocols import Forecaster
from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths
from supplynet.core.timetable import next_departures
from supplynet.replenish.purchasing import echelon_position, purchase_up_to
from supplynet.replenish.shortages import EchelonShortage, Receipt, echelon_shortages
from supplynet.replenish.tail import upper_quantile
from supplynet.replenish.windows import PairDemand, pair_demand
from supplynet.simulate.model import PlantModel
from supplynet.simulate.outlook import demand_of_pairs, steps_until
from supplynet.simulate.state import PlantState
from supplynet.simulate.triangular import triangular
from supplynet.simulate.twin import Twin
from supplynet.simulate.warehouse import lead_times

_VEHICLES = 64  # of a lane that are looked at: more than a week of them, usually
REVIEW_MINUTES = 24 * 60
"""Purchases are decided once a day."""
Sampler = Callable[[Twin, datetime], SamplePaths]
"""Sample paths of demand from the twin's moment until at least another one."""


class Purchaser(Protocol):
    """Decides once a day what the warehouses buy."""

    def quantities(self, twin: Twin) -> IntArray:
        """Parts to buy now, whole multiples, shape (replication, source)."""


def fixed_paths(paths: SamplePaths) -> Sampler:
    """The same paths whenever they are asked for: risk, and twins of many replications."""
    return lambda _twin, _until: paths


def fresh_paths(forecaster: Forecaster, *, paths: int = 500, seed: int = 0) -> Sampler:
    """Paths sampled anew every day from what the twin has shown (one replication)."""

    def sample(twin: Twin, until: datetime) -> SamplePaths:
        steps = steps_until(twin.model.calendar, twin.now, until)
        return forecaster.sample(twin.observed(), twin.now, steps=steps, paths=paths, seed=seed)

    return sample


@dataclass(frozen=True, kw_only=True, eq=False)
class EchelonPurchaser:
    """Buys so that every stock point can still be filled when the next purchase arrives.

    Level of a part's echelon: the ``alpha``-quantile of what all stock points below it use, summed
    on each path, over the supplier's lead time (random on each path) and a day of review; plus
    what each of them has to hold then, the ``alpha``-quantile of its own use over the way and the
    longest time between two vehicles. What one stock point holds helps no other, so these are
    added, and not the quantile of their sum taken: that halves the warehouse and halts lines.

    Args:
        sampler: Where paths come from.
        alpha: Probability in (0, 1) that stock suffices.
        seed: Of the lead times that are expected.
    """

    sampler: Sampler
    alpha: float
    seed: int = 0

    def quantities(self, twin: Twin) -> IntArray:
        """Whole multiples up to the level, shape (replication, source)."""
        position, level = self.position_and_level(twin)
        return purchase_up_to(position, level, twin.model.purchase)

    def position_and_level(self, twin: Twin) -> tuple[IntArray, IntArray]:
        """Echelon position, (replication, source), and the level of each source, (source,)."""
        model, echelon = twin.model, echelon_of(twin.model)
        longest = max((each.high for each in lead_times(model)), default=0)
        windows = _lane_windows(model)
        last = REVIEW_MINUTES + longest + float(windows.max(initial=0.0))
        paths = self.sampler(twin, twin.now + timedelta(minutes=last))
        until = self._until(model, paths.values.shape[0])
        every = np.arange(len(model.sources))
        used = echelon_demand(model, paths).between(twin.now, until, every, every)
        level = upper_quantile(used, self.alpha)
        fed = np.flatnonzero(echelon.of_pair >= 0)
        begin, pairs = until.mean(axis=0)[None, echelon.of_pair[fed]], np.arange(len(fed))
        demand = demand_of_pairs(model, paths)
        end = begin + windows[model.lane_of_pair[fed]]
        held = demand.between(twin.now, end, fed, pairs) - demand.between(
            twin.now, begin, fed, pairs
        )
        np.add.at(level, echelon.of_pair[fed], upper_quantile(held, self.alpha))
        position = echelon_position(
            twin.warehouse.available, twin.warehouse.on_order, _below(twin), echelon.of_pair
        )
        return position, level

    def _until(self, model: PlantModel, paths: int) -> FloatArray:
        """Minutes until the purchase after this one arrives, shape (path, source)."""
        rng = np.random.default_rng(self.seed)
        share = rng.random((paths, len(model.sources)))
        lead = [triangular(each, share[:, n]) for n, each in enumerate(lead_times(model))]
        return REVIEW_MINUTES + (np.stack(lead, axis=1) if lead else np.zeros((paths, 0)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Echelon:
    """Which warehouse part is behind a pair and a series, directly or through other stock points.

    Attributes:
        of_pair, of_series: Index of the warehouse part, -1 = a supplier; (pair,) and (series,).
    """

    of_pair: IntArray
    of_series: IntArray


def echelon_of(model: PlantModel) -> Echelon:
    """The warehouse part behind each pair and series of a plant."""
    of_series = np.full(len(model.series), -1, dtype=np.int32)
    source = model.source_of_pair[model.need_pair]
    from_warehouse = (source >= 0) & (source < len(model.sources))
    of_series[model.need_series[from_warehouse]] = source[from_warehouse]
    of_pair = np.full(len(model.pairs), -1, dtype=np.int32)
    of_pair[model.need_pair] = of_series[model.need_series]
    return Echelon(of_pair=of_pair, of_series=of_series)


def echelon_demand(model: PlantModel, paths: SamplePaths) -> PairDemand:
    """Path demand summed to the model's warehouse parts."""
    of_series = dict(zip(model.series, echelon_of(model).of_series.tolist(), strict=True))
    index = np.array([of_series.get(series, -1) for series in paths.series], dtype=np.int32)
    return pair_demand(paths, index, len(model.sources))


def incurable_shortages(
    model: PlantModel, state: PlantState, paths: SamplePaths
) -> tuple[EchelonShortage, ...]:
    """Warehouse parts that run out everywhere before a purchase made now can be used.

    Args:
        model: Compiled for the horizon that begins now.
        state: Stock, what is under way, open purchases.
        paths: Demand from now on; what lies beyond them is not looked at.
    """
    echelon, now, count = echelon_of(model), model.slots.start, len(model.sources)
    if not model.plant.purchase_rules:  # nobody said how the warehouses are supplied
        return ()
    below = np.maximum(state.on_hand, 0).astype(np.int64)
    for order in state.inbound:
        pair = model.pair_index.get((order.stock_point_id, order.part_id))
        gone = order.departure_at <= now  # else the parts are still in the warehouse's stock
        if pair is not None and gone:
            below[pair] += order.quantity
    none = np.zeros((1, count), dtype=np.int32)
    stock = echelon_position(
        np.maximum(state.source_on_hand, 0)[None], none, below[None], echelon.of_pair
    )
    receipts = [
        Receipt(
            part=model.source_index[key],
            minutes=model.slots.minutes(order.arrives_at),
            quantity=order.quantity,
        )
        for order in state.purchases
        if (key := (order.warehouse_id, order.part_id)) in model.source_index
    ]
    ends = np.array([model.slots.minutes(each) for each in paths.period_ends])
    demand, every = echelon_demand(model, paths), np.arange(count)
    summed = np.stack([demand.between(now, np.full((1, count), end), every, every) for end in ends])
    lead = np.array([each.mean for each in lead_times(model)])
    bought = model.purchase.reorder_point >= 0
    purchase = np.where(bought, lead + _ways(model, echelon), np.inf)
    return echelon_shortages(stock[0], receipts, summed, ends, purchase)


def _below(twin: Twin) -> IntArray:
    """On hand and on order of each pair; what a store has promised is on order elsewhere."""
    model = twin.model
    state = twin.state_of(np.arange(len(model.pairs), dtype=np.int32), vehicles=False)
    on_hand = state.on_hand.copy()
    on_hand[:, model.stores] = twin.origins.available[:, len(model.sources) :]
    return on_hand + state.on_order


def _lane_windows(model: PlantModel) -> FloatArray:
    """Transit when late, and the longest time between two vehicles; minutes, shape (lane,)."""
    windows = []
    for name in model.lanes:
        lane = model.plant.lane_by_id[name]
        coming = [each.departure_at for each in next_departures(lane, model.slots.start, _VEHICLES)]
        gaps = [(after - before).total_seconds() / 60 for before, after in pairwise(coming)]
        windows.append(lane.transit.high + max(gaps, default=0.0))
    return np.array(windows)


def _ways(model: PlantModel, echelon: Echelon) -> FloatArray:
    """Longest mean transit from a warehouse part to a stock point, minutes, shape (source,)."""
    lanes = [model.plant.lane_by_id[name].transit.mean for name in model.lanes]
    ways = np.zeros(len(model.sources))
    fed = echelon.of_pair >= 0
    transit = np.array(lanes)[model.lane_of_pair[fed]]
    np.maximum.at(ways, echelon.of_pair[fed], transit)
    return ways
