"""ETS, Theta and ARIMA; with statsforecast only."""

import logging
import sys
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import MissingExtra
from supplynet.forecast import registry
from supplynet.frames.panel import Panel, Period, daily_periods

MONDAY = date(2026, 1, 5)
LEVELS = (0.1, 0.5, 0.75, 0.99)
WEEK = np.array([10.0, 12, 14, 13, 15, 6, 4])


@pytest.mark.parametrize("name", ["arima", "ets", "theta"])
def test_without_statsforecast_the_missing_extra_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    monkeypatch.delitem(sys.modules, f"supplynet.forecast.{name}", raising=False)
    with pytest.raises(MissingExtra, match=r"supplynet\[forecast\]"):
        registry.estimator(name)


def days(weeks: int = 10, series: int = 2) -> tuple[Panel, tuple[Period, ...]]:
    rng = np.random.default_rng(4)
    periods = daily_periods(MONDAY, MONDAY + timedelta(weeks=weeks + 1))
    demand = 10 * np.tile(WEEK, (series, weeks)) + 5 * rng.standard_normal((series, 7 * weeks))
    names = tuple(("L", f"p{i}") for i in range(series))
    return Panel(series=names, periods=periods[:-7], demand=demand), periods[-7:]


def peer(name: str, demand: FloatArray) -> dict[str, Any]:
    models = pytest.importorskip("statsforecast.models")
    model = {
        "ets": lambda: models.AutoETS(season_length=7),
        "theta": lambda: models.AutoTheta(season_length=7),
        "arima": lambda: models.AutoARIMA(
            season_length=7, max_p=2, max_q=2, max_P=1, max_Q=1, approximation=True
        ),
    }[name]()
    return dict(model.forecast(y=demand, h=7, level=[50.0, 80.0, 98.0]))


@pytest.mark.parametrize("name", ["arima", "ets", "theta"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # convergence notes of the direct call
def test_the_numbers_are_those_of_statsforecast(name: str) -> None:
    pytest.importorskip("statsforecast")
    panel, future = days()
    ours = registry.estimator(name).fit(panel).predict(panel, future, LEVELS)
    for row, demand in enumerate(panel.demand):
        theirs = peer(name, demand)
        columns = [theirs[key] for key in ("lo-80.0", "mean", "hi-50.0", "hi-98.0")]
        # A search estimates its variance with the coefficients free, a known form without.
        np.testing.assert_allclose(ours[row], np.stack(columns, axis=-1), rtol=0.02)


def test_what_cannot_be_fitted_is_named_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pytest.importorskip("statsforecast")
    panel, future = days(series=4)
    panel.demand[1] = 30.0
    panel.demand[2, :-5] = np.nan
    panel.demand[3] = np.nan
    fitted: Any = registry.estimator("ets", form="ANA").fit(panel)
    assert fitted.fallbacks == {
        ("L", "p1"): "every period is 30",
        ("L", "p2"): "5 observed periods, it needs 14",
        ("L", "p3"): "0 observed periods, it needs 14",
    }
    values = fitted.predict(panel, future, LEVELS)
    np.testing.assert_array_equal(
        values[1:],
        registry.estimator("shift_mean").fit(panel).predict(panel, future, LEVELS)[1:],
    )
    new = Panel(series=(("L", "new"),), periods=panel.periods, demand=panel.demand[1:2])
    with caplog.at_level(logging.WARNING):
        fitted.predict(new, future, LEVELS)
    assert "L/new: every period is 30" in caplog.text


def test_a_known_form_is_put_to_a_longer_history() -> None:
    pytest.importorskip("statsforecast")
    panel, future = days(weeks=20)
    fitted = registry.estimator("ets", form="ANA").fit(panel.head(70))
    again = registry.estimator("ets", form="ANA").fit(panel)
    np.testing.assert_allclose(
        fitted.predict(panel, future, LEVELS), again.predict(panel, future, LEVELS)
    )


def test_batches_in_processes_find_the_same() -> None:
    pytest.importorskip("statsforecast")
    panel, _ = days(series=102)
    told: list[tuple[int, int, float]] = []
    settings = {"variant": "STM", "seasons": 4}
    one: Any = registry.estimator("theta", **settings).fit(
        panel, progress=lambda *so_far: told.append(so_far)
    )
    two: Any = registry.estimator("theta", n_jobs=2, **settings).fit(panel)
    assert one.forms == two.forms
    assert told == [(1, 2, 0.0), (2, 2, 0.0)]


def test_a_week_of_hours_is_taken_out_beforehand() -> None:
    pytest.importorskip("statsforecast")
    start = daily_periods(MONDAY, MONDAY + timedelta(days=1))[0].start
    hours = [start + timedelta(hours=i) for i in range(24 * 7 * 4)]
    periods = tuple(
        Period(start=h, end=h + timedelta(hours=1), shift="", local_date=h.date()) for h in hours
    )
    pattern = 20.0 + np.random.default_rng(0).permutation(168)
    noise = np.random.default_rng(1).standard_normal(len(hours))
    demand = (np.resize(pattern, len(hours)) + noise)[None, :]
    panel = Panel(series=(("L", "p"),), periods=periods[:504], demand=demand[:, :504])
    found = registry.estimator("ets").fit(panel).predict(panel, periods[504:], (0.5,))[0, :, 0]
    np.testing.assert_allclose(found, pattern, atol=4)
