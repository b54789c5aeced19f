"""Planning by what leaders announce, played; and what-if scales demand in the same way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from supplynet.core.announcements import Announced, Announcements, announcements
from supplynet.core.sample_paths import SamplePaths
from supplynet.core.statements import Says
from supplynet.forecast.announced import paths_as_announced
from supplynet.forecast.guarded import mean_of_recent_shifts
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic.plant import tiny_plant
from supplynet.replenish.no_stockout import NoStockout
from supplynet.simulate.model import plant_series
from supplynet.study.announced import Bench, Telling, play, told, true_demand
from supplynet.study.replay import make_replay
from supplynet.study.what_if_demand import carried_over
from supplynet.study.what_if_plant import Change

START = datetime(2026, 1, 5, 5, tzinfo=UTC)  # 06:00 in Berlin
HISTORY, DAYS = 28, 10
MUCH = Telling(
    surges_per_line_week=2.0, stops_per_line_week=1.0, least=1.7, most=2.0, shifts=2, off=0.0
)


@pytest.fixture(scope="module")
def bench() -> Bench:
    """Four weeks and ten days after them, 20 to 28 parts in every shift."""
    plant = tiny_plant()
    series, calendar = plant_series(plant), plant.calendar_of(plant.lines[0].location_id)
    periods = shift_periods(calendar, START, START + timedelta(days=HISTORY + DAYS))
    demand = np.random.default_rng(1).integers(20, 29, (len(series), len(periods)))
    panel = Panel(series=series, periods=periods, demand=demand.astype(float))
    known = panel.head(2 * HISTORY)
    later = shift_periods(calendar, START, START + timedelta(days=HISTORY + DAYS + 30))
    replay = make_replay(
        plant,
        panel,
        start=START + timedelta(days=HISTORY),
        end=panel.period_ends[-1],
        history=known,
    )
    return Bench(
        replay=replay.with_ample_warehouse(),
        forecaster=mean_of_recent_shifts(known, later),
        policy=NoStockout(alpha=0.99),
        telling=MUCH,
        paths=40,
    )


def test_who_listens_halts_less(bench: Bench) -> None:
    ignored, honoured = (play(bench, seed=1, honoured=each) for each in (False, True))
    assert ignored.halts > 0
    assert honoured.halts < ignored.halts
    assert honoured.lost_minutes < 0.5 * ignored.lost_minutes


def test_where_nothing_is_said_it_is_the_same_whether_anyone_listens(bench: Bench) -> None:
    quiet = replace(bench, telling=Telling(surges_per_line_week=0.0, stops_per_line_week=0.0))
    scores = [play(quiet, seed=1, honoured=each) for each in (False, True)]
    assert (scores[0].halts, scores[0].cover_days, scores[0].orders) == (
        scores[1].halts,
        scores[1].cover_days,
        scores[1].orders,
    )


def test_lines_use_what_was_announced_and_nothing_where_they_stand_still(bench: Bench) -> None:
    replay = bench.replay
    said = told(replay.model, MUCH, 1)
    holding = announcements(said, replay.model.plant.calendar_of)
    demand = true_demand(replay, said, MUCH, 1)
    for column, shift in enumerate(replay.model.shifts):
        for row, (line, _) in enumerate(replay.model.series):
            factor = holding.factor(line, shift.start, shift.end)
            assert demand[row, column] == round(float(replay.demand[row, column] * factor))
    assert {each.says for each in said} == {Says.RATE, Says.STOPPED}
    assert all(each.said_at <= each.start for each in said)
    assert told(replay.model, MUCH, 1) == said


def test_what_if_a_line_is_faster_is_what_it_is_when_that_is_announced() -> None:
    plant = tiny_plant()
    line = plant.lines[0].location_id
    calendar, series = plant.calendar_of(line), plant_series(plant)
    shifts = calendar.shifts_between(START, START + timedelta(days=3))
    paths = SamplePaths(
        values=np.random.default_rng(1).poisson(3, (50, len(series), len(shifts))).astype(np.int32),
        series=series,
        period_starts=tuple(shift.start for shift in shifts),
        period_ends=tuple(shift.end for shift in shifts),
        cutoff=START,
        seed=1,
        model_version="test",
    )
    change = Change(rates={line: 1.3})
    asked = carried_over(paths, change, calendar=calendar, shifts=shifts, usual={})
    row = Announced(line_id=line, start=START, end=shifts[-1].end, factor=1.3)
    said = paths_as_announced(paths, Announcements(by_line={line: (row,)}))
    assert np.array_equal(asked.values, said.values)
    assert not np.array_equal(said.values, paths.values)
