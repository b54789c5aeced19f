"""What lines report wrongly is wrong in consumption and stock alike, until it is put right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.state import opening_state
from supplynet.simulate.twin import Twin
from supplynet.simulate.wrong_records import Surges, WrongRecords, WrongReports, surged

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin
USE = 24
EVERY = WrongRecords(
    spikes_per_part_week=1,
    doubles_per_line_week=1,
    unit_jumps_per_part_week=1,
    dead_per_line_week=1,
    counted_days=3,
)


@pytest.fixture(scope="module")
def model() -> PlantModel:
    return compile_plant(tiny_plant(), start=START, end=START + timedelta(days=14))


def _twin(model: PlantModel, wrong: WrongRecords, seed: int = 1) -> tuple[Twin, WrongReports]:
    """A plant with stock for weeks, in which every shift uses ``USE`` of every part."""
    reports = WrongReports(model, wrong, seed)
    demand = np.full((1, len(model.series), len(model.shifts)), USE, dtype=np.int32)
    opening = opening_state(model, np.full(len(model.pairs), 1000.0), factor=1.0)
    state = replace(opening, on_hand=np.full(len(model.pairs), 4000, dtype=np.int32))
    return Twin(model, demand, state, seed=1, trouble=reports), reports


def _day_of_work(twin: Twin, reports: WrongReports) -> None:
    until = twin.now + timedelta(days=1)
    while not twin.done and twin.now < until:
        reports.saw(twin.step())


def _by_pair(model: PlantModel, of_series: FloatArray) -> FloatArray:
    total = np.zeros(len(model.pairs))
    np.add.at(total, model.pair_of_series, of_series)
    return total


def test_nothing_wrong_is_reported_unless_asked_for(model: PlantModel) -> None:
    twin, reports = _twin(model, WrongRecords())
    _day_of_work(twin, reports)
    assert (reports.factors == 1.0).all()
    assert (reports.book_error == 0).all()
    seen = twin.observed()
    assert np.array_equal(reports.reported(seen).demand, seen.demand)


@pytest.mark.parametrize(
    ("wrong", "factor"),
    [
        (WrongRecords(spikes_per_part_week=1, spike_factor=8.0, counted_days=3650), 8.0),
        (WrongRecords(doubles_per_line_week=1, counted_days=3650), 2.0),
        (WrongRecords(unit_jumps_per_part_week=1, counted_days=3650), None),
        (WrongRecords(dead_per_line_week=1, dead_shifts=2, counted_days=3650), 0.0),
    ],
)
def test_books_lose_what_is_reported_and_not_what_is_used(
    model: PlantModel, wrong: WrongRecords, factor: float | None
) -> None:
    twin, reports = _twin(model, wrong)
    while not twin.done:
        reports.saw(twin.step())
    off = reports.factors != 1.0
    assert 0 < off.sum() < off.size
    packs = model.terms.container_size[model.pair_of_series][:, None]
    expected = np.broadcast_to(packs if factor is None else factor, off.shape)
    assert np.array_equal(reports.factors[off], expected[off])
    told = reports.reported(twin.observed()).demand
    assert np.array_equal(told, USE * reports.factors)
    too_much = (told - USE).sum(axis=1)
    assert np.array_equal(reports.book_error, -_by_pair(model, too_much))


def test_decisions_see_the_books_one_slot_later(model: PlantModel) -> None:
    twin, reports = _twin(model, WrongRecords(dead_per_line_week=7, counted_days=3650))
    every = np.arange(len(model.pairs), dtype=np.int32)
    for _ in range(60):
        before = reports.book_error
        reports.saw(twin.step())
        seen = twin.state_of(every).on_hand[0]
        assert np.array_equal(seen, np.maximum(twin.on_hand[0] + before, 0))
        assert np.array_equal(reports.booked, twin.on_hand[0] + before)
    assert reports.book_error.any()


def test_a_mistake_of_a_person_is_told_when_the_shift_ends(model: PlantModel) -> None:
    twin, reports = _twin(model, WrongRecords(spikes_per_part_week=7, counted_days=3650))
    end = model.shifts[0].end
    while twin.now < end - timedelta(hours=1):
        reports.saw(twin.step())
        assert not reports.book_error.any()
        running = twin.observed().running
        assert running is not None
        told = reports.reported(twin.observed()).running
        assert told is not None
        assert np.array_equal(told, running)
    reports.saw(twin.step())
    assert reports.book_error.min() < 0
    excess = USE * (reports.factors[:, 0] - 1)
    assert np.array_equal(reports.book_error, -_by_pair(model, excess))


def test_a_count_puts_the_stock_right_and_leaves_the_record(model: PlantModel) -> None:
    twin, reports = _twin(model, EVERY)
    right = np.zeros(len(model.pairs), dtype=bool)
    told = 0
    while not twin.done:
        report = twin.step()
        for pair in np.flatnonzero(reports.counted):
            assert reports.booked[pair] == twin.on_hand[0, pair]
            right[pair] = True
        reports.saw(report)
        told += int(reports.counted.sum())
    assert right.all()
    assert told == pytest.approx(14 / 3 * len(model.pairs), abs=len(model.pairs))
    assert not np.array_equal(reports.reported(twin.observed()).demand, twin.observed().demand)


def test_a_corrected_record_is_right_in_consumption_and_stock(model: PlantModel) -> None:
    twin, reports = _twin(model, EVERY)
    while not twin.done:
        reports.saw(twin.step())
    assert reports.book_error.any()
    for series, shift in np.argwhere(reports.factors != 1.0).tolist():
        reports.correct(series, shift)
    assert not reports.book_error.any()
    assert np.array_equal(reports.reported(twin.observed()).demand, twin.observed().demand)


def test_the_same_seed_makes_the_same_mistakes(model: PlantModel) -> None:
    first, again = WrongReports(model, EVERY, 3).factors, WrongReports(model, EVERY, 3).factors
    assert np.array_equal(first, again)
    assert not np.array_equal(first, WrongReports(model, EVERY, 4).factors)


def test_a_surge_is_of_the_whole_line_and_two_to_three_times_the_use(model: PlantModel) -> None:
    demand = np.full((len(model.series), len(model.shifts)), 100, dtype=np.int32)
    found = surged(demand, model, Surges(per_line_week=1.5), 2)
    odd = found != demand
    assert 0 < odd.sum() < odd.size
    assert found[odd].min() >= 200
    assert found[odd].max() <= 300
    for line in range(len(model.lines)):
        rows = found[model.line_of_series == line]
        assert (rows == rows[0]).all()
    assert np.array_equal(surged(demand, model, Surges(), 2), demand)


def test_rates_out_of_their_range_are_refused() -> None:
    with pytest.raises(InvalidInput, match="spikes_per_part_week"):
        WrongRecords(spikes_per_part_week=-1)
    with pytest.raises(InvalidInput, match="most"):
        Surges(most=float("nan"))
