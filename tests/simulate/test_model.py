from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from supplynet.core.network import Location, LocationKind, Plant
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.errors import InvalidInput, NotFound
from supplynet.simulate.model import compile_plant

Build = Callable[..., Any]
START = datetime(2026, 1, 5, 6, tzinfo=UTC)
TWO_ROOMS = {"R1.A": ["bolt", "nut"], "R1.B": ["bolt"], "R2.A": ["bolt"]}


def compiled(plant: Plant) -> Any:
    return compile_plant(plant, start=START, end=START + timedelta(days=1))


def changed(plant: Plant, location_id: str, **values: Any) -> Plant:
    places = tuple(
        replace(place, **values) if place.location_id == location_id else place
        for place in plant.locations
    )
    return replace(plant, locations=places)


def test_series_draw_from_the_pair_of_their_lines_stock_point(small: Build) -> None:
    model = small(TWO_ROOMS).model
    assert model.pairs == (("R1", "bolt"), ("R1", "nut"), ("R2", "bolt"))
    assert model.sources == (("WH", "bolt"), ("WH", "nut"))
    assert [model.pairs[pair] for pair in model.pair_of_series] == [
        ("R1", "bolt"),
        ("R1", "nut"),
        ("R1", "bolt"),
        ("R2", "bolt"),
    ]
    assert model.source_of_pair.tolist() == [0, 1, 0]
    assert model.rank_of_line.tolist() == [0, 1, 0]


def test_departures_of_one_moment_are_decided_together(small: Build) -> None:
    model = small(TWO_ROOMS, departures=(time(8), time(8, 20))).model
    first, second = model.batches[2]
    assert [each.lane.lane_id for each in first.departures] == ["WH-R1", "WH-R2"]
    assert first.pairs.tolist() == [0, 1, 2]
    assert first.departures[0].next_departure_at == second.departures[0].departure_at


def test_a_departure_after_the_horizon_is_known_as_the_next_one(small: Build) -> None:
    model = small(TWO_ROOMS, departures=(time(8),)).model
    (batch,) = model.batches[2]
    assert batch.departures[0].next_departure_at == START + timedelta(hours=26)
    assert model.departure("WH-R1", START + timedelta(hours=2)) is batch.departures[0]
    with pytest.raises(NotFound, match="departure"):
        model.departure("WH-R1", START)


def test_a_supplier_always_has_enough(small: Build) -> None:
    plant = small(TWO_ROOMS, from_supplier=True)
    assert plant.model.sources == ()
    assert plant.model.source_of_pair.tolist() == [-1, -1, -1]
    twin = plant.twin([[12]] * 4, [100, 100, 100])
    while not twin.done:
        for batch in twin.due():
            order = twin.state_of(batch.pairs).on_hand * 0 + 10**6
            twin.dispatch_batch(batch, order)
        twin.step()
    assert (twin.on_hand > 10**6).all()


def test_what_the_twin_cannot_do_is_refused(small: Build) -> None:
    plant = small(TWO_ROOMS).model.plant
    shed = changed(plant, "WH", kind=LocationKind.SHOWROOM)
    with pytest.raises(NotFound, match=r"supply rule with a lane for 'WH/bolt'"):
        compiled(shed)
    with pytest.raises(InvalidInput, match="WH, which holds no stock"):
        compiled(changed(shed, "WH", holds_stock=False))
    back = replace(plant.supply_rules[0], stock_point_id="WH", lane_ids=("back",))
    lane = replace(plant.lanes[0], lane_id="back", from_location="R1", to_location="WH")
    circle = replace(shed, supply_rules=(*plant.supply_rules, back), lanes=(*plant.lanes, lane))
    with pytest.raises(InvalidInput, match="bolt goes round in a circle: R1 <- WH <- R1"):
        compiled(circle)
    with pytest.raises(NotFound, match="supply rule"):
        compiled(replace(plant, supply_rules=plant.supply_rules[1:]))
    with pytest.raises(InvalidInput, match="not after its start"):
        compile_plant(plant, start=START, end=START)


def test_lines_with_different_shifts_share_one_grid_of_slots(small: Build) -> None:
    plant = small(TWO_ROOMS).model.plant
    early = ShiftCalendar(
        calendar_id="early",
        time_zone="UTC",
        patterns=(
            ShiftPattern(name="day", start=time(6), end=time(18)),
            ShiftPattern(name="late", start=time(20), end=time(0)),
        ),
    )
    with_two = replace(
        changed(plant, "R2", calendar_id="early"), calendars=(*plant.calendars, early)
    )
    model = compiled(with_two)
    times = [(shift.start.hour, shift.end.hour) for shift in model.shifts]
    assert times == [(6, 18), (18, 6), (20, 0)]  # both work the day, as one shift
    usual, other = model.crews
    assert [model.lines[line] for line in other.lines] == ["R2.A"]
    assert usual.shift_of_slot.tolist() == [0] * 12 + [1] * 12
    assert other.shift_of_slot.tolist() == [0] * 12 + [-1] * 2 + [2] * 4 + [-1] * 6


def test_a_store_that_fills_bins_has_the_needs_of_their_lines(small: Build) -> None:
    plant = small({"R1.A": ["bolt"], "R1.B": ["bolt"]}).model.plant
    bin_of_a = replace(plant.supply_rules[0], stock_point_id="R1.A", lane_ids=("tugger",))
    tugger = replace(plant.lanes[0], lane_id="tugger", from_location="R1", to_location="R1.A")
    two_levels = replace(
        changed(plant, "R1.A", holds_stock=True),
        supply_rules=(*plant.supply_rules, bin_of_a),
        lanes=(*plant.lanes, tugger),
    )
    model = compiled(two_levels)
    assert model.pairs == (("R1", "bolt"), ("R1.A", "bolt"))
    assert model.stores.tolist() == [0]
    assert model.source_of_pair.tolist() == [0, 1]  # the warehouse; the first store
    needs = zip(model.need_series.tolist(), model.need_pair.tolist(), strict=True)
    assert list(needs) == [(0, 1), (1, 0), (0, 0)]


def test_a_purchase_rule_without_levels_is_named(small: Build) -> None:
    from supplynet.core.network import Duration

    plant = small(TWO_ROOMS, purchase=(1, 2, Duration(low=1, mode=1, high=1))).model.plant
    rules = tuple(replace(rule, reorder_point=None) for rule in plant.purchase_rules)
    with pytest.raises(NotFound, match="purchase levels of"):
        compiled(replace(plant, purchase_rules=rules))


def test_a_line_with_its_own_bin_draws_from_it(small: Build) -> None:
    plant = small({"R1.A": ["bolt"]}).model.plant
    own = changed(plant, "R1.A", holds_stock=True)
    with pytest.raises(NotFound, match=r"R1\.A/bolt"):
        compiled(own)
    rules = tuple(replace(rule, stock_point_id="R1.A") for rule in plant.supply_rules)
    assert compiled(replace(own, supply_rules=rules)).pairs == (("R1.A", "bolt"),)
    assert isinstance(own.locations[0], Location)
