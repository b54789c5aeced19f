from datetime import date, timedelta

import numpy as np
import pytest
from scipy.stats import norm

from supplynet.errors import HistoryTooShort
from supplynet.forecast import registry
from supplynet.forecast.backtest import SCORES, Backtest, backtest, naive_scales, score
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, daily_periods

SMALL_LSTM = {"hidden": 16, "width": 24, "epochs": 8, "learning_rate": 5e-3}


@pytest.fixture(scope="module")
def found(longer: Panel) -> Backtest:
    pytest.importorskip("torch")
    models = {
        "lightgbm": registry.estimator("lightgbm", rounds=40),
        "lstm": registry.estimator("lstm", **SMALL_LSTM),
    }
    return backtest(models, longer, periods=56, steps=6, every=3)


def test_every_model_stands_beside_the_baselines(found: Backtest) -> None:
    assert dict(found.table.schema) == SCORES
    assert set(found.table["model"]) == {"lightgbm", "lstm", "seasonal_naive", "shift_mean"}
    assert found.table["pinball"].is_sorted()


@pytest.mark.parametrize("model", ["lightgbm", "lstm"])
def test_learning_beats_the_baselines_clearly(found: Backtest, model: str) -> None:
    naive, learned = found.metrics("seasonal_naive"), found.metrics(model)
    assert learned["pinball"] < 0.85 * naive["pinball"]
    assert learned["mase"] < 0.9 * naive["mase"]
    assert learned["pinball"] < found.metrics("shift_mean")["pinball"]


@pytest.mark.parametrize("model", ["lightgbm", "lstm"])
def test_eighty_percent_intervals_cover_about_eighty_percent(found: Backtest, model: str) -> None:
    assert 0.72 < found.metrics(model)["coverage_80"] < 0.88


def test_the_shock_that_a_line_shares_is_found(found: Backtest) -> None:
    dependence = found.dependence("lightgbm")
    assert dependence.line > 0.1
    assert dependence.line_persistence > 0.2


def test_scores_by_hand() -> None:
    actual = np.array([[[10.0, np.nan]]])
    quantiles = np.broadcast_to(np.array([12.0] * 9), (1, 1, 2, 9))
    figures = score(quantiles, actual, np.array([4.0]))
    # the forecast is 2 too high: (1 - level) * 2 on average, and the mean level is 0.5
    assert figures["pinball"] == pytest.approx(1.0, abs=0.01)
    assert figures["mase"] == pytest.approx(0.5)
    assert figures["wape"] == pytest.approx(0.2)
    assert figures["bias"] == pytest.approx(0.2)
    assert figures["coverage_80"] == 0


def test_an_honest_forecast_covers_what_it_says() -> None:
    rng = np.random.default_rng(1)
    actual = rng.normal(1000, 50, (200, 5, 2))
    quantiles = np.broadcast_to(1000 + 50 * norm.ppf(QUANTILES), (200, 5, 2, 9))
    figures = score(quantiles, actual, np.ones(5))
    assert figures["coverage_80"] == pytest.approx(0.8, abs=0.03)
    assert abs(figures["bias"]) < 0.01


def test_the_naive_scale_is_the_mean_change_from_week_to_week() -> None:
    start = date(2026, 1, 5)
    periods = daily_periods(start, start + timedelta(days=21))
    demand = np.array([[10.0] * 7 + [13.0] * 7 + [12.0] * 7, [5.0] * 21])
    panel = Panel(series=(("L", "a"), ("L", "b")), periods=periods, demand=demand)
    scale = naive_scales(panel)[0]
    assert scale[0] == pytest.approx(2.0)  # (3 + 1) / 2
    assert np.isnan(scale[1])  # never changes: nothing to scale by


def test_too_short_a_panel_is_refused(panel: Panel) -> None:
    with pytest.raises(HistoryTooShort):
        backtest({}, panel.head(20), periods=28)
