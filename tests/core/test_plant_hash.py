from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from supplynet.core.network import Part, Plant
from supplynet.core.plant_hash import plant_hash
from supplynet.core.production_plan import PlanRow


def test_equal_plants_have_equal_hashes_however_values_are_spelt(plant: Plant) -> None:
    def spelt(quantity: str, volume: float, zone: timezone) -> Plant:
        plan = PlanRow(
            line_id="SR1.ST1.A",
            product="default",
            shift_id="SR1/2026-01-05/day",
            units=1,
            recorded_at=datetime(2026, 1, 1, 12, tzinfo=UTC).astimezone(zone),
        )
        rows = tuple(replace(row, quantity=Decimal(quantity)) for row in plant.requirements)
        parts = (Part(part_id="P-1", volume_litres=volume), plant.parts[1])
        return replace(plant, requirements=rows, parts=parts, production_plan=(plan,))

    one = spelt("1.50", 2.0, UTC)
    other = spelt("1.5", 2, timezone(timedelta(hours=1)))
    assert one == other
    assert plant_hash(one) == plant_hash(other)


def test_any_change_changes_the_hash(plant: Plant) -> None:
    lane = plant.lanes[0]
    changed = [
        plant,
        replace(plant, name="other"),
        replace(plant, parts=plant.parts[::-1]),
        replace(plant, lanes=(replace(lane, weekdays=frozenset({0})),)),
        replace(plant, lanes=(replace(lane, departures=lane.departures[:1]),)),
        replace(plant, calendars=plant.calendars[:1]),
    ]
    assert len({plant_hash(each) for each in changed}) == len(changed)


def test_the_hash_is_the_same_on_every_machine() -> None:
    expected = "df868a701ca9de3092a1dd36b8c0e806862bbe7b2f96400314b5b38c4557ca21"
    assert plant_hash(Plant(plant_id="x")) == expected
