from __future__ import annotations

from decimal import Decimal

from supplynet.core.network import Location, LocationKind, Part, Plant, Requirement, SupplyRule
from supplynet.frames.features import statics_from_plant


def test_a_plant_gives_the_facts_of_what_its_lines_take() -> None:
    def need(quantity: str, product: str) -> Requirement:
        return Requirement(
            line_id="SR1.A", part_id="bolt", quantity=Decimal(quantity), product=product
        )

    plant = Plant(
        plant_id="P",
        parts=(Part(part_id="bolt", unit_cost=0.5),),
        locations=(
            Location(location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True),
            Location(location_id="SR1.A", kind=LocationKind.LINE, parent_id="SR1", priority=1),
        ),
        requirements=(need("4", "sedan"), need("6", "coupe")),
        supply_rules=(
            SupplyRule(
                stock_point_id="SR1",
                part_id="bolt",
                lane_ids=("L",),
                container_size=50,
                criticality="A",
            ),
        ),
    )
    (row,) = statics_from_plant(plant).iter_rows(named=True)
    assert row["location_id"] == "SR1.A"
    assert (row["criticality"], row["container_size"], row["unit_cost"]) == ("A", 50, 0.5)
    assert (row["product"], row["parts_per_unit"]) == ("coupe+sedan", 6.0)
    assert (row["showroom"], row["station"], row["priority"]) == ("SR1", None, 1)


def test_an_empty_plant_has_no_facts() -> None:
    assert statics_from_plant(Plant(plant_id="P")).is_empty()
