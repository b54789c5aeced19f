"""A plant small enough to reckon with by head."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest

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

PATTERNS = (
    ShiftPattern(name="day", start=time(6), end=time(18)),
    ShiftPattern(name="night", start=time(18), end=time(6)),
)


@pytest.fixture(scope="session")
def plant() -> Plant:
    """Supplier ACME, warehouse WH1, showroom SR1 with lines A and B; line B has its own bin."""
    return Plant(
        plant_id="small",
        time_zone="Europe/Berlin",
        parts=(Part(part_id="P-1"), Part(part_id="P-2")),
        locations=(
            Location(location_id="ACME", kind=LocationKind.SUPPLIER),
            Location(location_id="WH1", kind=LocationKind.WAREHOUSE, holds_stock=True),
            Location(
                location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True, calendar_id="SR1"
            ),
            Location(location_id="SR1.ST1", kind=LocationKind.STATION, parent_id="SR1"),
            Location(location_id="SR1.ST1.A", kind=LocationKind.LINE, parent_id="SR1.ST1"),
            Location(
                location_id="SR1.ST1.B",
                kind=LocationKind.LINE,
                parent_id="SR1.ST1",
                holds_stock=True,
            ),
        ),
        requirements=(
            Requirement(line_id="SR1.ST1.A", part_id="P-1", quantity=Decimal(2)),
            Requirement(line_id="SR1.ST1.A", part_id="P-2", quantity=Decimal("0.4")),
        ),
        lanes=(
            Lane(
                lane_id="WH1-SR1",
                from_location="WH1",
                to_location="SR1",
                departures=(time(4), time(16)),
                transit=Duration(low=20, mode=30, high=43),
                cutoff_minutes=60,
                time_zone="Europe/Berlin",
            ),
        ),
        supply_rules=(
            SupplyRule(stock_point_id="SR1", part_id="P-1", lane_ids=("WH1-SR1",)),
            SupplyRule(stock_point_id="SR1", part_id="P-2", lane_ids=("WH1-SR1",)),
        ),
        calendars=(
            ShiftCalendar(calendar_id="WH1", time_zone="Europe/Berlin", patterns=PATTERNS),
            ShiftCalendar(calendar_id="SR1", time_zone="Europe/Berlin", patterns=PATTERNS),
        ),
    )
