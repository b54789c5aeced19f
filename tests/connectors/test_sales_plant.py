"""A plant for sales: what people said of supply, nothing guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, nan

import pytest

from supplynet.connectors.sales_plant import SUPPLIER, SupplyTermsGiven, sales_plant
from supplynet.core.network import LocationKind
from supplynet.errors import InvalidInput
from supplynet.simulate.model import compile_plant

TERMS = SupplyTermsGiven(lead_time_days=2.5, container_size=12)
SERIES = [("W1", "bolt"), ("W1", "nut"), ("W2", "bolt")]


def test_each_warehouse_is_a_line_with_its_own_stock_and_a_lane_of_its_own() -> None:
    plant = sales_plant(SERIES, TERMS)
    assert [place.location_id for place in plant.lines] == ["W1", "W2"]
    assert {plant.stock_point_of(line) for line in ("W1", "W2")} == {"W1", "W2"}
    assert plant.location(SUPPLIER).kind is LocationKind.SUPPLIER
    for lane in plant.lanes:
        assert (lane.transit.low, lane.transit.high) == (3600, 3600)
    assert {rule.container_size for rule in plant.supply_rules} == {12}


def test_the_twin_can_play_it() -> None:
    start, end = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
    model = compile_plant(sales_plant(SERIES, TERMS), start=start, end=end, slot_minutes=1440)
    assert model.pairs == (("W1", "bolt"), ("W1", "nut"), ("W2", "bolt"))
    assert model.source_of_pair.tolist() == [-1, -1, -1]


def test_a_second_import_adds_what_is_new_and_leaves_the_rest() -> None:
    first = sales_plant(SERIES, TERMS)
    other = SupplyTermsGiven(lead_time_days=9)
    assert sales_plant(SERIES, other, first) == first
    more = sales_plant([*SERIES, ("W3", "screw")], other, first)
    assert set(first.supply_rules) < set(more.supply_rules)
    assert len(more.lanes) == len(first.lanes) + 1
    assert more.lane_by_id["to-W1"] == first.lane_by_id["to-W1"]


def test_long_names_keep_lanes_apart() -> None:
    names = ["W" * 63 + end for end in "AB"]
    plant = sales_plant([(name, "bolt") for name in names], TERMS)
    assert len(plant.lane_by_id) == 2
    assert all(len(lane.lane_id) <= 64 for lane in plant.lanes)


@pytest.mark.parametrize("days", [nan, inf, -1, 10_000])
def test_a_lead_time_that_cannot_be_is_refused(days: float) -> None:
    with pytest.raises(InvalidInput, match="lead time"):
        sales_plant(SERIES, SupplyTermsGiven(lead_time_days=days))


def test_a_container_of_nothing_and_a_warehouse_called_supplier_are_refused() -> None:
    with pytest.raises(InvalidInput, match="container"):
        sales_plant(SERIES, SupplyTermsGiven(lead_time_days=1, container_size=0))
    with pytest.raises(InvalidInput, match="cannot be called SUPPLIER"):
        sales_plant([(SUPPLIER, "bolt")], TERMS)
