from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.dependence import Dependence
from supplynet.forecast.paths import (
    FORECAST_SCHEMA,
    QuantileForecast,
    condition,
    path_scores,
    sample_paths,
)
from supplynet.forecast.quantiles import QUANTILES, mean
from supplynet.frames.panel import Period

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
PERIODS = tuple(
    Period(
        start=START + timedelta(hours=12 * i),
        end=START + timedelta(hours=12 * (i + 1)),
        shift=("day", "night")[i % 2],
        local_date=(START + timedelta(hours=12 * i)).date(),
    )
    for i in range(4)
)
SERIES = tuple((f"SR1.L{line}", f"p{part}") for line in range(3) for part in range(2))
SHARED = Dependence(plant=0.1, line=0.5, line_persistence=0.6)
NONE = Dependence(plant=0, line=0, plant_persistence=0, line_persistence=0, own_persistence=0)


def forecast(elapsed: float = 0.0, spread: float = 0.2, level: float = 100.0) -> QuantileForecast:
    one = np.maximum(level * (1 + spread * norm.ppf(QUANTILES)), 0)
    return QuantileForecast(
        values=np.broadcast_to(one, (len(SERIES), len(PERIODS), len(QUANTILES))).copy(),
        levels=QUANTILES,
        series=SERIES,
        periods=PERIODS,
        cutoff=START + elapsed * timedelta(hours=12),
        model_version="test",
    )


def rest(elapsed: float, consumed: float, **settings: float) -> FloatArray:
    """Mean of what is left of step 0 and of the later steps, of the first series."""
    seen = np.full(len(SERIES), consumed)
    made = condition(forecast(elapsed, **settings), SHARED, seen)
    return np.asarray(mean(made.values, QUANTILES)[0])


def test_the_same_seed_gives_the_same_paths_and_another_gives_others() -> None:
    one, same, other = (
        sample_paths(forecast(), dependence=SHARED, paths=50, seed=seed).values
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.8


@given(
    st.sets(st.integers(0, len(SERIES) - 1), min_size=1),
    st.integers(1, 20),
    st.integers(1, 4),
    st.integers(0, 2**31),
)
def test_a_shard_gives_the_same_values_whatever_else_is_sampled(
    rows: set[int], paths: int, steps: int, seed: int
) -> None:
    whole = condition(forecast(0.25), SHARED, np.arange(0.0, 60.0, 10.0))
    kept = sorted(rows)
    part = replace(
        whole,
        values=whole.values[kept, :steps],
        series=tuple(SERIES[i] for i in kept),
        periods=PERIODS[:steps],
    )
    everything = sample_paths(whole, dependence=SHARED, paths=20, seed=seed).values
    shard = sample_paths(part, dependence=SHARED, paths=paths, seed=seed).values
    np.testing.assert_array_equal(shard, everything[:paths, kept, :steps])


def test_paths_have_the_margins_of_the_forecast() -> None:
    values = sample_paths(forecast(), dependence=SHARED, paths=4000, seed=3).values
    assert values.dtype == np.int32
    assert values.mean() == pytest.approx(100, abs=1)
    np.testing.assert_allclose(
        np.quantile(values[:, 0, 0], QUANTILES[1:-1]), forecast().values[0, 0, 1:-1], atol=2.5
    )


def test_series_of_a_line_move_together_and_steps_follow_each_other() -> None:
    scores = path_scores(SERIES, SHARED, steps=2, paths=4000, seed=3)
    across = np.asarray(np.corrcoef(scores[:, :, 0].T))
    assert across[0, 1] == pytest.approx(0.6, abs=0.05)  # same line: plant + line
    assert across[0, 2] == pytest.approx(0.1, abs=0.05)  # another line: plant
    along = np.corrcoef(scores[:, 0, 0], scores[:, 0, 1])[0, 1]
    assert along == pytest.approx(SHARED.carried(2)[1], abs=0.05)


def test_sums_over_a_line_spread_wider_than_independent_ones() -> None:
    together, apart = (
        sample_paths(forecast(), dependence=d, paths=2000, seed=1).values.sum(axis=(1, 2)).std()
        for d in (SHARED, NONE)
    )
    assert together > 1.5 * apart


def test_at_the_start_of_a_period_nothing_is_conditioned() -> None:
    whole = forecast(0.0)
    assert condition(whole, SHARED, np.zeros(6)) is whole


def test_a_usual_pace_leaves_the_rest_in_proportion() -> None:
    left = rest(0.25, 25.0)
    assert left[0] == pytest.approx(75, abs=1)
    np.testing.assert_allclose(left[1:], 100, atol=1)


def test_a_break_of_pace_shows_at_once_and_moves_the_later_steps_too() -> None:
    fast, slow = rest(0.25, 50.0), rest(0.25, 0.0)
    assert fast[0] > 1.6 * 75
    assert slow[0] < 0.5 * 75
    assert (fast[1:] > 101).all()
    assert (slow[1:] < 99).all()


def test_a_starved_line_says_nothing_of_its_pace() -> None:
    for unknown in (None, np.full(6, np.nan)):
        made = condition(forecast(0.5), SHARED, unknown)
        assert mean(made.values, QUANTILES)[0, 0] == pytest.approx(50, abs=1)


def test_one_part_taken_of_a_rare_one_is_no_hundredfold_pace() -> None:
    rare = rest(0.05, 5.0, level=0.3, spread=4.0)
    assert rare[0] < 6  # the bare ratio would say 95


def test_the_rest_narrows_towards_the_end_of_the_period() -> None:
    widths = []
    for elapsed in (0.1, 0.5, 0.9):
        made = condition(forecast(elapsed), SHARED, np.full(6, 100 * elapsed)).values
        widths.append(made[0, 0, -1] - made[0, 0, 0])
    assert widths[0] > 1.5 * widths[1] > 3 * widths[2]


@given(st.floats(0.01, 0.99), st.floats(0, 5000))
def test_whatever_was_consumed_the_rest_is_ordered_and_not_below_zero(
    elapsed: float, consumed: float
) -> None:
    made = condition(forecast(elapsed), SHARED, np.full(6, consumed)).values
    assert (np.diff(made, axis=-1) >= 0).all()
    assert (made >= 0).all()
    assert np.isfinite(made).all()


def test_the_frame_has_a_row_per_series_step_and_quantile() -> None:
    frame = forecast().frame()
    assert frame.schema == FORECAST_SCHEMA
    assert frame.height == 6 * 4 * 9
    assert frame.row(9, named=True) == {
        "location_id": "SR1.L0",
        "part_id": "p0",
        "period_start": PERIODS[1].start,
        "shift": "night",
        "cutoff": START,
        "step": 1,
        "quantile": 0.01,
        "demand": forecast().values[0, 1, 0],
    }
