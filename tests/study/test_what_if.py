"""A changed plant beside the plant as it is: figures that can be checked by head."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from supplynet.core.network import Plant
from supplynet.core.protocols import DecisionState, Outlook, SupplyTerms
from supplynet.core.sample_paths import IntArray, SamplePaths
from supplynet.core.shifts import Shift, ShiftCalendar
from supplynet.errors import InvalidInput, NotFound
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.simulate.model import compile_plant, plant_series
from supplynet.simulate.state import PlantState
from supplynet.study.what_if import Answer, Situation, what_if
from supplynet.study.what_if_demand import carried_over
from supplynet.study.what_if_plant import Change, changed_plant

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin
PER_SHIFT = 24


@dataclass(frozen=True)
class Nobody:
    """Orders nothing."""

    name: str = "nobody"

    def wanted(
        self,
        state: DecisionState,
        outlook: Outlook,  # noqa: ARG002
        terms: SupplyTerms,  # noqa: ARG002
    ) -> IntArray:
        return np.zeros_like(state.on_hand)


def shifts_of(plant: Plant, days: int) -> list[Shift]:
    calendar = plant.calendar_of(plant.lines[0].location_id)
    return calendar.shifts_between(START, START + timedelta(days=days))


def situation(plant: Plant, *, stock: int = 10_000, futures: int = 6, **more: Any) -> Situation:
    """Every series uses 24 parts in every shift of every future."""
    series, shifts = plant_series(plant), shifts_of(plant, 8)
    model = compile_plant(plant, series, start=START, end=START + timedelta(days=4))
    paths = SamplePaths(
        values=np.full((2 * futures, len(series), len(shifts)), PER_SHIFT, dtype=np.int32),
        series=series,
        period_starts=tuple(shift.start for shift in shifts),
        period_ends=tuple(shift.end for shift in shifts),
        cutoff=START,
        seed=1,
        model_version="test",
    )
    state = PlantState(
        on_hand=np.full(len(model.pairs), stock, dtype=np.int32),
        source_on_hand=np.full(len(model.sources), 1_000_000, dtype=np.int32),
    )
    given: dict[str, Any] = {"policy": Nobody(), "days": 4, "slot_minutes": 60} | more
    return Situation(plant=plant, series=series, state=state, paths=paths, **given)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return tiny_plant()


def figure(answer: Answer, name: str) -> tuple[float, float, float]:
    found = next(each for each in answer.figures if each.name == name)
    return found.base, found.changed, found.difference


def test_a_line_that_is_off_uses_nothing_of_what_all_drew(plant: Plant) -> None:
    line = plant.lines[0].location_id
    answer = what_if(situation(plant), Change(switched={line: False}))
    series = plant_series(plant)
    base = 2 * PER_SHIFT * len(series)  # a day
    left = 2 * PER_SHIFT * sum(name != line for name, _ in series)
    stock, other, _ = figure(answer, "stock_parts")
    assert other > stock
    cover, longer, _ = figure(answer, "cover_days")
    assert (cover, longer) == pytest.approx((stock / base, other / left))
    assert (figure(answer, "halts")[2], answer.lines, answer.parts) == (0.0, (), ())


def test_less_stock_halts_lines_and_says_which_and_for_what(plant: Plant) -> None:
    given = situation(plant)
    place, part = next(iter(plant.supply_rule))
    answer = what_if(given, Change(stock={(place, part): 0}))
    users = {name for name, wanted in given.series if wanted == part}
    assert figure(answer, "halts") == (0.0, len(users), len(users))
    assert figure(answer, "lost_minutes")[1] == pytest.approx(4 * 1440 * len(users))
    assert {each.name for each in answer.lines} == users
    assert [each.name for each in answer.parts] == [f"{place}/{part}"]
    worst = answer.lines[0]
    assert (worst.low, worst.high) == (worst.difference, worst.difference)  # all futures agree


def test_twice_as_many_departures_are_twice_as_many_trips(plant: Plant) -> None:
    lane = plant.lanes[0]
    times = tuple(time(hour) for hour in range(1, 24, 2))
    given = situation(plant, stock=60, policy=OrderUpTo(alpha=0.9))
    answer = what_if(given, Change(departures={lane.lane_id: times}))
    base, changed, _ = figure(answer, "trips")
    assert base == pytest.approx(len(lane.departures) * 4, abs=2)
    assert changed > 3 * base
    assert figure(answer, "cover_days")[2] < 0


def test_a_longer_way_needs_more_stock(plant: Plant) -> None:
    given = situation(plant, stock=60, policy=OrderUpTo(alpha=0.9))
    answer = what_if(given, Change(lead_times={plant.lanes[0].lane_id: 600}))
    assert figure(answer, "lost_minutes")[2] > 0


def test_nothing_but_the_change_makes_a_difference(plant: Plant) -> None:
    given = situation(plant, stock=60, policy=OrderUpTo(alpha=0.9))
    same = plant.lanes[0]
    answer = what_if(given, Change(departures={same.lane_id: same.departures}))
    assert [each.difference for each in answer.figures] == [0.0] * 5


def carried(plant: Plant, change: Change, **usual: float) -> SamplePaths:
    given = situation(plant)
    other = changed_plant(plant, change)
    calendar: ShiftCalendar = other.calendar_of(plant.lines[0].location_id)
    return carried_over(
        given.paths,
        change,
        calendar=calendar,
        shifts=shifts_of(plant, 8),
        usual={name: usual.get("usual", 0.0) for name in given.series},
    )


def test_a_shift_that_is_cut_short_uses_less_and_the_other_as_before(plant: Plant) -> None:
    paths = carried(plant, Change(shifts={"day": (time(6), time(12))}))
    assert set(paths.values[:, :, 0].ravel()) == {PER_SHIFT // 2}
    assert set(paths.values[:, :, 1].ravel()) == {PER_SHIFT}
    assert paths.period_ends[0] - paths.period_starts[0] == timedelta(hours=6)


def test_a_shift_that_is_not_worked_is_gone(plant: Plant) -> None:
    paths = carried(plant, Change(shifts={"night": None}))
    assert paths.values.shape[2] == 8
    assert {moment.hour for moment in paths.period_starts} == {5}
    assert set(paths.values.ravel()) == {PER_SHIFT}


def test_a_line_switched_on_uses_what_it_usually_did(plant: Plant) -> None:
    given, line = situation(plant), plant.lines[0].location_id
    rows = [row for row, (name, _) in enumerate(given.series) if name == line]
    still = given.paths.values.copy()
    still[:, rows] = 0
    change = Change(switched={line: True})
    made = carried_over(
        replace(given.paths, values=still),
        change,
        calendar=plant.calendar_of(line),
        shifts=shifts_of(plant, 8),
        usual={given.series[rows[0]]: 7.0},
    )
    assert set(made.values[:, rows[0]].ravel()) == {7}
    with pytest.raises(InvalidInput, match="is on already"):
        carried(plant, change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change(), "nothing is changed"),
        (Change(rates={"SR1.ST1.X": 1.2}), "no line 'SR1.ST1.X'; did you mean"),
        (Change(rates={"SR1.ST1.A": -1.0}), "the rate of SR1.ST1.A is -1"),
        (Change(rates={"SR1.ST1.A": float("nan")}), "goes from 0 to 20"),
        (Change(rates={"SR1.ST1.A": 2.0}, switched={"SR1.ST1.A": False}), "give one of the two"),
        (Change(lead_times={"NOWAY": 5}), "no lane 'NOWAY'"),
        (Change(trucks={"WH1-SR1": 0.0}), "litres of one trip"),
        (Change(departures={"WH1-SR1": ()}), "has no departures"),
        (Change(stock={("SR1", "P-0000"): 5}), "no part 'P-0000'"),
        (Change(stock={("SR9", "P-001"): 5}), "no location 'SR9'"),
        (Change(stock={("SR1", "P-001"): -5}), "the stock of P-001 at SR1 is -5"),
        (Change(shifts={"noon": None}), "no shift 'noon'"),
        (Change(shifts={"day": None, "night": None}), "no shift is left"),
        (Change(shifts={"day": (time(6), time(6))}), "has no length"),
        (Change(shifts={"day": (time(6), time(20))}), "overlap"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint(
    plant: Plant, change: Change, message: str
) -> None:
    with pytest.raises((InvalidInput, NotFound), match=message):
        changed_plant(plant, change)


def test_odd_clock_times_are_refused(plant: Plant) -> None:
    with pytest.raises(InvalidInput, match="multiples of 5"):
        what_if(situation(plant), Change(shifts={"day": (time(6, 7), time(18))}))
