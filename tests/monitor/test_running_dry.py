from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Plant,
    Requirement,
    SupplyRule,
)
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.monitor.running_dry import causes
from supplynet.replenish.shortages import EchelonShortage
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.storage.alerts import Severity


def model() -> PlantModel:
    plant = Plant(
        plant_id="p",
        time_zone="Europe/Berlin",
        locations=(
            Location(location_id="WH", kind=LocationKind.WAREHOUSE, holds_stock=True),
            Location(location_id="R", kind=LocationKind.SHOWROOM, holds_stock=True),
            Location(location_id="R.A", kind=LocationKind.LINE, parent_id="R"),
        ),
        requirements=(Requirement(line_id="R.A", part_id="bolt", quantity=Decimal(1)),),
        lanes=(
            Lane(
                lane_id="L",
                from_location="WH",
                to_location="R",
                departures=(time(8),),
                transit=Duration(low=60, mode=60, high=60),
            ),
        ),
        supply_rules=(SupplyRule(stock_point_id="R", part_id="bolt", lane_ids=("L",)),),
        calendars=(
            ShiftCalendar(
                calendar_id="c",
                time_zone="UTC",
                patterns=(ShiftPattern(name="day", start=time(6), end=time(18)),),
            ),
        ),
    )
    start = datetime(2026, 1, 5, 6, tzinfo=UTC)  # a Monday, 07:00 in Berlin
    return compile_plant(plant, start=start, end=start.replace(hour=18))


def test_the_planner_reads_when_how_many_and_what_to_do() -> None:
    shortage = EchelonShortage(
        part=0,
        probability=0.62,
        early_minutes=300,
        likely_minutes=570,
        missing=1_200,
        purchase_minutes=2 * 1440,
    )
    (cause,) = causes(model(), [shortage])
    assert (cause.severity, cause.kind) == (Severity.CRITICAL, "runs_dry")
    assert (cause.location_id, cause.part_id) == ("WH", "bolt")
    assert cause.message == (
        "bolt runs out with 62% at WH and everywhere it supplies, most likely Mon 05 Jan 16:30, "
        "at the earliest Mon 05 Jan 12:00; 1,200 will be missing, and a purchase made now can be "
        "used Wed 07 Jan 07:00: expedite it."
    )


def test_a_part_without_a_supplier_needs_one() -> None:
    shortage = EchelonShortage(
        part=0,
        probability=1.0,
        early_minutes=0,
        likely_minutes=60,
        missing=1,
        purchase_minutes=None,
    )
    (cause,) = causes(model(), [shortage])
    assert "nobody supplies it" in cause.message


def test_no_shortage_no_alert() -> None:
    assert list(causes(model(), [])) == []
