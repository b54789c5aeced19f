"""A plant for sales data: every warehouse is one line that holds its own stock.

Sales say what was used, nothing of how it is supplied; lead time and containers must be given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal

from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    Requirement,
    SupplyRule,
)
from supplynet.core.shifts import ShiftCalendar, ShiftPattern

PLANT_ID = "imported"
SUPPLIER = "SUPPLIER"
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyTermsGiven:
    """What a person says about supply.

    Attributes:
        lead_time_days: From order to usable stock.
        container_size: Parts per container.
    """

    lead_time_days: float
    container_size: int = 1


def sales_plant(
    series: Iterable[tuple[str, str]], terms: SupplyTermsGiven, known: Plant | None = None
) -> Plant:
    """A plant of these (location, part), supplied once a day with a fixed lead time.

    Args:
        series: Found in the data.
        terms: For what ``known`` does not have yet.
        known: An earlier import's plant; what it says of its own series stays.
    """
    base = known or Plant(plant_id=PLANT_ID, name="Imported sales", calendars=(_calendar(),))
    there = {(row.line_id, row.part_id) for row in base.requirements}
    new = sorted(set(series) - there)
    places = sorted({place for place, _ in new} - set(base.location_by_id))
    parts = sorted({part for _, part in new} - set(base.part_by_id))
    supplier = () if SUPPLIER in base.location_by_id else (_supplier(),)
    return replace(
        base,
        parts=base.parts + tuple(Part(part_id=part) for part in parts),
        locations=base.locations + supplier + tuple(_place(place) for place in places),
        lanes=base.lanes + tuple(_lane(place, terms) for place in places),
        requirements=base.requirements
        + tuple(Requirement(line_id=p, part_id=part, quantity=Decimal(1)) for p, part in new),
        supply_rules=base.supply_rules + tuple(_rule(place, part, terms) for place, part in new),
    )


def _calendar() -> ShiftCalendar:
    whole_day = ShiftPattern(name="day", start=time(), end=time())
    return ShiftCalendar(calendar_id="daily", time_zone="UTC", patterns=(whole_day,))


def _supplier() -> Location:
    return Location(location_id=SUPPLIER, kind=LocationKind.SUPPLIER, name="Supplier")


def _place(place: str) -> Location:
    return Location(
        location_id=place, kind=LocationKind.LINE, holds_stock=True, calendar_id="daily"
    )


def _lane(place: str, terms: SupplyTermsGiven) -> Lane:
    minutes = round(terms.lead_time_days * _DAY_MINUTES)
    return Lane(
        lane_id=f"to-{place}"[:64],
        from_location=SUPPLIER,
        to_location=place,
        departures=(time(),),
        transit=Duration(low=minutes, mode=minutes, high=minutes),
    )


def _rule(place: str, part: str, terms: SupplyTermsGiven) -> SupplyRule:
    return SupplyRule(
        stock_point_id=place,
        part_id=part,
        lane_ids=(f"to-{place}"[:64],),
        container_size=terms.container_size,
    )
