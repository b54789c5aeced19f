"""The thresholds that people would keep for a plant: static, sized once from mean demand.

``reorder_point = mean * t + z * sd(t)`` over the time ``t`` from one order to the arrival of the
next (Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains, 4th ed.,
chapter 6). They know nothing of weekdays, shifts or seasons, so they are seldom, but sometimes,
too low.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.network import Duration, Lane, Plant, PurchaseRule, SupplyRule
from supplynet.frames.synthetic.profile import LUMPY_BELOW, expected_per_day

CONTAINERS = (5, 6, 8, 10, 12, 15, 20, 24, 25, 30, 40, 50)
CONTAINER_SHIFTS = 0.25  # shifts of use that one container should hold
SERVICE_Z = 1.65  # 95 of 100 order cycles without a shortage
PURCHASE_Z = 4.0  # one short warehouse starves every showroom, whatever their policy
DAILY_CV = 0.25  # of a runner: the line's shared shock and the part's own noise
LUMPY_DAILY_CV = 1.5
PURCHASE_REVIEW_DAYS = 1.0
PURCHASE_COVER_DAYS = 3.0
BIN_DAYS = 4.0
DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class _Use:
    """Mean and variance of a day's use of one part at one place; lines count as independent."""

    mean: float
    variance: float

    def protect(self, z: float, days: float, days_variance: float = 0.0) -> float:
        """Stock that covers the demand of ``days`` (mean and variance) and ``z`` deviations."""
        spread = days * self.variance + self.mean**2 * days_variance
        return self.mean * days + z * math.sqrt(spread)


def supply_rules(plant: Plant) -> tuple[SupplyRule, ...]:
    """One rule per (stock point, part) that its lines need."""
    lane_to = {lane.to_location: lane for lane in plant.lanes}
    use = _use_at_stock_points(plant)
    busiest_first = sorted(use, key=lambda key: use[key].mean, reverse=True)
    ranks = {key: place / len(use) for place, key in enumerate(busiest_first)}
    return tuple(
        _supply_rule(lane_to[point], part, each, ranks[point, part])
        for (point, part), each in use.items()
    )


def purchase_rules(
    plant: Plant, warehouse_id: str, suppliers: Sequence[str], rng: np.random.Generator
) -> tuple[PurchaseRule, ...]:
    """One rule per part that any line needs; suppliers take turns, lead times are drawn."""
    uses: dict[str, list[_Use]] = defaultdict(list)
    for (_, part), each in _use_at_stock_points(plant).items():
        uses[part].append(each)
    rules = []
    for place, (part, rooms) in enumerate(sorted(uses.items())):
        use = _Use(sum(u.mean for u in rooms), sum(u.variance for u in rooms))
        supplier = suppliers[place % len(suppliers)]
        rules.append(_purchase_rule(warehouse_id, part, supplier, use, rng))
    return tuple(rules)


def _use_at_stock_points(plant: Plant) -> dict[tuple[str, str], _Use]:
    rare = {need.part_id for need in plant.requirements if float(need.quantity) < LUMPY_BELOW}
    found: dict[tuple[str, str], _Use] = defaultdict(lambda: _Use(0.0, 0.0))
    for (line, part), mean in expected_per_day(plant).items():
        key = plant.stock_point_of(line), part
        variance = ((LUMPY_DAILY_CV if part in rare else DAILY_CV) * mean) ** 2
        found[key] = _Use(found[key].mean + mean, found[key].variance + variance)
    return dict(sorted(found.items()))


def _supply_rule(lane: Lane, part_id: str, use: _Use, rank: float) -> SupplyRule:
    between_trips = 1 / len(lane.departures)
    days = between_trips + (lane.closes_minutes + lane.transit.high) / DAY_MINUTES
    container = min(CONTAINERS, key=lambda size: abs(size - CONTAINER_SHIFTS * use.mean / 2))
    reorder_point = math.ceil(use.protect(SERVICE_Z, days))
    top = _round_up(reorder_point + max(container, use.mean * between_trips), container)
    most = BIN_DAYS * use.mean + 2 * SERVICE_Z * math.sqrt(BIN_DAYS * use.variance)
    return SupplyRule(
        stock_point_id=lane.to_location,
        part_id=part_id,
        lane_ids=(lane.lane_id,),
        container_size=container,
        bin_maximum=_round_up(max(most, top), container),
        reorder_point=reorder_point,
        order_up_to_level=top,
        criticality="A" if rank < 0.2 else "B" if rank < 0.7 else "C",
    )


def _purchase_rule(
    warehouse_id: str, part_id: str, supplier_id: str, use: _Use, rng: np.random.Generator
) -> PurchaseRule:
    low = int(rng.integers(2, 5)) * DAY_MINUTES
    lead = Duration(low=low, mode=low + DAY_MINUTES // 2, high=low + 2 * DAY_MINUTES)
    multiple = min((50, 100, 200, 500), key=lambda size: abs(size - use.mean / 2))
    days = lead.mean / DAY_MINUTES + PURCHASE_REVIEW_DAYS
    reorder_point = math.ceil(use.protect(PURCHASE_Z, days, _variance_days(lead)))
    return PurchaseRule(
        warehouse_id=warehouse_id,
        part_id=part_id,
        supplier_id=supplier_id,
        lead_time=lead,
        minimum_order=multiple,
        multiple=multiple,
        reorder_point=reorder_point,
        order_up_to_level=_round_up(
            reorder_point + max(multiple, PURCHASE_COVER_DAYS * use.mean), multiple
        ),
    )


def _variance_days(time: Duration) -> float:
    """Variance of a triangular time, days squared: (a2 + b2 + c2 - ab - ac - bc) / 18."""
    a, b, c = (minutes / DAY_MINUTES for minutes in (time.low, time.mode, time.high))
    return (a * a + b * b + c * c - a * b - a * c - b * c) / 18


def _round_up(quantity: float, multiple: int) -> int:
    return math.ceil(quantity / multiple) * multiple
