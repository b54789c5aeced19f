from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from supplynet.core.network import Duration, Location, LocationKind, Plant, Requirement
from supplynet.errors import NotFound


def test_a_line_draws_from_the_nearest_stock_point_at_or_above_it(plant: Plant) -> None:
    assert plant.stock_point_of("SR1.ST1.A") == "SR1"
    assert plant.stock_point_of("SR1.ST1.B") == "SR1.ST1.B"
    assert plant.stock_point_of("WH1") == "WH1"


def test_a_line_without_stock_above_it_has_no_stock_point() -> None:
    alone = Plant(plant_id="x", locations=(Location(location_id="L", kind=LocationKind.LINE),))
    with pytest.raises(NotFound, match="set holds_stock"):
        alone.stock_point_of("L")


def test_a_calendar_is_inherited_and_else_the_plants_first(plant: Plant) -> None:
    assert plant.calendar_of("SR1.ST1.A").calendar_id == "SR1"
    assert plant.calendar_of("ACME").calendar_id == "WH1"
    with pytest.raises(NotFound, match="shift calendar"):
        replace(plant, calendars=()).calendar_of("WH1")


def test_stock_points_are_where_lines_may_draw_not_the_warehouse(plant: Plant) -> None:
    assert [place.location_id for place in plant.stock_points] == ["SR1", "SR1.ST1.B"]
    assert [place.location_id for place in plant.lines] == ["SR1.ST1.A", "SR1.ST1.B"]


def test_look_ups_by_id(plant: Plant) -> None:
    assert plant.part("P-1").unit == "pcs"
    assert plant.lane_by_id["WH1-SR1"].to_location == "SR1"
    assert plant.supply_rule["SR1", "P-2"].container_size == 1
    assert [r.part_id for r in plant.requirements_of_line["SR1.ST1.A"]] == ["P-1", "P-2"]


def test_a_misspelt_id_is_met_with_a_guess(plant: Plant) -> None:
    with pytest.raises(NotFound, match=r"no location 'SR1\.ST1\.a'; did you mean 'SR1\.ST1\.A'"):
        plant.location("SR1.ST1.a")
    with pytest.raises(NotFound, match="no part 'P-11'; did you mean 'P-1'"):
        plant.part("P-11")


def test_a_requirement_holds_from_its_first_day_to_before_its_last() -> None:
    row = Requirement(
        line_id="L",
        part_id="P",
        quantity=Decimal(1),
        valid_from=date(2026, 1, 2),
        valid_to=date(2026, 1, 4),
    )
    days = [day for day in range(1, 6) if row.holds_on(date(2026, 1, day))]
    assert days == [2, 3]
    assert replace(row, valid_from=None, valid_to=None).holds_on(date.min)


def test_the_mean_of_a_duration_is_that_of_a_triangle() -> None:
    assert Duration(low=10, mode=20, high=60).mean == 30
