from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any

import numpy as np
import pytest

from supplynet.core.network import Duration
from supplynet.errors import InsufficientStock, InvalidInput
from supplynet.replenish.min_max import MinMax
from supplynet.simulate.run import run
from supplynet.simulate.state import Inbound, PlantState
from supplynet.simulate.twin import Twin

Build = Callable[..., Any]
ONE_LINE = {"R1.A": ["bolt"]}
TWO_LINES = {"R1.A": ["bolt"], "R1.B": ["bolt"]}


def finish(twin: Twin) -> Twin:
    while not twin.done:
        twin.step()
    return twin


def test_a_line_draws_its_demand_and_halts_when_stock_ends(small: Build) -> None:
    # 12 bolts in 12 hours are one an hour; 5 bolts last 5 hours.
    result = finish(small(ONE_LINE).twin([[12]], [5])).result()
    assert result.consumed.tolist() == [[[5]]]
    assert result.starved_minutes.tolist() == [[[7 * 60]]]
    assert result.halts.tolist() == [[[1]]]


def test_the_last_slot_is_built_in_part(small: Build) -> None:
    # Two an hour: the fifth bolt is half an hour's work.
    result = finish(small(ONE_LINE).twin([[24]], [5])).result()
    assert result.consumed.sum() == 5
    assert result.starved_minutes.sum() == 30 + 9 * 60


def test_slots_of_a_shift_add_up_to_its_demand(small: Build) -> None:
    twin = small(ONE_LINE, shifts=4).twin([[1, 7, 100, 0]], [1000])
    assert finish(twin).result().consumed.tolist() == [[[1, 7, 100, 0]]]


def test_any_divisor_of_the_shift_is_a_slot(small: Build) -> None:
    result = finish(small(ONE_LINE, slot_minutes=30).twin([[24]], [5])).result()
    assert result.starved_minutes.sum() == 24 * 30 - 5 * 30


def test_a_slot_that_does_not_divide_the_shift_is_refused(small: Build) -> None:
    with pytest.raises(InvalidInput, match="divides every shift"):
        small(ONE_LINE, slot_minutes=50)


def test_the_line_of_lower_priority_number_gets_the_last_parts(small: Build) -> None:
    plant = small(TWO_LINES, priority={"R1.A": 2, "R1.B": 1})
    result = finish(plant.twin([[12], [12]], [3])).result()
    # One each in the first hour, then the last one goes to B.
    assert result.consumed[0].tolist() == [[1], [2]]
    assert result.halts[0].tolist() == [[1], [1]]


def test_a_line_that_needs_nothing_scarce_runs_on(small: Build) -> None:
    plant = small({"R1.A": ["bolt", "nut"], "R1.B": ["nut"]})
    result = finish(plant.twin([[12], [12], [12]], [2, 100])).result()
    assert result.consumed[0].tolist() == [[2], [2], [12]]
    assert result.starved_minutes[0].tolist() == [[600], [0]]


def test_a_halted_line_draws_no_part_until_all_missing_parts_are_there(small: Build) -> None:
    plant = small({"R1.A": ["bolt", "nut", "oil"]}, departures=(time(8), time(9)))
    twin = plant.twin([[12], [12], [12]], [1, 1, 100])
    for _ in range(3):  # halts at 07:00 for bolts and nuts; bolts come at 08:00, nuts at 09:00
        for batch in twin.due():
            twin.dispatch_batch(batch, np.array([[5, 0, 0]], dtype=np.int32))
        twin.step()
    assert twin.on_hand.tolist() == [[5, 0, 99]]
    assert twin.halted.all()
    for batch in twin.due():
        twin.dispatch_batch(batch, np.array([[0, 5, 0]], dtype=np.int32))
    result = finish(twin).result()
    # Nuts that leave at 09:00 can be used from 10:00: five hours' work follow.
    assert result.consumed[0].ravel().tolist() == [6, 6, 6]
    assert result.starved_minutes.sum() == (12 - 6) * 60


def test_a_halt_counts_once_over_parts_and_shifts(small: Build) -> None:
    plant = small({"R1.A": ["bolt", "nut"]}, shifts=3)
    result = finish(plant.twin([[12] * 3, [12] * 3], [3, 3])).result()
    assert result.halts[0].tolist() == [[1, 0, 0]]
    assert result.starved_minutes[0].tolist() == [[540.0, 720.0, 720.0]]
    # Both parts are missing: each bears half of the lost time.
    assert result.blamed_minutes[0].sum(axis=1).tolist() == [990.0, 990.0]


def test_a_line_that_resumes_and_stops_again_halts_twice(small: Build) -> None:
    twin = small(ONE_LINE, departures=(time(9),)).twin([[12]], [1])
    while not twin.done:
        for batch in twin.due():
            twin.dispatch_batch(batch, np.array([[2]], dtype=np.int32))
        twin.step()
    assert twin.result().halts.sum() == 2


def test_parts_are_usable_from_the_first_slot_after_their_arrival(small: Build) -> None:
    transit = Duration(low=90, mode=90, high=90)
    twin = small(ONE_LINE, departures=(time(7),), transit=transit).twin([[12]], [0])
    seen = []
    while not twin.done:
        for batch in twin.due():
            assert twin.now == datetime(2026, 1, 5, 7, tzinfo=UTC)
            twin.dispatch_batch(batch, np.array([[4]], dtype=np.int32))
        seen.append(twin.step().drawn.sum())
    # Away at 07:00, there at 08:30, used from 09:00 on.
    assert seen == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0]


def test_a_decision_is_taken_at_the_cutoff_with_the_stock_of_that_moment(small: Build) -> None:
    plant = small(ONE_LINE, departures=(time(10),), cutoff_minutes=120)
    twin = plant.twin([[12]], [12])
    moments = []
    while not twin.done:
        for batch in twin.due():
            moments.append((twin.now.hour, int(twin.state_of(batch.pairs).on_hand[0, 0])))
            twin.dispatch_batch(batch, np.array([[7]], dtype=np.int32))
            assert twin.warehouse.reserved.tolist() == [[7]]
            assert twin.state_of(batch.pairs).on_order.tolist() == [[7]]
            assert twin.pipeline.in_transit.tolist() == [[0]]
        twin.step()
    assert moments == [(8, 10)]


def test_an_october_night_has_thirteen_hours_and_a_march_night_eleven(small: Build) -> None:
    for day, hours in (
        (datetime(2026, 10, 24, 16, tzinfo=UTC), 13),
        (datetime(2026, 3, 28, 17, tzinfo=UTC), 11),
    ):
        plant = small(ONE_LINE, start=day, zone="Europe/Berlin", shifts=1)
        (night, *_) = plant.model.shifts
        assert (night.name, night.minutes) == ("night", hours * 60)
    plant = small(
        ONE_LINE, start=datetime(2026, 10, 24, 4, tzinfo=UTC), zone="Europe/Berlin", shifts=2
    )
    day_and_night = plant.model.slots
    assert [int((day_and_night.shift_of_slot == shift).sum()) for shift in (0, 1)] == [12, 12]
    assert plant.model.shifts[1].end > plant.model.slots.end  # the horizon cuts the long night


def test_a_long_night_brings_its_demand_exactly_once(small: Build) -> None:
    start = datetime(2026, 10, 24, 16, tzinfo=UTC)
    plant = small(ONE_LINE, start=start, zone="Europe/Berlin", shifts=3)
    shifts = len(plant.model.shifts)
    result = finish(plant.twin([[131] * shifts], [10_000])).result()
    assert result.consumed[0, 0, :2].tolist() == [131, 131]


def test_only_the_rest_of_a_running_shift_is_played(small: Build) -> None:
    plant = small(ONE_LINE, start=datetime(2026, 1, 5, 15, 30, tzinfo=UTC), shifts=1)
    assert plant.model.slots.edges[:4].tolist() == [0, 30, 90, 150]
    twin = plant.twin([[5, 12]], [100])
    for _ in range(3):
        twin.step()
    assert twin.result().consumed[0, 0, 0] == 5
    assert np.isnan(twin.observed().demand[:, 0]).all()  # only a part of it was seen


def test_the_same_seed_gives_the_same_run_and_another_seed_another(small: Build) -> None:
    transit = Duration(low=30, mode=60, high=300)
    plant = small(ONE_LINE, shifts=8, transit=transit)
    policy = MinMax(thresholds={("R1", "bolt"): (30, 40)})

    def stock(seed: int) -> Any:
        return run(plant.twin([[20] * 8], [30], seed=seed), policy).on_hand.tolist()

    assert stock(1) == stock(1)
    assert stock(1) != stock(2)


def test_transit_is_the_same_whatever_the_policy_and_the_other_replications(small: Build) -> None:
    plant = small(ONE_LINE, shifts=6, transit=Duration(low=30, mode=60, high=600))

    def arrivals(level: int, replications: int) -> list[tuple[int, bool]]:
        policy = MinMax(thresholds={("R1", "bolt"): (level, level)})
        twin = plant.twin([[40] * 6], [level], seed=3, replications=replications)
        seen = []
        while not twin.done:
            for batch in twin.due():
                state = twin.state_of(batch.pairs)
                order = policy.wanted(state, None, batch.terms)  # type: ignore[arg-type]
                twin.dispatch_batch(batch, order)
            seen.append((twin.slot, bool(twin.step().arrived[0].any())))
        return seen

    assert arrivals(60, 1) == arrivals(90, 1) == arrivals(60, 5)


def test_what_is_under_way_arrives_and_what_waits_leaves_with_its_vehicle(small: Build) -> None:
    plant = small(ONE_LINE, departures=(time(10),), transit=Duration(low=60, mode=60, high=60))
    model = plant.model
    on_road = Inbound(
        stock_point_id="R1",
        part_id="bolt",
        quantity=3,
        lane_id="WH-R1",
        departure_at=datetime(2026, 1, 5, 5, 30, tzinfo=UTC),
    )
    released = Inbound(
        stock_point_id="R1",
        part_id="bolt",
        quantity=4,
        lane_id="WH-R1",
        departure_at=datetime(2026, 1, 5, 10, tzinfo=UTC),
    )
    state = PlantState(
        on_hand=np.array([0], dtype=np.int32),
        source_on_hand=np.array([9], dtype=np.int32),
        inbound=(on_road, released),
    )
    twin = Twin(model, np.array([[[12]]]), state, seed=0)
    assert twin.pipeline.on_order.tolist() == [[7]]
    assert twin.warehouse.available.tolist() == [[5]]
    drawn = []
    while not twin.done:
        drawn.append(int(twin.step().drawn.sum()))
    assert drawn == [0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0]
    assert twin.warehouse.on_hand.tolist() == [[5]]


def test_a_line_that_is_halted_at_the_start_waits_for_its_parts(small: Build) -> None:
    plant = small({"R1.A": ["bolt", "nut"]})
    waiting = plant.twin([[12], [12]], [5, 0], halted={"R1.A": frozenset({"nut"})})
    result = finish(waiting).result()
    assert result.consumed.sum() == 0
    assert result.halts.sum() == 0  # it began before the horizon
    assert result.starved_minutes.sum() == 720


def test_a_warehouse_gives_no_more_than_it_has(small: Build) -> None:
    twin = small(ONE_LINE, departures=(time(6),)).twin([[12]], [5], source=3)
    (batch,) = twin.due()
    with pytest.raises(InsufficientStock, match="has 3 of part bolt free, 4 are wanted"):
        twin.dispatch_batch(batch, np.array([[4]], dtype=np.int32))


@pytest.mark.parametrize(
    ("demand", "message"),
    [
        ([[[-1]]], "whole parts"),
        ([[[2**31]]], "whole parts"),
        ([[[1.5]]], "whole parts"),
        ([[[1, 1]]], r"shape \(1, 1, 2\), the plant 1 series and 1 shifts"),
    ],
)
def test_demand_that_cannot_be_is_refused(small: Build, demand: Any, message: str) -> None:
    state = PlantState(on_hand=np.array([0]), source_on_hand=np.array([0]))
    with pytest.raises(InvalidInput, match=message):
        Twin(small(ONE_LINE).model, np.array(demand), state, seed=0)


def test_a_vehicle_that_left_takes_nothing_any_more(small: Build) -> None:
    twin = small(ONE_LINE, departures=(time(6),)).twin([[12]], [5])
    (batch,) = twin.due()
    twin.step()
    with pytest.raises(InvalidInput, match="left at"):
        twin.dispatch(batch.departures[0], np.array([[1]], dtype=np.int32))


def test_a_warehouse_buys_once_a_day_when_its_position_is_low(small: Build) -> None:
    lead = Duration(low=1440, mode=1440, high=1440)
    plant = small(ONE_LINE, shifts=6, purchase=(10, 20, lead), departures=(time(7),))
    twin = plant.twin([[0] * 6], [0], source=12)
    bought, received = [], []
    while not twin.done:
        for batch in twin.due():
            if twin.slot == 1:  # takes the position from 12 to 9 after the day's review
                twin.dispatch_batch(batch, np.array([[3]], dtype=np.int32))
        report = twin.step()
        if report.bought.any():
            bought.append((report.start, int(report.bought.sum())))
        if report.received.any():
            received.append(report.end)
    assert bought == [(datetime(2026, 1, 6, 0, tzinfo=UTC), 15)]  # 11, in multiples of 5
    assert received == [datetime(2026, 1, 7, 0, tzinfo=UTC)]


def test_an_observer_sees_consumption_but_not_what_a_starved_line_would_have_used(
    small: Build,
) -> None:
    plant = small(TWO_LINES | {"R2.A": ["bolt"]}, shifts=3)
    twin = plant.twin([[12] * 3, [12] * 3, [24] * 3], [40, 1000])
    for _ in range(27):
        twin.step()
    seen = twin.observed()
    assert seen.series == (("R1.A", "bolt"), ("R1.B", "bolt"), ("R2.A", "bolt"))
    np.testing.assert_array_equal(seen.demand, [[12, np.nan], [12, np.nan], [24, 24]])
    assert seen.running is not None
    np.testing.assert_array_equal(seen.running, [np.nan, np.nan, 6])


def test_a_line_without_work_in_a_shift_is_not_starved(small: Build) -> None:
    result = finish(small(ONE_LINE, shifts=3).twin([[12, 0, 12]], [0])).result()
    assert result.starved_minutes[0].tolist() == [[720.0, 0.0, 720.0]]
    assert result.halts.sum() == 1


def test_what_is_under_way_is_gathered_once_for_a_decision_and_anew_after_it(small: Build) -> None:
    twin = small({"R1.A": ["bolt"]}, shifts=2).twin([[12, 12]], [100])
    while not twin.due():
        twin.step()
    (batch,) = twin.due()
    before = twin.due_of(batch.pairs)
    assert twin.due_of(batch.pairs) is before
    assert not len(before.quantities)
    twin.dispatch_batch(batch, np.array([[7]], dtype=np.int32))
    after = twin.due_of(batch.pairs)
    assert after.quantities.tolist() == [[[7]]]
    twin.step()
    assert twin.due_of(batch.pairs) is not after
