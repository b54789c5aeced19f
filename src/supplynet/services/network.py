"""The plant as it is configured, as data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from supplynet.core.network import Plant
from supplynet.services.books import Books

Row = dict[str, Any]


def network(books: Books) -> Row:
    """Locations, parts, requirements, lanes and supply rules.

    Raises:
        NotFound: The workspace has no plant yet.
    """
    plant = books.plant
    return {
        "plant_id": plant.plant_id,
        "name": plant.name,
        "time_zone": plant.time_zone,
        "locations": _locations(plant),
        "parts": [asdict(part) for part in plant.parts],
        "requirements": [
            {"line_id": row.line_id, "part_id": row.part_id, "quantity": str(row.quantity)}
            for row in plant.requirements
        ],
        "lanes": _lanes(plant),
        "supply_rules": _supply_rules(plant),
    }


def _locations(plant: Plant) -> list[Row]:
    return [
        {
            "location_id": place.location_id,
            "kind": place.kind.value,
            "parent_id": place.parent_id,
            "name": place.name,
            "holds_stock": place.holds_stock,
        }
        for place in plant.locations
    ]


def _lanes(plant: Plant) -> list[Row]:
    return [
        {
            "lane_id": lane.lane_id,
            "from": lane.from_location,
            "to": lane.to_location,
            "departures": [at.strftime("%H:%M") for at in lane.departures],
            "weekdays": sorted(lane.weekdays),
            "time_zone": lane.time_zone,
            "cutoff_minutes": lane.cutoff_minutes,
            "transit_minutes": asdict(lane.transit),
        }
        for lane in plant.lanes
    ]


def _supply_rules(plant: Plant) -> list[Row]:
    return [
        {
            "stock_point_id": rule.stock_point_id,
            "part_id": rule.part_id,
            "lane_ids": list(rule.lane_ids),
            "container_size": rule.container_size,
            "minimum_order": rule.minimum_order,
            "bin_maximum": rule.bin_maximum,
            "criticality": rule.criticality,
        }
        for rule in plant.supply_rules
    ]
