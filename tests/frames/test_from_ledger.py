"""Demand of shifts from counted consumption; a row is an observation, no row is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from supplynet.core.network import Plant
from supplynet.frames.from_ledger import demand_of_shifts
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.simulate.model import plant_series

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin
HOUR = timedelta(hours=1)
PLANT: Plant = tiny_plant()
LINE, PART = plant_series(PLANT)[0]
DAY_SHIFT = "SR1/2026-01-05/day"


def frame(
    used: int = 0, starved: int = 0, stopped: int = 0, hours: int = 24
) -> list[tuple[object, ...]]:
    made = demand_of_shifts(
        PLANT,
        {(LINE, PART): START},
        START,
        START + hours * HOUR,
        {(LINE, PART, DAY_SHIFT): used},
        {(LINE, DAY_SHIFT): starved},
        {(LINE, DAY_SHIFT): stopped},
    )
    return made.select("shift", "consumed", "starved_minutes", "rate", "demand").rows()


def test_a_shift_without_movements_is_an_observed_zero() -> None:
    assert frame(used=24) == [("day", 24, 0, 2.0, 24.0), ("night", 0, 0, 0.0, 0.0)]


def test_only_shifts_that_are_over_count() -> None:
    assert [row[0] for row in frame(hours=23)] == ["day"]
    assert frame(hours=11) == []


def test_starvation_hides_demand_and_a_stop_does_not() -> None:
    assert frame(used=24, starved=360)[0] == ("day", 24, 360, 4.0, None)
    assert frame(used=24, stopped=360)[0] == ("day", 24, 0, 4.0, 24.0)


def test_more_minutes_than_the_shift_has_are_all_of_it() -> None:
    assert frame(used=1, starved=9999)[0] == ("day", 1, 720, None, None)


def test_what_was_put_back_never_makes_demand_negative() -> None:
    assert frame(used=-3)[0][1] == 0


def test_a_series_has_no_rows_before_it_was_known() -> None:
    known = {(LINE, PART): START + 12 * HOUR}
    made = demand_of_shifts(PLANT, known, START, START + 24 * HOUR, {}, {}, {})
    assert made["shift"].to_list() == ["night"]
    assert demand_of_shifts(PLANT, {}, START, START + 24 * HOUR, {}, {}, {}).is_empty()
