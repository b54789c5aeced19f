"""What every registered model must do. A new model is picked up by its name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet.errors import HistoryTooShort, ModelError
from supplynet.forecast import registry
from supplynet.forecast.model import Predictor
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period, daily_periods
from supplynet.learning.artifacts import load_model, save_model

TINY: dict[str, dict[str, Any]] = {
    "calibrated": {"settings": {"rounds": 8, "most_rows": 2000}, "cutoffs": 4},
    "ensemble": {
        "members": [
            {"model": "lightgbm", "settings": {"rounds": 8, "most_rows": 2000}},
            {"model": "shift_mean"},
        ],
        "cutoffs": 2,
    },
    "individual": {"model": "lightgbm", "settings": {"rounds": 3, "least_in_leaf": 5}},
    "lightgbm": {"rounds": 8, "most_rows": 2000},
    "random_forest": {"trees": 5, "rows_per_tree": 2000, "most_rows": 2000},
    "arima": {"most_lags": 1, "most_seasonal_lags": 0, "seasons": 6},
    "ets": {"form": "ANA", "seasons": 6},
    "theta": {"variant": "STM", "seasons": 6},
    "gru": {"epochs": 1, "finish": 0, "hidden": 8, "width": 8, "examples_per_epoch": 32},
    "lstm": {"epochs": 1, "finish": 0, "hidden": 8, "width": 8, "examples_per_epoch": 32},
    "mlp": {"epochs": 1, "finish": 0, "hidden": 8, "width": 8, "stride": 9},
    "nhits": {"epochs": 1, "finish": 0, "hidden": 8, "width": 8, "stride": 9},
    "transformer": {"epochs": 1, "finish": 0, "hidden": 8, "layers": 1, "width": 8, "stride": 9},
}
NEURAL = ("gru", "lstm", "mlp", "nhits", "transformer")
GLOBAL = ("lightgbm", "random_forest", *NEURAL)
STATISTICAL = ("arima", "ets", "theta")
AT_ONCE = (  # one period is enough
    *("adida", "croston_sba", "ensemble", "moving_average", "naive", "shift_mean", "tsb"),
)


def fit(name: str, panel: Panel) -> Predictor:
    return registry.estimator(name, **TINY.get(name, {})).fit(panel)


@pytest.fixture(scope="module", params=sorted(registry.MODELS))
def name(request: pytest.FixtureRequest) -> str:
    if request.param in NEURAL:
        pytest.importorskip("torch")
    if request.param in STATISTICAL:
        pytest.importorskip("statsforecast")
    return str(request.param)


@pytest.fixture(scope="module")
def fitted(name: str, panel: Panel) -> Predictor:
    return fit(name, panel)


@pytest.fixture
def ahead(panel: Panel, calendar: tuple[Period, ...]) -> tuple[Period, ...]:
    return calendar[len(panel.periods) : len(panel.periods) + 6]


def test_quantiles_are_finite_ordered_and_not_below_zero(
    fitted: Predictor, panel: Panel, ahead: tuple[Period, ...]
) -> None:
    values = fitted.predict(panel, ahead, QUANTILES)
    assert values.shape == (len(panel.series), 6, len(QUANTILES))
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values, axis=-1) >= 0).all()


def test_the_median_is_near_the_level_of_each_series(
    name: str, fitted: Predictor, panel: Panel, ahead: tuple[Period, ...]
) -> None:
    if name == "naive":
        pytest.skip("it knows one period, not the level")
    median = fitted.predict(panel, ahead, (0.5,))[:, :, 0].mean(axis=1)
    level = np.nanmean(panel.demand[:, -28:], axis=1)
    assert ((median > 0.5 * level) & (median < 2 * level)).all()


def test_the_same_seed_gives_the_same_model(
    name: str, fitted: Predictor, panel: Panel, ahead: tuple[Period, ...]
) -> None:
    again = fit(name, panel)
    np.testing.assert_array_equal(
        fitted.predict(panel, ahead, QUANTILES), again.predict(panel, ahead, QUANTILES)
    )


def test_a_saved_model_forecasts_bit_for_bit_the_same(
    fitted: Predictor, panel: Panel, ahead: tuple[Period, ...], tmp_path: Path
) -> None:
    registry.save(tmp_path, "saved", fitted, {"mase": 0.8})
    _, loaded = registry.load(tmp_path, "saved")
    np.testing.assert_array_equal(
        fitted.predict(panel, ahead, QUANTILES), loaded.predict(panel, ahead, QUANTILES)
    )


def test_a_flipped_bit_is_refused(fitted: Predictor, tmp_path: Path) -> None:
    registry.save(tmp_path, "saved", fitted)
    path = tmp_path / "models/saved.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="was changed"):
        registry.load(tmp_path, "saved")


@pytest.mark.parametrize("model", GLOBAL)
def test_a_model_of_other_features_is_refused(model: str, panel: Panel, tmp_path: Path) -> None:
    if model in NEURAL:
        pytest.importorskip("torch")
    state = replace(fit(model, panel).state(), features=("moon_phase",))
    save_model(tmp_path, "old", state)
    with pytest.raises(ModelError, match="moon_phase"):
        registry.load(tmp_path, "old")
    assert load_model(tmp_path, "old")[1].features == ("moon_phase",)


def test_gaps_in_the_history_are_tolerated(
    name: str, panel: Panel, ahead: tuple[Period, ...]
) -> None:
    demand = panel.demand.copy()
    demand[np.random.default_rng(3).random(demand.shape) < 0.2] = np.nan
    demand[0] = np.nan  # never observed at all
    demand[1, -40:] = np.nan
    holes = replace(panel, demand=demand)
    assert np.isfinite(fit(name, holes).predict(holes, ahead, QUANTILES)).all()


def test_a_series_of_zeros_is_forecast_as_next_to_nothing(
    fitted: Predictor, panel: Panel, ahead: tuple[Period, ...]
) -> None:
    still = Panel(series=(("L", "p"),), periods=panel.periods, demand=panel.demand[:1] * 0)
    still = replace(still, demand=np.zeros_like(still.demand))
    assert fitted.predict(still, ahead, (0.5, 0.9)).max() < 1.5


def test_a_new_series_is_forecast_from_three_days(
    fitted: Predictor, panel: Panel, ahead: tuple[Period, ...]
) -> None:
    young = Panel(
        series=(("SR9.ST1.A", "NEW"),),
        periods=panel.periods[-6:],
        demand=np.array([[100.0, 60, 104, 58, 96, 62]]),
    )
    values = fitted.predict(young, ahead, QUANTILES)
    assert np.isfinite(values).all()
    assert 30 < values[0, :, QUANTILES.index(0.5)].mean() < 160


def test_without_a_single_observation_it_still_answers(
    fitted: Predictor, ahead: tuple[Period, ...]
) -> None:
    unseen = Panel(series=(("L", "p"),), periods=(), demand=np.empty((1, 0)))
    assert np.isfinite(fitted.predict(unseen, ahead, QUANTILES)).all()


def test_other_lines_do_not_change_a_forecast(
    fitted: Predictor, panel: Panel, ahead: tuple[Period, ...]
) -> None:
    line = panel.series[0][0]
    alone = panel.select([name for name in panel.series if name[0] == line])
    np.testing.assert_allclose(
        fitted.predict(alone, ahead, QUANTILES),
        fitted.predict(panel, ahead, QUANTILES)[: len(alone.series)],
        rtol=1e-5,
    )


def test_other_levels_lie_between_those_of_the_grid(
    fitted: Predictor, panel: Panel, ahead: tuple[Period, ...]
) -> None:
    low, wanted, high = np.moveaxis(fitted.predict(panel, ahead, (0.75, 0.8, 0.9)), -1, 0)
    assert ((low <= wanted) & (wanted <= high)).all()


def test_more_steps_than_were_trained_are_forecast(
    fitted: Predictor, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    future = calendar[len(panel.periods) : len(panel.periods) + 40]
    assert np.isfinite(fitted.predict(panel, future, QUANTILES)).all()


def test_too_short_a_history_is_refused_or_works(name: str, panel: Panel) -> None:
    short = panel.head(6)
    if name in AT_ONCE:
        fit(name, short)
    else:
        with pytest.raises(HistoryTooShort):
            fit(name, short)
    with pytest.raises(HistoryTooShort):
        fit(name, panel.head(0))


def test_daily_data_is_forecast_too(name: str) -> None:
    start = datetime(2025, 1, 6, tzinfo=UTC).date()
    periods = daily_periods(start, start + timedelta(days=207))
    demand = np.tile([50.0, 50, 50, 50, 50, 10, 0], (4, 29)).astype(float)
    series = tuple((f"W{i}", "sku") for i in range(4))
    days = Panel(series=series, periods=periods[:203], demand=demand)
    median = fit(name, days).predict(days, periods[203:], (0.5,))[0, :, 0]
    if name == "naive":
        median = median + 50  # the last day was a Sunday
    np.testing.assert_allclose(median, 50, atol=15)  # Monday to Thursday
