from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from supplynet.core.network import LocationKind, Plant
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic.plant import demo_plant, scenario_plant, tiny_plant
from supplynet.frames.synthetic.profile import expected_per_day
from supplynet.frames.synthetic.scenario import PlantShape, Scenario

PLANTS = [
    demo_plant(),
    tiny_plant(),
    demo_plant(showrooms=5, stations=2, lines="ABCD", parts=700, seed=9, holiday_country="DE"),
    demo_plant(showrooms=2, products=4, shifts_per_day=3),
]
IDS = ["demo", "tiny", "large", "three shifts"]


def test_the_demo_plant_has_27_lines_and_60_parts() -> None:
    plant = demo_plant()
    assert [line.location_id for line in plant.lines][:4] == [
        "SR1.ST1.A",
        "SR1.ST1.B",
        "SR1.ST1.C",
        "SR1.ST2.A",
    ]
    assert (len(plant.lines), len(plant.parts)) == (27, 60)
    assert (plant.parts[0].part_id, plant.parts[-1].part_id) == ("P-001", "P-060")
    assert [point.location_id for point in plant.stock_points] == ["SR1", "SR2", "SR3"]
    assert [lane.lane_id for lane in plant.lanes] == ["WH1-SR1", "WH1-SR2", "WH1-SR3"]
    assert all(8 <= len(needs) <= 12 for needs in plant.requirements_of_line.values())


def test_trucks_leave_once_a_shift_half_an_hour_apart() -> None:
    lanes = demo_plant().lanes
    assert [lane.departures for lane in lanes] == [
        (time(4), time(16)),
        (time(4, 30), time(16, 30)),
        (time(5), time(17)),
    ]


def test_shifts_belong_to_the_showroom() -> None:
    calendar = demo_plant().calendar_of("SR2.ST1.B")
    shifts = calendar.shifts_of(date(2026, 1, 5))
    assert [shift.shift_id for shift in shifts] == ["SR2/2026-01-05/day", "SR2/2026-01-05/night"]


def test_a_plant_rests_on_public_holidays_only_when_told() -> None:
    christmas = date(2026, 12, 25)
    assert len(demo_plant().calendars[0].shifts_of(christmas)) == 2
    assert demo_plant(holiday_country="DE").calendars[0].shifts_of(christmas) == []


@pytest.mark.parametrize("plant", PLANTS, ids=IDS)
def test_everything_that_a_line_needs_is_supplied_and_bought(plant: Plant) -> None:
    needed = {(plant.stock_point_of(r.line_id), r.part_id) for r in plant.requirements}
    assert needed == set(plant.supply_rule)
    bought = {rule.part_id for rule in plant.purchase_rules}
    assert bought == {part.part_id for part in plant.parts}  # every part is used
    suppliers = {p.location_id for p in plant.locations if p.kind is LocationKind.SUPPLIER}
    assert {rule.supplier_id for rule in plant.purchase_rules} <= suppliers
    lanes = {lane.lane_id: lane for lane in plant.lanes}
    for rule in plant.supply_rules:
        assert lanes[rule.lane_ids[0]].to_location == rule.stock_point_id


@pytest.mark.parametrize("plant", PLANTS, ids=IDS)
def test_static_thresholds_fit_into_the_bin_and_into_containers(plant: Plant) -> None:
    for rule in plant.supply_rules:
        assert rule.reorder_point is not None
        assert rule.order_up_to_level is not None
        assert rule.bin_maximum is not None
        assert 0 < rule.reorder_point < rule.order_up_to_level <= rule.bin_maximum
        assert rule.order_up_to_level % rule.container_size == 0
        assert 5 <= rule.container_size <= 50
    for bought in plant.purchase_rules:
        assert bought.reorder_point is not None
        assert bought.order_up_to_level is not None
        assert bought.reorder_point + bought.minimum_order <= bought.order_up_to_level
        assert 2 * 1440 <= bought.lead_time.low < bought.lead_time.high <= 6 * 1440


def test_thresholds_cover_more_than_the_mean_of_the_time_until_the_next_truck_arrives() -> None:
    plant = tiny_plant()
    use: dict[str, float] = {}
    for (_, part), mean in expected_per_day(plant).items():
        use[part] = use.get(part, 0.0) + mean
    for rule in plant.supply_rules:
        assert rule.reorder_point is not None
        assert rule.reorder_point > use[rule.part_id] * (12 * 60 + 60 + 150) / 1440


def test_the_same_seed_makes_the_same_plant() -> None:
    assert demo_plant(seed=4) == demo_plant(seed=4)
    assert demo_plant(seed=4) != demo_plant(seed=5)


def test_quantities_are_exact_decimals() -> None:
    for need in demo_plant().requirements:
        assert isinstance(need.quantity, Decimal)
        assert need.quantity > 0


def test_products_are_built_on_the_lines_in_turn() -> None:
    plant = demo_plant(products=4)
    product = {need.line_id: need.product for need in plant.requirements}
    in_order = [product[line.location_id] for line in plant.lines]
    assert in_order[:5] == ["model-1", "model-2", "model-3", "model-4", "model-1"]
    assert {need.product for need in demo_plant().requirements} == {"default"}


def test_a_third_shift_has_its_own_truck() -> None:
    plant = demo_plant(shifts_per_day=3, time_zone="America/Chicago")
    shifts = plant.calendar_of("SR1.ST1.A").shifts_of(date(2026, 1, 5))
    assert [(shift.name, shift.minutes) for shift in shifts] == [
        ("early", 480),
        ("late", 480),
        ("night", 480),
    ]
    assert shifts[0].start == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert plant.lanes[0].departures == (time(4), time(12), time(20))
    assert plant.lanes[0].time_zone == plant.time_zone == "America/Chicago"


def test_a_scenario_describes_its_plant() -> None:
    shape = PlantShape(showrooms=1, stations=2, lines=5, parts=9, holiday_country="DE")
    plant = scenario_plant(Scenario(name="mine", plant=shape), seed=3)
    same = demo_plant(1, 2, "ABCDE", 9, 3, holiday_country="DE")
    assert plant == replace(same, name="Plant of scenario mine")


def test_a_plant_without_lines_is_refused() -> None:
    with pytest.raises(InvalidInput):
        demo_plant(lines="")
    with pytest.raises(InvalidInput):
        demo_plant(lines="AA")
    with pytest.raises(InvalidInput, match="4 shifts per day"):
        demo_plant(shifts_per_day=4)
