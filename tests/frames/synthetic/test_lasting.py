from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.lasting import lasting
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.frames.synthetic.scenario import DemandShape

SERIES = tuple((f"L{n % 10}", f"P{n:03d}") for n in range(500))


def moment(_series: int, day: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)


def generate(shape: DemandShape) -> Generated:
    return generate_demand(demo_plant(), start=date(2025, 1, 1), days=100, seed=1, shape=shape)


def test_nothing_changes_a_series_unless_it_is_told() -> None:
    factors, rows = lasting(SERIES, 10, DemandShape(), 1, moment)
    assert (factors == 1).all()
    assert rows == []


def test_level_shifts_come_as_often_and_as_large_as_told() -> None:
    shape = DemandShape(level_shifts_per_series_year=2, level_shift_log_sd=0.4)
    factors, rows = lasting(SERIES, 731, shape, 1, moment)
    assert len(rows) / 500 == pytest.approx(4, rel=0.1)
    logs = np.log([row[5] or 0.0 for row in rows])
    assert logs.mean() == pytest.approx(0, abs=0.05)
    assert logs.std() == pytest.approx(0.4, abs=0.03)
    assert factors[:, 0] == pytest.approx(np.ones(500), abs=2)


def test_the_mean_after_a_level_shift_is_its_factor_times_the_mean_before() -> None:
    plain, made = generate(DemandShape()), generate(DemandShape(level_shifts_per_series_year=5))
    starts = np.array([shift.start for shift in made.periods])
    expected = np.ones(made.mean.shape)
    rows = made.effects.filter(pl.col("kind") == "level_shift")
    assert rows.height > 200
    for line, part, start, factor in rows.select(
        "location_id", "part_id", "period_start", "strength"
    ).iter_rows():
        expected[made.series.index((line, part)), starts >= start] *= factor
    running = plain.mean > 0
    assert np.allclose((made.mean[running] / plain.mean[running]), expected[running])


def test_a_new_part_grows_from_0_to_its_level_and_an_old_one_fades_at_every_line() -> None:
    shape = DemandShape(ramp_up_share=0.3, run_out_share=0.3, ramp_days=20, ramp_window_days=60)
    factors, rows = lasting(SERIES, 100, shape, 1, moment)
    kinds = {kind: [row for row in rows if row[0] == kind] for kind in ("ramp_up", "run_out")}
    assert {len(each) for each in kinds.values()} <= set(range(120, 181))
    place = {key: i for i, key in enumerate(SERIES)}
    for kind, line, part, start, end, *_ in rows:
        assert start is not None
        assert end is not None
        assert end - start == timedelta(days=20)
        first = (start - moment(0, 0)).days
        assert 0 <= first < 60
        mine = factors[place[str(line), str(part)]]
        grown = mine if kind == "ramp_up" else 1 - mine
        assert (grown[:first] == 0).all()
        assert grown[first + 9 : first + 11] == pytest.approx([0.475, 0.525])
        assert grown[first + 20 :] == pytest.approx(np.ones(80 - first))
    one_part, _ = lasting((("L1", "P001"), ("L2", "P001")), 100, shape, 1, moment)
    assert (one_part[0] == one_part[1]).all()


def test_ramps_that_start_after_the_history_leave_a_new_part_at_0_and_have_no_effect_row() -> None:
    shape = DemandShape(ramp_up_share=0.5, ramp_window_days=5000)
    made = generate(shape)
    noted = {
        (line, part)
        for line, part in made.effects.filter(pl.col("kind") == "ramp_up")
        .select("location_id", "part_id")
        .iter_rows()
    }
    silent = {key for i, key in enumerate(made.series) if not made.mean[i].any()}
    assert silent
    assert not silent & noted
