"""The plant as it is configured, as data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from supplynet.core.network import LocationKind, Plant
from supplynet.services.books import Books
from supplynet.storage.within import Within

Row = dict[str, Any]


def network(books: Books, within: Within = None) -> Row:
    """Locations, parts, requirements, lanes and supply rules; ``within`` some places if given.

    Raises:
        NotFound: The workspace has no plant yet.
    """
    plant = books.plant if within is None else _part_of(books.plant, within)
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


def _part_of(plant: Plant, within: Collection[str]) -> Plant:
    """What the people of some places see: these, all suppliers, and the other ends of lanes."""
    lanes = [lane for lane in plant.lanes if {lane.from_location, lane.to_location} & set(within)]
    ends = {end for lane in lanes for end in (lane.from_location, lane.to_location)}
    needs = tuple(row for row in plant.requirements if row.line_id in within)
    rules = tuple(row for row in plant.supply_rules if row.stock_point_id in within)
    ways = {lane.lane_id for lane in lanes}
    used = {need.part_id for need in needs} | {rule.part_id for rule in rules}
    used |= {row.part_id for row in plant.supply_rules if ways.intersection(row.lane_ids)}
    used |= {row.part_id for row in plant.purchase_rules if row.warehouse_id in within}
    return replace(
        plant,
        parts=tuple(part for part in plant.parts if part.part_id in used),
        locations=tuple(
            place
            for place in plant.locations
            if place.kind is LocationKind.SUPPLIER
            or place.location_id in within
            or place.location_id in ends
        ),
        requirements=needs,
        lanes=tuple(lanes),
        supply_rules=rules,
    )


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
