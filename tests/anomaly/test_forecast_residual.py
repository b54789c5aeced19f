"""Surprises of a forecast: alone, beside the line, and summed up."""

from dataclasses import replace

import numpy as np
import pytest

from supplynet.anomaly.forecast_residual import FittedForecastResidual, ForecastResidual
from supplynet.anomaly.sameness import sameness_of
from supplynet.anomaly.some_lines import some_lines
from supplynet.anomaly.surprise import surprise_of
from supplynet.anomaly.weekly_forecast import Expected, WeeklyForecast
from supplynet.forecast import registry
from supplynet.frames.panel import Panel, Period

LEARNT = 300  # of 420 shifts


@pytest.fixture(scope="module")
def steady(calendar: tuple[Period, ...]) -> Panel:
    """Two lines of six parts; a hundred or so a shift."""
    rng = np.random.default_rng(3)
    night = np.array([0.6 if period.shift == "night" else 1.0 for period in calendar])
    series = tuple((f"SR1.ST1.L{line}", f"P-{part}") for line in range(2) for part in range(6))
    levels = np.tile([60.0, 80, 100, 120, 160, 200], 2)
    return Panel(
        series=series,
        periods=calendar,
        demand=rng.poisson(levels[:, None] * night).astype(float),
    )


@pytest.fixture(scope="module")
def fitted(steady: Panel) -> FittedForecastResidual:
    return ForecastResidual(model="shift_mean").fit(steady.head(LEARNT))


def with_demand(panel: Panel, row: int, some: slice, factor: float) -> Panel:
    demand = panel.demand.copy()
    demand[row, some] = np.rint(factor * demand[row, some])
    return replace(panel, demand=demand)


def test_a_level_that_is_a_third_higher_shows_within_four_shifts(
    fitted: FittedForecastResidual, steady: Panel
) -> None:
    normal = fitted.judge(steady.head(400)).strangeness[3, LEARNT:]
    higher = with_demand(steady, 3, slice(360, None), 1.35)
    odd = fitted.judge(higher.head(364), 4).strangeness[3]
    assert odd.max() > np.nanmax(normal)


def test_a_line_that_stands_for_an_hour_raises_no_alarm_at_each_of_its_parts(
    fitted: FittedForecastResidual, steady: Panel
) -> None:
    demand = steady.demand.copy()
    demand[:6, 370] = np.rint(0.8 * demand[:6, 370])  # the whole line
    line = fitted.judge(replace(steady, demand=demand)).strangeness[:6, 370]
    alone = with_demand(steady, 3, slice(370, 371), 0.6)
    one = fitted.judge(alone).strangeness[3, 370]
    assert np.median(line) < 2  # nothing that one in a hundred is not
    assert one > line.max()


def test_what_is_odd_today_does_not_make_the_rest_of_its_weeks_odd(
    fitted: FittedForecastResidual, steady: Panel
) -> None:
    before = fitted.judge(steady).strangeness[3]
    spike = fitted.judge(with_demand(steady, 3, slice(350, 351), 9.0)).strangeness[3]
    assert spike[350] > 6
    after = slice(357, 390)  # beyond the windows that contain it
    assert np.nanmax(spike[after]) < np.nanmax(before) + 1


def test_a_counter_that_shows_nothing_for_weeks_stays_odd(
    fitted: FittedForecastResidual, steady: Panel
) -> None:
    dead = fitted.judge(with_demand(steady, 3, slice(350, 380), 0.0)).strangeness[3]
    assert dead[350:380].min() > 3


def test_the_line_says_what_was_expected_of_the_part(steady: Panel) -> None:
    some = steady.select(steady.series[:6])
    middle = np.full((6, 1), 100.0)
    expected = Expected(low=middle - 15, middle=middle, high=middle + 15, highest=middle + 25)
    slow = np.full((6, 1), 70.0)
    found = surprise_of(some, slow, expected, 1.0)
    np.testing.assert_allclose(found.expected, 70.0)  # the line was 30 % slower
    np.testing.assert_allclose(found.beside, 0.0, atol=1e-9)
    assert (found.alone < -2).all()


def test_a_week_is_forecast_from_what_lies_before_it(steady: Panel) -> None:
    model = registry.estimator("shift_mean").fit(steady)
    weekly = WeeklyForecast(predictor=model, look_back=140, least=14)
    monday = next(
        i for i, p in enumerate(steady.periods) if i > 300 and p.local_date.weekday() == 0
    )
    changed = with_demand(steady, 2, slice(monday, None), 3.0)
    for count in (monday + 1, monday + 9):
        one, other = (weekly.expected(each.head(count), 1).middle for each in (steady, changed))
        np.testing.assert_array_equal(one, other)


def test_a_series_that_never_repeats_itself_and_does_is_stuck() -> None:
    rng = np.random.default_rng(5)
    lively = rng.integers(80, 140, size=(1, 200)).astype(float)
    lively[0, 150:154] = 101.0
    quiet = (rng.random((1, 200)) < 0.1).astype(float)
    assert sameness_of(lively)[0, 153] > 3  # one in a thousand
    assert np.nanmax(sameness_of(quiet)) < 1.5  # zeros are its way


def test_a_value_that_is_not_there_ends_a_run() -> None:
    values = np.arange(100.0)[None].copy()
    values[0, 60:66] = [5.0, 5, 5, np.nan, 5, 5]
    found = sameness_of(values)[0]
    assert np.isnan(found[63])
    assert found[[60, 64]].tolist() == [0.0, 0.0]
    assert found[62] > found[61] > 0
    assert 0 < found[65] < found[62]


def test_a_sample_is_of_whole_lines_spread_over_the_plant(calendar: tuple[Period, ...]) -> None:
    series = tuple((f"L{line:03}", f"P{part}") for line in range(100) for part in range(4))
    panel = Panel(series=series, periods=calendar[:2], demand=np.zeros((400, 2)))
    some = some_lines(panel, 40)
    lines = sorted({line for line, _ in some.series})
    assert len(some.series) == 40
    assert lines[0] == "L000"
    assert lines[-1] == "L099"
    assert some_lines(panel, 400) is panel


def test_a_history_too_short_for_the_model_is_judged_by_its_stand_in(steady: Panel) -> None:
    found = ForecastResidual(model="lightgbm").fit(steady.head(30))
    assert found.predictor.state().model == "shift_mean"
