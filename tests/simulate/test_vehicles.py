from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.core.network import Duration, Lane
from supplynet.errors import InsufficientStock, InvalidInput
from supplynet.simulate.departures import transit_minutes
from supplynet.simulate.hooks import Disruptions
from supplynet.simulate.state import Inbound, PlantState
from supplynet.simulate.twin import Twin

Build = Callable[..., Any]
ONE_LINE = {"R1.A": ["bolt"]}
DAY = datetime(2026, 1, 5, tzinfo=UTC)
EVERY_HOUR = tuple(time(hour) for hour in range(24))


@dataclass
class Trouble(Disruptions):
    """What is said by the hour of a departure, or by slot."""

    late: dict[int, float] = field(default_factory=dict)
    away: frozenset[int] = frozenset()
    broken: dict[int, int] = field(default_factory=dict)
    error: int = 0
    standing: frozenset[int] = frozenset()

    def book(self, slot: int, on_hand: Any) -> Any:  # noqa: ARG002
        return on_hand + self.error

    def delay_minutes(self, lane: Any, departure_at: Any, luck: Any) -> Any:  # noqa: ARG002
        return np.full(len(luck), self.late.get(departure_at.hour, 0.0))

    def cancelled(self, lane: Any, departure_at: Any, luck: Any) -> Any:  # noqa: ARG002
        return np.full(len(luck), departure_at.hour in self.away)

    def usable(self, lane: Any, departure_at: Any, pairs: Any, quantities: Any, luck: Any) -> Any:
        del lane, pairs, luck
        return quantities - self.broken.get(departure_at.hour, 0)

    def stopped(self, slot: int, luck: Any) -> Any:  # noqa: ARG002
        return np.array([[slot in self.standing]])


def play(twin: Twin, deliveries: dict[int, list[int]]) -> list[Any]:
    """Send what is said in each slot; the reports of all slots."""
    reports = []
    while not twin.done:
        for batch in twin.due():
            amount = deliveries.get(twin.slot, [0] * len(batch.pairs))
            twin.dispatch_batch(batch, np.array([amount], dtype=np.int32))
        reports.append(twin.step())
    return reports


def arrivals(reports: list[Any]) -> dict[int, int]:
    return {each.slot + 1: int(q) for each in reports if (q := each.arrived.sum())}


@settings(max_examples=12)
@given(
    low=st.integers(0, 300),
    spread=st.integers(1, 900),
    gap=st.integers(30, 400),
    seed=st.integers(0, 10**6),
)
def test_no_vehicle_overtakes_an_earlier_one_of_its_lane(
    low: int, spread: int, gap: int, seed: int
) -> None:
    clock = [DAY + timedelta(minutes=minute) for minute in range(0, 1440, gap)]
    lane = Lane(
        lane_id="L",
        from_location="WH",
        to_location="R1",
        departures=tuple(moment.time() for moment in clock),
        transit=Duration(low=low, mode=low + spread // 3, high=low + spread),
    )
    there = [
        (moment - DAY).total_seconds() / 60 + transit_minutes(lane, moment, seed, 20)
        for moment in clock
    ]
    assert (np.diff(there, axis=0) >= 0).all()
    late = [transit_minutes(lane, moment, seed, 20) for moment in clock]
    assert np.min(late) >= low
    assert np.max(late) <= low + spread


def test_goods_on_the_road_at_the_start_are_not_overtaken(small: Build) -> None:
    transit = Duration(low=10, mode=20, high=600)
    plant = small(ONE_LINE, departures=EVERY_HOUR, transit=transit)
    order = Inbound(
        stock_point_id="R1",
        part_id="bolt",
        quantity=7,
        lane_id="WH-R1",
        departure_at=DAY + timedelta(hours=5),
    )
    state = PlantState(on_hand=np.array([0]), source_on_hand=np.array([10_000]), inbound=(order,))
    twin = Twin(plant.model, np.zeros((1, 1, 1), int), state, seed=0, replications=40)
    old, new = np.full(40, 99), np.full(40, 99)
    while not twin.done:
        for batch in twin.due():
            twin.dispatch_batch(batch, np.full((1, 1), 100, dtype=np.int32))
        report = twin.step()
        here = report.arrived[:, 0]
        old = np.where((here % 100 == 7) & (old == 99), report.slot, old)
        new = np.where((here >= 100) & (new == 99), report.slot, new)
    assert (old < 99).all()
    assert (old <= new).all()


def test_purchases_of_a_part_do_not_overtake_each_other(small: Build) -> None:
    lead = Duration(low=60, mode=60, high=4 * 1440)
    plant = small(ONE_LINE, shifts=16, purchase=(5_000, 5_000, lead), departures=(time(7),))
    twin = plant.twin([[0] * 16], [0], source=5_000, replications=30)
    bought, received = np.zeros((1, 30)), np.zeros((1, 30))
    day = 0
    while not twin.done:
        for batch in twin.due():  # what a day takes is bought the next: 5, 10, 20, 40, ...
            twin.dispatch_batch(batch, np.array([[5 * 2**day]], dtype=np.int32))
            day += 1
        report = twin.step()
        bought = np.vstack([bought, bought[-1] + report.bought[:, 0]])
        received = np.vstack([received, received[-1] + report.received[:, 0]])
    for row in range(30):  # only whole days in their order: 5, 5 + 10, never 10 without 5
        assert set(received[:, row]) <= set(bought[:, row])
    assert len(np.unique(received)) > 5


def test_a_late_vehicle_holds_up_those_behind_it(small: Build) -> None:
    plant = small(ONE_LINE, departures=(time(7), time(8), time(12)))
    late = Trouble(late={7: 180})  # one hour on the road, three hours late: 11:00
    reports = play(plant.twin([[0]], [0], trouble=late), {1: [10], 2: [20], 6: [40]})
    assert arrivals(reports) == {5: 30, 7: 40}


def test_what_a_policy_loads_does_not_change_when_others_arrive(small: Build) -> None:
    plant = small(ONE_LINE, departures=(time(7), time(8)))
    late = Trouble(late={7: 180})
    reports = play(plant.twin([[0]], [0], trouble=late), {2: [20]})
    assert arrivals(reports) == {5: 20}  # behind an empty one


def test_a_vehicle_that_does_not_leave_gives_its_goods_back(small: Build) -> None:
    plant = small(ONE_LINE, departures=(time(7), time(12)))
    twin = plant.twin([[0]], [0], source=50, trouble=Trouble(away=frozenset({7})))
    reports = play(twin, {1: [30], 6: [45]})
    assert arrivals(reports) == {7: 45}
    assert twin.warehouse.on_hand.tolist() == [[5]]
    assert twin.pipeline.on_order.tolist() == [[0]]


def test_damaged_parts_are_on_order_until_they_arrive_and_then_scrapped(small: Build) -> None:
    plant = small(ONE_LINE, departures=(time(7),))
    twin = plant.twin([[0]], [0], trouble=Trouble(broken={7: 4}))
    twin.step()
    (batch,) = twin.due()
    twin.dispatch_batch(batch, np.array([[10]], dtype=np.int32))
    assert twin.state_of(batch.pairs).on_order.tolist() == [[10]]
    report = twin.step()
    assert (report.arrived.sum(), report.scrapped.sum()) == (6, 4)
    assert twin.state_of(batch.pairs).on_order.tolist() == [[0]]


def test_a_decision_reads_the_books_and_the_line_the_shelf(small: Build) -> None:
    twin = small(ONE_LINE).twin([[12]], [5], trouble=Trouble(error=3))
    seen = [
        int(twin.state_of(np.array([0])).on_hand[0, 0]),
        *(twin.step().drawn.sum() for _ in range(12)),
    ]
    assert seen[0] == 8
    assert sum(seen[1:]) == 5
    below = small(ONE_LINE).twin([[12]], [5], trouble=Trouble(error=-9))
    assert below.state_of(np.array([0])).on_hand.tolist() == [[0]]


def test_a_stopped_line_draws_nothing_and_is_not_starved(small: Build) -> None:
    twin = small(ONE_LINE).twin([[12]], [0], trouble=Trouble(standing=frozenset(range(4))))
    play(twin, {})
    assert twin.result().starved_minutes.sum() == 8 * 60


TWO_LEVELS: dict[str, Any] = {
    "lines_with_bins": ("R1.A",),
    "departures": (time(6),),
    "on_shortage": {},
}


def test_a_bin_is_filled_from_the_store_and_the_store_from_the_warehouse(small: Build) -> None:
    plant = small(ONE_LINE, **TWO_LEVELS)
    assert plant.model.pairs == (("R1", "bolt"), ("R1.A", "bolt"))
    twin = plant.twin([[12]], [20, 2])
    orders = {0: {"R1": 30}, 4: {"R1.A": 15}}  # the tugger of 10:00 takes 20 to 100 minutes
    while not twin.done:
        for batch in twin.due():
            wanted = orders.get(twin.slot, {})
            amount = [wanted.get(place, 0) for place, _ in batch.terms.pairs]
            twin.dispatch_batch(batch, np.array([amount], dtype=np.int32))
        if twin.slot == 4:
            assert twin.on_hand.tolist() == [[50 - 15, 0]]  # set aside at once
        twin.step()
    assert twin.on_hand.tolist() == [[35, 15 - 7]]
    assert twin.result().starved_minutes.sum() == (12 - 2 - 7) * 60


def test_a_store_gives_no_more_than_it_has(small: Build) -> None:
    twin = small(ONE_LINE, **TWO_LEVELS).twin([[12]], [3, 0])
    for _ in range(4):
        twin.step()
    (batch,) = twin.due()
    assert twin.supply_of(batch).available[0, batch.source_of_pair].tolist() == [3]
    with pytest.raises(InsufficientStock, match="R1 has 3 of part bolt free, 4 are wanted"):
        twin.dispatch_batch(batch, np.array([[4]], dtype=np.int32))


def test_an_order_released_from_a_store_takes_what_is_there(small: Build) -> None:
    plant = small(ONE_LINE, **TWO_LEVELS)
    order = Inbound(
        stock_point_id="R1.A",
        part_id="bolt",
        quantity=9,
        lane_id="TUG-R1.A",
        departure_at=DAY + timedelta(hours=10),
    )
    state = PlantState(on_hand=np.array([5, 0]), source_on_hand=np.array([0]), inbound=(order,))
    twin = Twin(plant.model, np.array([[[0]]]), state, seed=0)
    assert (twin.on_hand.tolist(), twin.pipeline.on_order.tolist()) == ([[0, 0]], [[0, 5]])
    finish(twin)
    assert twin.on_hand.tolist() == [[0, 5]]


def test_lines_with_other_shifts_rest_while_others_work(small: Build) -> None:
    plant = small({"R1.A": ["bolt"], "R2.A": ["bolt"]}, shifts=2, rooms_of_two_short_shifts=("R2",))
    shifts = [(s.start.hour, s.end.hour) for s in plant.model.shifts]
    assert shifts == [(6, 14), (6, 18), (14, 22), (18, 6)]
    result = finish(plant.twin([[0, 12, 0, 12], [8, 0, 8, 0]], [18, 12]))
    assert result.consumed[0].tolist() == [[0, 12, 0, 6], [8, 0, 4, 0]]
    assert result.starved_minutes[0].tolist() == [[0, 0, 0, 360], [0, 0, 240, 0]]
    assert result.standing[0].tolist() == [[False] * 4, [False] * 4]
    twin = plant.twin([[0, 12, 0, 12], [8, 0, 8, 0]], [18, 12])
    with pytest.raises(InvalidInput, match="lines with the same shifts"):
        twin.observed()
    with pytest.raises(InvalidInput, match=r"R2\.A/bolt has demand in site/2026-01-05/day"):
        plant.twin([[0, 12, 0, 12], [8, 1, 8, 0]], [18, 12])


def finish(twin: Twin) -> Any:
    while not twin.done:
        twin.step()
    return twin.result()
