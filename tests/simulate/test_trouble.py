"""Trouble in the twin: reproducible, bounded, and none where none is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.network import Duration
from supplynet.core.sample_paths import IntArray
from supplynet.errors import InvalidInput, NotFound
from supplynet.replenish.min_max import MinMax
from supplynet.simulate import disruptions
from supplynet.simulate.disruptions import DemandChange, Trouble, disturbed, read_trouble
from supplynet.simulate.record import RunResult
from supplynet.simulate.run import run
from supplynet.simulate.state import PlantState
from supplynet.simulate.trouble import Troubles
from supplynet.simulate.twin import Twin

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
LINES = ("R1.A", "R1.B")
SHIFTS = [(START + timedelta(hours=12 * n), "day" if n % 2 == 0 else "night") for n in range(4)]
Build = Any
THRESHOLDS = MinMax(thresholds={("R1", "bolt"): (40, 80), ("R1", "nut"): (40, 80)})


def played(small: Build, trouble: Trouble | None, *, seed: int = 1) -> RunResult:
    """A line that uses 24 of two parts in each of 8 shifts, five times."""
    built = small({"R1.A": ["bolt", "nut"]}, shifts=8)
    state = PlantState(
        on_hand=np.array([80, 80], dtype=np.int32),
        source_on_hand=np.full(len(built.model.sources), 100_000, dtype=np.int32),
    )
    twin = Twin(
        built.model,
        np.full((1, 2, 8), 24),
        state,
        seed=seed,
        replications=5,
        trouble=None if trouble is None else Troubles(built.model, trouble, seed),
    )
    return run(twin, THRESHOLDS)


def used(result: RunResult) -> int:
    return int(result.consumed.sum())


def test_without_trouble_nothing_changes(small: Build) -> None:
    calm, plain = played(small, Trouble()), played(small, None)
    assert np.array_equal(calm.consumed, plain.consumed)
    assert np.array_equal(calm.on_hand, plain.on_hand)


EVERYTHING = Trouble(
    miscounts=disruptions.Miscounts(per_pair_week=7, error_share=0.5, counted_days=2),
    deliveries=disruptions.Deliveries(short_share=0.5, lost_share=0.5),
    bookings=disruptions.Bookings(late_minutes=120),
    stops=disruptions.Stops(per_line_week=5, hours=3),
    vehicles=disruptions.Vehicles(late_share=0.5, late_minutes=600, cancelled_share=0.3),
    suppliers=disruptions.Suppliers(late_share=0.5, outage_days=1),
)


def test_the_same_seed_brings_the_same_trouble_and_another_one_other(small: Build) -> None:
    first, again, other = (played(small, EVERYTHING, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.on_hand, again.on_hand)
    assert not np.array_equal(first.on_hand, other.on_hand)


def test_stopped_lines_use_less_and_are_not_starved(small: Build) -> None:
    stops = replace(Trouble(), stops=disruptions.Stops(per_line_week=7, hours=12))
    found = played(small, stops)
    assert used(found) < used(played(small, Trouble()))
    assert not found.starved_minutes.any()


def test_when_no_vehicle_leaves_the_stock_runs_out(small: Build) -> None:
    gone = replace(Trouble(), vehicles=disruptions.Vehicles(cancelled_share=1.0))
    found = played(small, gone)
    assert used(found) == 5 * 2 * 80  # all that was there
    elsewhere = replace(Trouble(), vehicles=disruptions.Vehicles(cancelled_share=1.0, lane="WH-R9"))
    assert used(played(small, elsewhere)) == used(played(small, Trouble()))


def test_late_bookings_show_stock_that_is_used_already(small: Build) -> None:
    built = small({"R1.A": ["bolt"]}, shifts=2)
    late = replace(Trouble(), bookings=disruptions.Bookings(late_minutes=120))
    books = Troubles(built.model, late, 1)
    stock: IntArray = np.array([[30]], dtype=np.int32)
    shown = [int(books.book(slot, stock - 2 * slot)[0, 0]) for slot in range(5)]
    assert shown == [30, 30, 30, 28, 26]  # two an hour, seen two hours later


@given(days=st.integers(1, 9), share=st.floats(0, 5))
def test_a_count_puts_the_books_right(small: Build, days: int, share: float) -> None:
    built = small({"R1.A": ["bolt"]}, shifts=20)
    rule = disruptions.Miscounts(per_pair_week=0.5, error_share=share, counted_days=days)
    books = Troubles(built.model, replace(Trouble(), miscounts=rule), 3)
    stock: IntArray = np.full((40, 1), 20, dtype=np.int32)
    errors = np.array(
        [books.book(slot, stock)[:, 0] - 20 for slot in range(len(built.model.slots))]
    )
    daily = errors[::24]
    wrong = daily != 0
    assert not wrong.all()
    if days == 1:  # only what is miscounted on the day itself
        assert wrong.mean() < 0.3


def test_deliveries_lack_no_more_than_they_hold(small: Build) -> None:
    built = small({"R1.A": ["bolt"]}, shifts=2)
    rule = disruptions.Deliveries(short_share=1.0, lost_share=1.0)
    trouble = Troubles(built.model, replace(Trouble(), deliveries=rule), 1)
    lane = built.model.plant.lanes[0]
    sent: IntArray = np.arange(50, dtype=np.int32)[:, None]
    arrives = trouble.usable(
        lane, START, np.zeros(1, np.int32), sent, np.arange(50, dtype=np.int32)
    )
    assert arrives is not None
    assert ((arrives >= 0) & (arrives <= sent)).all()
    assert arrives.sum() < sent.sum()


def test_an_outage_holds_back_purchases_until_it_is_over(small: Build) -> None:
    built = small({"R1.A": ["bolt"]}, shifts=8, purchase=(50, 100, Duration(low=0, mode=0, high=0)))
    rule = disruptions.Suppliers(outage_start_day=1, outage_days=2)
    trouble = Troubles(built.model, replace(Trouble(), suppliers=rule), 1)
    waits = [
        trouble.purchase_delay_minutes(
            ("WH", "bolt"), (START + timedelta(days=n)).date(), np.zeros(1, np.int32)
        )
        for n in range(4)
    ]
    # Ordered at midnight; the outage lasts from 06:00 on day 1 to 06:00 on day 3.
    assert [float(each[0]) for each in waits if each is not None] == [0.0, 0.0, 1800.0, 360.0]


def test_demand_changes_by_line_shift_and_time() -> None:
    demand = np.full((2, 4), 10)
    rules: dict[str, Any] = {"lines": LINES, "shifts": SHIFTS, "start": START}
    night = DemandChange(factor=1.5, lines="R1.B", shift="night", start_day=0, days=1)
    assert disturbed(demand, night, **rules).tolist() == [[10] * 4, [10, 15, 10, 10]]
    left_out = DemandChange(factor=0, start_day=0.5, days=1)
    assert disturbed(demand, left_out, **rules).tolist() == [[10, 0, 0, 10]] * 2
    with pytest.raises(NotFound, match=r"no line 'R9'"):
        disturbed(demand, DemandChange(factor=2, lines="R9"), **rules)


def test_trouble_is_a_file_that_names_only_what_goes_wrong(tmp_path: Path) -> None:
    file = tmp_path / "trouble.toml"
    file.write_text('name = "bad week"\n[stops]\nper_line_week = 2\n[forecast]\nfault = "nan"\n')
    found = read_trouble(file)
    assert (found.name, found.stops.per_line_week, found.forecast.fault) == ("bad week", 2.0, "nan")
    assert found.vehicles == disruptions.Vehicles()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[stop]\nhours = 1", "did you mean 'stops'"),
        ("[stops]\nhour = 1", "did you mean 'stops.hours'"),
        ("[stops]\nhours = -1", "goes from 0 to 168"),
        ('[forecast]\nfault = "nonsense"', "choose one of"),
        ("[deliveries]\nshort_share = nan", "short_share is nan"),
        ("stops = 3", "is a table"),
        ("[stops", "is no TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "trouble.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=said):
        read_trouble(file)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_trouble(tmp_path / "nowhere.toml")


def test_lanes_and_lines_without_trouble_are_not_asked_for_luck(small: Build) -> None:
    built = small({"R1.A": ["bolt"]}, shifts=2)
    calm = Troubles(built.model, Trouble(), 1)
    lane, luck = built.model.plant.lanes[0], np.arange(3, dtype=np.int32)
    assert calm.delay_minutes(lane, START, luck) is None
    assert calm.cancelled(lane, START, luck) is None
    assert calm.stopped(0, luck) is None
