"""A plant for sales data: every warehouse is one line that holds its own stock.

Sales say what was used, nothing of how it is supplied; lead time and containers must be given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from hashlib import sha256

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
from supplynet.errors import InvalidInput

PLANT_ID = "imported"
SUPPLIER = "SUPPLIER"
_DAY_MINUTES = 24 * 60
_MOST_DAYS = 730
_LONGEST_ID = 64


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

    Raises:
        InvalidInput: Terms that cannot be, or a location with the name of the supplier.
    """
    _check(terms)
    base = known or Plant(plant_id=PLANT_ID, name="Imported sales", calendars=(_calendar(),))
    there = {(row.line_id, row.part_id) for row in base.requirements}
    new = sorted(set(series) - there)
    if any(place == SUPPLIER for place, _ in new):
        raise InvalidInput(f"a location cannot be called {SUPPLIER}: rename it in the file")
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


def _check(terms: SupplyTermsGiven) -> None:
    if not (math.isfinite(terms.lead_time_days) and 0 <= terms.lead_time_days <= _MOST_DAYS):
        raise InvalidInput(
            f"a lead time of {terms.lead_time_days} days cannot be; use 0 to {_MOST_DAYS}"
        )
    if terms.container_size < 1:
        raise InvalidInput(f"a container holds 1 part or more, not {terms.container_size}")


def _calendar() -> ShiftCalendar:
    whole_day = ShiftPattern(name="day", start=time(), end=time())
    return ShiftCalendar(calendar_id="daily", time_zone="UTC", patterns=(whole_day,))


def _supplier() -> Location:
    return Location(location_id=SUPPLIER, kind=LocationKind.SUPPLIER, name="Supplier")


def _place(place: str) -> Location:
    return Location(
        location_id=place, kind=LocationKind.LINE, holds_stock=True, calendar_id="daily"
    )


def _lane_id(place: str) -> str:
    """Unique even where the name of the place leaves no room for more."""
    text = f"to-{place}"
    return text if len(text) <= _LONGEST_ID else "to-" + sha256(place.encode()).hexdigest()[:32]


def _lane(place: str, terms: SupplyTermsGiven) -> Lane:
    minutes = round(terms.lead_time_days * _DAY_MINUTES)
    return Lane(
        lane_id=_lane_id(place),
        from_location=SUPPLIER,
        to_location=place,
        departures=(time(),),
        transit=Duration(low=minutes, mode=minutes, high=minutes),
    )


def _rule(place: str, part: str, terms: SupplyTermsGiven) -> SupplyRule:
    return SupplyRule(
        stock_point_id=place,
        part_id=part,
        lane_ids=(_lane_id(place),),
        container_size=terms.container_size,
    )
