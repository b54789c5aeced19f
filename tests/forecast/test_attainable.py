from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.attainable import Attainable, attainable, why_not
from supplynet.frames.panel import Panel, daily_periods

START = date(2026, 1, 5)
WEEK = np.array([1.0, 1.1, 1.2, 1.1, 1.3, 0.6, 0.4])


def panel_of(demand: FloatArray) -> Panel:
    """Daily series of one line."""
    days = demand.shape[1]
    return Panel(
        series=tuple(("A", f"{n:03d}") for n in range(len(demand))),
        periods=daily_periods(START, START + timedelta(days=days)),
        demand=demand,
    )


def drawn(mean: FloatArray, seed: int = 1) -> FloatArray:
    """Poisson draws about a mean."""
    return np.random.default_rng(seed).poisson(mean).astype(float)


def test_the_floor_is_the_error_of_a_forecast_that_knows_the_mean() -> None:
    days = np.arange(182)
    mean = np.outer([5.0, 20.0, 200.0], WEEK[days % 7] * (1 + days / 182))
    demand = drawn(mean)
    found = attainable(panel_of(demand))
    mae = np.abs(demand - mean).mean(axis=1)
    mape = np.where(demand > 0, np.abs(demand - mean) / np.maximum(demand, 1), 0).mean(axis=1)
    assert found.mae == pytest.approx(mae, rel=0.12)
    assert found.mape[1:] == pytest.approx(mape[1:], rel=0.2)


def test_no_forecast_of_counts_is_better_than_poisson_noise_allows() -> None:
    """A median of 100 errs by 8.0 about a mean of 100: sqrt(2 / pi) of its deviation, 10."""
    found = attainable(panel_of(np.full((1, 100), 100.0)))
    assert found.mae[0] == pytest.approx(8.0, rel=0.02)
    assert found.mape[0] == pytest.approx(0.08, rel=0.05)


def test_week_and_trend_are_no_noise() -> None:
    """The same draws with a trend and a week of the same mean have the same floor."""
    days = np.arange(182)
    plain = drawn(np.full((40, 182), 50.0))
    steady = plain - 50.0 + 1000.0
    moving = plain - 50.0 + 1000.0 * WEEK[days % 7] * 7 / WEEK.sum() + (days - 90.5)
    flat, shaped = (attainable(panel_of(each)).mae.mean() for each in (steady, moving))
    assert shaped == pytest.approx(flat, rel=0.03)


def test_r2_is_what_of_the_week_is_not_noise() -> None:
    days = np.arange(182)
    demand = drawn(np.outer([1000.0, 1.0], WEEK[days % 7]))
    found = attainable(panel_of(demand)).r2
    assert found[0] > 0.98
    assert found[1] < 0.3


def test_a_percentage_is_promised_to_quiet_series_alone() -> None:
    days = np.arange(182)
    found = attainable(panel_of(drawn(np.outer([2000.0, 4.0], WEEK[days % 7]))))
    assert found.promised.tolist() == [True, False]
    said = why_not(found)
    assert said.startswith("1 of 2 series have so little noise that MAPE below 15%")
    assert "The demand of the other 1 scatters about its own mean" in said


def test_nothing_more_is_said_when_all_are_quiet() -> None:
    floor = Attainable(mape=np.array([0.05]), mae=np.array([1.0]), r2=np.array([0.9]))
    assert "scatters" not in why_not(floor)


@pytest.mark.parametrize(
    "demand",
    [
        np.empty((0, 100)),
        np.full((1, 100), np.nan),
        np.zeros((1, 100)),
        np.full((1, 5), 3.0),
        np.full((1, 15), 3.0),
    ],
    ids=["no series", "never observed", "no demand", "a week", "too short"],
)
def test_a_series_that_tells_nothing_has_no_floor(demand: FloatArray) -> None:
    found = attainable(panel_of(demand))
    assert np.isnan(found.mape).all()
    assert np.isnan(found.mae).all()
    assert np.isnan(found.r2).all()
    assert not found.promised.any()
    assert why_not(found) == "No series is long enough to tell its noise."


def test_what_was_not_observed_is_left_out() -> None:
    demand = drawn(np.outer(np.full(20, 40.0), WEEK[np.arange(182) % 7]))
    holes = demand.copy()
    holes[:, ::11] = np.nan
    whole, part = (attainable(panel_of(each)).mae.mean() for each in (demand, holes))
    assert part == pytest.approx(whole, rel=0.1)


@given(
    level=st.floats(0.01, 5000),
    share=st.floats(0.05, 1.0),
    seed=st.integers(0, 1000),
)
def test_a_floor_is_finite_and_no_share_is_above_one(level: float, share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    demand = random.poisson(level, (2, 60)) * (random.random((2, 60)) < share)
    found = attainable(panel_of(demand.astype(float)))
    known = ~np.isnan(found.mape)
    assert known.tolist() == ((demand[:, :] > 0).any(axis=1) & known).tolist()
    assert (found.mape[known] >= 0).all()
    assert np.isfinite(found.mae[known]).all()
    assert not (found.r2 > 1).any()
