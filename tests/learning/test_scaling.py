from datetime import date, timedelta

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel, daily_periods
from supplynet.learning.scaling import Profile, Scaling, tail_of, typical_level

WEEK = [10.0, 10, 10, 10, 10, 4, 2]
START = date(2026, 1, 5)  # a Monday


def panel(*series: list[float]) -> Panel:
    periods = daily_periods(START, START + timedelta(days=len(series[0])))
    names = tuple(("L", f"p{i}") for i in range(len(series)))
    return Panel(series=names, periods=periods, demand=np.array(series, dtype=float))


def expected(history: Panel, ahead: int = 7, typical: float = 5.0) -> tuple[FloatArray, FloatArray]:
    end = history.periods[-1].local_date + timedelta(days=1)
    future = daily_periods(end, end + timedelta(days=ahead))
    scaling = Scaling.of(Profile.of(history, future, ("",), typical))
    now = len(history.periods)
    return scaling.at(now + np.arange(ahead), np.full(ahead, now))


def test_a_series_that_repeats_its_week_is_expected_to_go_on_close_to_it() -> None:
    location, _ = expected(panel(WEEK * 20))
    np.testing.assert_allclose(location[0], WEEK, atol=2.0)  # shrunk towards the mean, 8
    assert location[0, 6] < location[0, 5] < location[0, 0]


def test_scaling_follows_the_unit_of_the_series() -> None:
    noisy = [w * (1 + 0.1 * ((7 * i) % 5 - 2)) for i, w in enumerate(WEEK * 20)]
    location, spread = expected(panel([100 * v for v in noisy], [1000 * v for v in noisy]))
    np.testing.assert_allclose(location[1] / location[0], 10, rtol=1e-3)
    np.testing.assert_allclose(spread[1] / spread[0], 10, rtol=0.05)


def test_one_day_of_history_says_more_than_the_plants_typical_level() -> None:
    location, spread = expected(panel([*[np.nan] * 6, 200.0]))
    assert location[0] == pytest.approx(190, abs=10)
    assert (spread > 0).all()


def test_a_series_never_seen_gets_the_typical_level() -> None:
    location, _ = expected(panel([np.nan] * 7), typical=33.0)
    np.testing.assert_allclose(location, 33.0)


def test_a_series_of_zeros_has_a_spread_above_zero() -> None:
    location, spread = expected(panel([0.0] * 140))
    assert location.max() < 0.1
    assert spread.min() > 0.1


def test_a_long_history_is_scaled_by_its_tail_alone() -> None:
    rng = np.random.default_rng(1)
    long = panel(list(rng.poisson(20, 7 * 60).astype(float)))
    short = tail_of(long)
    assert len(short.periods) < len(long.periods)
    for whole, tail in zip(expected(long), expected(short), strict=True):
        np.testing.assert_allclose(whole, tail, rtol=1e-9)


def test_the_typical_level_is_the_median_of_the_series_means() -> None:
    assert typical_level(panel([1.0] * 7, [5.0] * 7, [np.nan] * 7, [100.0] * 7)) == 5.0
