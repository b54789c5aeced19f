from datetime import date, timedelta

import numpy as np

from supplynet.forecast.seasonal_naive import SeasonalNaive
from supplynet.forecast.shift_mean import ShiftMean
from supplynet.frames.panel import Panel, daily_periods

MONDAY = date(2026, 1, 5)


def weeks(*demand: list[float]) -> Panel:
    days = [value for week in demand for value in week]
    periods = daily_periods(MONDAY, MONDAY + timedelta(days=len(days)))
    return Panel(series=(("L", "p"),), periods=periods, demand=np.array([days], dtype=float))


def median(model: SeasonalNaive | ShiftMean, panel: Panel, count: int = 7) -> list[float]:
    end = panel.periods[-1].local_date + timedelta(days=1)
    future = daily_periods(end, end + timedelta(days=count))
    values = model.fit(panel).predict(panel, future, (0.5,))
    return [float(v) for v in values[0, :, 0].round(6)]


def test_seasonal_naive_repeats_the_last_week() -> None:
    week = [1.0, 2, 3, 4, 5, 6, 7]
    assert median(SeasonalNaive(), weeks(week, week, week, week), 9) == [1, 2, 3, 4, 5, 6, 7, 1, 2]


def test_seasonal_naive_takes_the_week_before_where_a_day_was_not_observed() -> None:
    hidden = [float("nan"), 2, 3, 4, 5, 6, 7]
    week = [1.0, 2, 3, 4, 5, 6, 7]
    assert median(SeasonalNaive(), weeks(week, week, week, week, hidden), 1) == [1]


def test_seasonal_naive_quantiles_are_its_own_past_errors() -> None:
    rng = np.random.default_rng(1)
    panel = weeks(*(list(rng.integers(90, 111, 7)) for _ in range(30)))
    future = daily_periods(panel.periods[-1].local_date, panel.periods[-1].local_date)
    assert SeasonalNaive().fit(panel).predict(panel, future, (0.5,)).shape == (1, 0, 1)
    end = panel.periods[-1].local_date + timedelta(days=1)
    values = (
        SeasonalNaive()
        .fit(panel)
        .predict(panel, daily_periods(end, end + timedelta(days=1)), (0.05, 0.95))
    )
    errors = panel.demand[0, 7:] - panel.demand[0, :-7]
    recent = errors[-140:]  # it looks at 21 weeks, of which the first has no error
    np.testing.assert_allclose(
        values[0, 0] - panel.demand[0, -7], np.quantile(recent, (0.05, 0.95)), atol=0.5
    )


def test_shift_mean_is_the_mean_of_the_weekday_class() -> None:
    panel = weeks([10, 20, 30, 40, 50, 6, 2], [10, 20, 30, 40, 50, 8, 4])
    values = ShiftMean(least_errors=10_000).fit(panel)
    end = panel.periods[-1].local_date + timedelta(days=1)
    middle = values.predict(panel, daily_periods(end, end + timedelta(days=7)), (0.5,))[0, :, 0]
    np.testing.assert_allclose(middle, [30, 30, 30, 30, 30, 7, 3])


def test_shift_mean_forgets_what_is_older_than_its_window() -> None:
    panel = weeks(*([[100.0] * 7] * 4), *([[20.0] * 7] * 8))
    assert median(ShiftMean(weeks=8), panel) == [20] * 7
