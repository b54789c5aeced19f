"""The models without training forecast hours, shifts, days, weeks and months alike."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from supplynet.forecast import registry
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.windows import season_length

START = datetime(2022, 1, 3, tzinfo=UTC)  # a Monday
NAMES = ("adida", "croston_sba", "moving_average", "naive", "seasonal_naive", "shift_mean", "tsb")


def every(step: timedelta, count: int) -> tuple[Period, ...]:
    starts = [START + i * step for i in range(count)]
    return tuple(Period(start=s, end=s + step, shift="", local_date=s.date()) for s in starts)


def months(count: int) -> tuple[Period, ...]:
    starts = [datetime(2020 + i // 12, i % 12 + 1, 1, tzinfo=UTC) for i in range(count + 1)]
    return tuple(Period(start=a, end=b, shift="", local_date=a.date()) for a, b in pairwise(starts))


CALENDARS = {
    "hour": every(timedelta(hours=1), 24 * 7 * 6),
    "shift": every(timedelta(hours=8), 21 * 20),
    "day": every(timedelta(days=1), 7 * 30),
    "week": every(timedelta(weeks=1), 52 * 4),
    "month": months(60),
}


def panel_of(periods: tuple[Period, ...]) -> Panel:
    """Two series that repeat their season, 10 + place in no particular order."""
    season = season_length(periods)
    order = np.random.default_rng(0).permutation(season)
    row = 10.0 + order[np.arange(len(periods)) % season]
    series = (("L", "p"), ("L", "q"))
    return Panel(series=series, periods=periods, demand=np.stack([row, 2 * row]))


@pytest.mark.parametrize("freq", CALENDARS)
@pytest.mark.parametrize("name", NAMES)
def test_every_length_of_period_is_forecast(name: str, freq: str) -> None:
    periods = CALENDARS[freq]
    whole = panel_of(periods)
    season = season_length(periods)
    history, future = whole.head(-season), periods[-season:]
    values = registry.estimator(name).fit(history).predict(history, future, QUANTILES)
    assert values.shape == (2, season, len(QUANTILES))
    assert np.isfinite(values).all()
    middle = values[:, :, QUANTILES.index(0.5)].mean(axis=1)
    level = whole.demand.mean(axis=1)
    if name == "naive":
        level = history.demand[:, -1]
    assert (middle > 0.7 * level).all()
    assert (middle < 1.4 * level).all()


@pytest.mark.parametrize("freq", CALENDARS)
def test_seasonal_naive_repeats_the_season_of_every_length(freq: str) -> None:
    periods = CALENDARS[freq]
    whole, season = panel_of(periods), season_length(periods)
    history = whole.head(-season)
    values = registry.estimator("seasonal_naive").fit(history)
    found = values.predict(history, periods[-season:], (0.5,))[0, :, 0]
    np.testing.assert_allclose(
        found, whole.demand[0, -season:], atol=1.01 if freq == "week" else 1e-9
    )


def test_months_are_not_sorted_by_the_weekday_they_begin_on() -> None:
    periods = months(36)
    sunday = [p.local_date.weekday() == 6 for p in periods]
    demand = np.where([sunday], 40.0, 10.0)  # chance: the month does not know its first day
    panel = Panel(series=(("L", "p"),), periods=periods[:30], demand=demand[:, :30])
    found = registry.estimator("shift_mean").fit(panel).predict(panel, periods[30:], (0.5,))
    assert len(np.unique(found)) == 1
