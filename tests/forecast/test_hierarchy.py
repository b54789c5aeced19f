from dataclasses import replace

import numpy as np
import pytest

from supplynet.core.network import Lane, Location, LocationKind, Plant, SupplyRule
from supplynet.errors import InvalidInput, NotFound
from supplynet.forecast.hierarchy import Hierarchy, Node

SERIES = (
    ("SR1.ST1.A", "bolt"),
    ("SR1.ST1.A", "nut"),
    ("SR1.ST2.B", "bolt"),
    ("SR2.ST1.C", "bolt"),
)


def members(hierarchy: Hierarchy, level: str) -> dict[Node, list[int]]:
    found = hierarchy.level(level)
    return dict(zip(found.nodes, [rows.tolist() for rows in found.members], strict=True))


def test_names_say_parts_places_and_groups_of_lines() -> None:
    made = Hierarchy.of_names(SERIES)
    assert [level.name for level in made.levels] == [
        "total",
        "part",
        "group_1",
        "group_2",
        "location",
    ]
    assert members(made, "total") == {(None, None): [0, 1, 2, 3]}
    assert members(made, "part") == {(None, "bolt"): [0, 2, 3], (None, "nut"): [1]}
    assert members(made, "group_1") == {("SR1", None): [0, 1, 2], ("SR2", None): [3]}
    assert members(made, "group_2")["SR1.ST1", None] == [0, 1]
    assert members(made, "location")["SR2.ST1.C", None] == [3]


def test_a_name_with_fewer_dots_is_in_no_deeper_group() -> None:
    made = Hierarchy.of_names((("WH1", "bolt"), ("SR1.A", "bolt")))
    assert members(made, "group_1") == {("SR1", None): [1]}
    assert not made.level("group_1").is_partition
    assert made.level("location").is_partition


def test_any_grouping_can_be_given() -> None:
    made = Hierarchy.of(SERIES, {"bolts": lambda _, part: (None, part) if part == "bolt" else None})
    assert members(made, "bolts") == {(None, "bolt"): [0, 2, 3]}
    assert made.names == (("bolts", (None, "bolt")),)


@pytest.fixture(scope="module")
def plant() -> Plant:
    """WH1 supplies SR1, which supplies the bin of its line B; A draws from SR1 itself."""
    places = (
        ("WH1", LocationKind.WAREHOUSE, None, True),
        ("SR1", LocationKind.SHOWROOM, None, True),
        ("ST1", LocationKind.STATION, "SR1", False),
        ("A", LocationKind.LINE, "ST1", False),
        ("B", LocationKind.LINE, "ST1", True),
    )
    way = {"departures": (), "transit": None}
    return Plant(
        plant_id="small",
        locations=tuple(
            Location(location_id=name, kind=kind, parent_id=parent, holds_stock=stock)
            for name, kind, parent, stock in places
        ),
        lanes=(
            Lane(lane_id="to-SR1", from_location="WH1", to_location="SR1", **way),  # type: ignore[arg-type] # no times needed here
            Lane(lane_id="to-B", from_location="SR1", to_location="B", **way),  # type: ignore[arg-type] # as above
        ),
        supply_rules=(
            SupplyRule(stock_point_id="SR1", part_id="bolt", lane_ids=("to-SR1",)),
            SupplyRule(stock_point_id="B", part_id="bolt", lane_ids=("to-B",)),
        ),
    )


OF_PLANT = (("A", "bolt"), ("A", "nut"), ("B", "bolt"))


def test_lines_sum_to_stock_points_and_these_to_the_warehouse(plant: Plant) -> None:
    made = Hierarchy.of_plant(plant, OF_PLANT)
    assert members(made, "stock_point_part") == {
        ("SR1", "bolt"): [0],
        ("SR1", "nut"): [1],
        ("B", "bolt"): [2],
    }
    assert members(made, "stock_point") == {("SR1", None): [0, 1], ("B", None): [2]}
    assert members(made, "showroom") == {("SR1", None): [0, 1, 2]}
    assert members(made, "station") == {("ST1", None): [0, 1, 2]}
    assert members(made, "line") == {("A", None): [0, 1], ("B", None): [2]}


def test_a_bin_belongs_to_the_warehouse_at_the_far_end_of_its_lanes(plant: Plant) -> None:
    made = Hierarchy.of_plant(plant, OF_PLANT)
    assert members(made, "warehouse_part") == {("WH1", "bolt"): [0, 2]}  # nobody supplies nuts


def test_lanes_that_go_in_a_circle_lead_to_no_warehouse(plant: Plant) -> None:
    back = replace(plant.lanes[1], lane_id="back", from_location="B", to_location="SR1")
    rules = (replace(plant.supply_rules[0], lane_ids=("back",)), plant.supply_rules[1])
    circle = replace(plant, lanes=(*plant.lanes, back), supply_rules=rules)
    assert members(Hierarchy.of_plant(circle, OF_PLANT), "warehouse") == {}


def test_a_line_that_the_plant_does_not_have_is_named(plant: Plant) -> None:
    with pytest.raises(NotFound, match="'Z'"):
        Hierarchy.of_plant(plant, (("Z", "bolt"),))


def test_an_unknown_level_is_met_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="choose one of total, part"):
        Hierarchy.of_names(SERIES).level("region")


def test_other_series_are_refused() -> None:
    with pytest.raises(InvalidInput, match="hierarchy is of 4 series, these are 3"):
        Hierarchy.of_names(SERIES).check(SERIES[:3])


def test_a_part_of_the_series_has_the_nodes_that_it_touches() -> None:
    whole = Hierarchy.of_names(SERIES).select("part", "group_1")
    part, places = whole.part(slice(1, 3))
    assert part.names == (
        ("part", (None, "bolt")),
        ("part", (None, "nut")),
        ("group_1", ("SR1", None)),
    )
    assert [whole.names[place] for place in places.tolist()] == list(part.names)
    assert part.level("part").node_of_series.tolist() == [1, 0]


def test_sums_are_of_members_and_one_gap_is_a_gap() -> None:
    values = np.array([[1.0, 2], [10, np.nan], [100, 4], [1000, 5]])
    sums = Hierarchy.of_names(SERIES).select("total", "part").sums(values)
    np.testing.assert_array_equal(sums, [[1111, np.nan], [1101, 11], [10, np.nan]])


def test_without_series_there_are_no_nodes() -> None:
    empty = Hierarchy.of_names(())
    assert empty.names == ()
    assert empty.sums(np.empty((0, 3))).shape == (0, 3)
