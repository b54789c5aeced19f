from datetime import date, timedelta

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.moving_average import MovingAverage, trailing_means
from supplynet.forecast.naive import Naive, carried_forward, errors_at
from supplynet.frames.panel import Panel, Period, daily_periods

MONDAY = date(2026, 1, 5)
NAN = float("nan")


def days(demand: list[float], closed: tuple[int, ...] = ()) -> Panel:
    holidays = {MONDAY + timedelta(days=i) for i in closed}
    periods = daily_periods(MONDAY, MONDAY + timedelta(days=len(demand)), holidays=holidays)
    return Panel(series=(("L", "p"),), periods=periods, demand=np.array([demand], dtype=float))


def after(panel: Panel, count: int, closed: tuple[int, ...] = ()) -> tuple[Period, ...]:
    end = panel.periods[-1].local_date + timedelta(days=1)
    holidays = {end + timedelta(days=i) for i in closed}
    return daily_periods(end, end + timedelta(days=count), holidays=holidays)


def points(model: Naive | MovingAverage, panel: Panel, future: tuple[Period, ...]) -> FloatArray:
    return np.asarray(model.fit(panel).mean(panel, future)[0])


def test_naive_repeats_the_last_observed_period() -> None:
    panel = days([3, 9, 5, NAN])
    np.testing.assert_array_equal(points(Naive(), panel, after(panel, 3)), [5, 5, 5])


def test_a_moving_average_is_the_mean_of_the_observed_in_its_window() -> None:
    panel = days([100.0] * 14 + [2, NAN, 4, 6, 2, NAN, 6] + [4.0] * 21)
    np.testing.assert_allclose(points(MovingAverage(), panel, after(panel, 2)), [4, 4])
    means = trailing_means(np.array([[NAN, 2.0, 4, NAN, NAN]]), 2)
    np.testing.assert_array_equal(means, [[NAN, NAN, 2, 3, 4, 4]])


def test_what_is_known_before_each_period() -> None:
    found = carried_forward(np.array([[NAN, 2.0, NAN, 4]]), 7.0)
    np.testing.assert_array_equal(found, [[7, 7, 2, 2, 4]])


def test_errors_are_counted_at_the_distance_of_the_step() -> None:
    demand = np.array([[1.0, 2, 4, 8, 16, 32]])
    known = carried_forward(demand, NAN)
    np.testing.assert_array_equal(errors_at(demand, known, 0)[0], [[1, 2, 4, 8, 16]])
    np.testing.assert_array_equal(errors_at(demand, known, 1)[0], [[3, 6, 12, 24]])
    assert errors_at(demand, known, 11)[1] == pytest.approx(2)  # 12 steps by those of 3


def test_a_random_walk_widens_with_the_square_root_of_the_step() -> None:
    walk = 1000 + np.cumsum(np.random.default_rng(2).standard_normal(400))
    panel = days(walk.tolist())
    values = Naive().fit(panel).predict(panel, after(panel, 9), (0.1, 0.9))[0]
    widths = values[:, 1] - values[:, 0]
    assert widths[0] == pytest.approx(2 * 1.28, rel=0.15)
    assert widths[8] / widths[0] == pytest.approx(3, rel=0.25)


@pytest.mark.parametrize("model", [Naive(), MovingAverage()])
def test_a_closed_day_is_left_out_and_forecast_by_its_share(model: Naive | MovingAverage) -> None:
    panel = days(
        [10, 10, 2, 10, 10, 10, 2] * 4, closed=tuple(range(2, 28, 7)) + tuple(range(6, 28, 7))
    )
    found = points(model, panel, after(panel, 3, closed=(1,)))
    np.testing.assert_allclose(found, [10, 2, 10])
