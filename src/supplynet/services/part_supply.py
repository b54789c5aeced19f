"""Where a part at a place comes from, and by which rule."""

from __future__ import annotations

from typing import Any

from supplynet.core.network import Duration, Lane, Plant

Row = dict[str, Any]


def supply_of(plant: Plant, place: str, part: str) -> Row:
    """``rule`` and ``lanes`` of a stock point, ``purchase`` of a warehouse; null where none is."""
    rule = plant.supply_rule.get((place, part))
    bought = plant.purchase_rule.get((place, part))
    supply: Row = {"rule": None, "lanes": [], "purchase": None}
    if rule is not None:
        supply["rule"] = {
            "container_size": rule.container_size,
            "minimum_order": rule.minimum_order,
            "bin_maximum": rule.bin_maximum,
            "criticality": rule.criticality,
            "policy": rule.policy,
            "automation": rule.automation,
        }
        supply["lanes"] = [_lane(plant.lane_by_id[lane]) for lane in rule.lane_ids]
    if bought is not None:
        supply["purchase"] = {
            "supplier_id": bought.supplier_id,
            "lead_time": _minutes(bought.lead_time),
            "minimum_order": bought.minimum_order,
            "multiple": bought.multiple,
            "reorder_point": bought.reorder_point,
            "order_up_to_level": bought.order_up_to_level,
        }
    return supply


def _lane(lane: Lane) -> Row:
    return {
        "lane_id": lane.lane_id,
        "from": lane.from_location,
        "departures": [f"{at:%H:%M}" for at in lane.departures],
        "weekdays": sorted(lane.weekdays),
        "time_zone": lane.time_zone,
        "cutoff_minutes": lane.closes_minutes,
        "transit": _minutes(lane.transit),
        "volume_litres": lane.volume_litres,
    }


def _minutes(duration: Duration) -> Row:
    return {"low": duration.low, "mode": duration.mode, "high": duration.high}
