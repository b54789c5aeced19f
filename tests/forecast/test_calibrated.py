from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from supplynet.errors import ConfigError, HistoryTooShort, ModelError
from supplynet.forecast import registry
from supplynet.forecast.backtest import Backtest, backtest
from supplynet.forecast.calibrated import (
    Calibrated,
    CalibratedPredictor,
    calibrate,
    classes_of,
    uncalibrated,
)
from supplynet.forecast.calibration import Calibration
from supplynet.forecast.pit import pit_coverage, randomised_pit
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, daily_periods

TINY: dict[str, Any] = {"model": "shift_mean", "horizon": 6}


@pytest.fixture(scope="module")
def found(longer: Panel) -> Backtest:
    known = longer.head(-56)
    return backtest({}, known, periods=56, steps=6, baselines=("shift_mean",))


def test_four_weeks_calibrate_the_four_after_them(found: Backtest, longer: Panel) -> None:
    calibration, _ = calibrate(found, "shift_mean")
    after = backtest({}, longer, periods=56, steps=6, baselines=("shift_mean",))
    before = after.outcomes["shift_mean"].quantiles
    calibrated = calibration.apply(before, classes_of(after.history))
    off = [
        abs(float(pit_coverage(randomised_pit(each, QUANTILES, after.actual, rng), 0.8)) - 0.8)
        for each, rng in ((q, np.random.default_rng(0)) for q in (before, calibrated))
    ]
    assert off[1] < min(0.05, off[0])


def test_the_dependence_is_that_of_the_calibrated_errors(found: Backtest) -> None:
    _, dependence = calibrate(found, "shift_mean")
    assert 0 < dependence.line < 1
    assert -1 < dependence.own_persistence < 1


def test_it_predicts_what_the_calibration_makes_of_the_model(panel: Panel, found: Backtest) -> None:
    model = found.outcomes["shift_mean"].predictor
    calibration, _ = calibrate(found, "shift_mean")
    fitted = CalibratedPredictor(predictor=model, calibration=calibration)
    ahead = panel.periods[-6:]
    expected = calibration.apply(model.predict(panel, ahead, QUANTILES), classes_of(panel))
    np.testing.assert_array_equal(fitted.predict(panel, ahead, QUANTILES), expected)
    one = fitted.predict(panel, ahead, (0.5,))
    np.testing.assert_allclose(one[:, :, 0], expected[:, :, QUANTILES.index(0.5)])


def test_what_comes_after_a_cutoff_changes_nothing(panel: Panel) -> None:
    """The calibration may learn from all of the panel, never from what follows it."""
    later = replace(panel, demand=np.concatenate([panel.demand[:, :-28], panel.demand[:, :28]], 1))
    assert not np.array_equal(later.demand, panel.demand, equal_nan=True)
    first, second = (Calibrated(**TINY).fit(each.head(-28)) for each in (panel, later))
    assert first.calibration == second.calibration


def test_the_end_of_the_panel_is_what_calibrates(panel: Panel) -> None:
    wilder = panel.demand.copy()
    wilder[:, -28:] *= np.random.default_rng(1).gamma(2.0, 0.5, wilder[:, -28:].shape)
    quiet = Calibrated(**TINY).fit(panel).calibration
    wild = Calibrated(**TINY).fit(replace(panel, demand=wilder)).calibration
    widths = [one.scores[0][0][6] - one.scores[0][0][2] for one in (quiet, wild)]
    assert widths[1] > widths[0]


def test_too_short_a_panel_stays_as_it_is(panel: Panel) -> None:
    short = panel.head(20)
    fitted = Calibrated(**TINY).fit(short)
    assert fitted.calibration == Calibration.none()
    plain = registry.estimator("shift_mean").fit(short)
    ahead = panel.periods[20:26]
    np.testing.assert_allclose(
        fitted.predict(short, ahead, QUANTILES), plain.predict(short, ahead, QUANTILES)
    )
    with pytest.raises(HistoryTooShort):
        Calibrated(**TINY).fit(panel.head(0))


def test_nothing_observed_at_the_end_stays_as_it_is(panel: Panel) -> None:
    demand = panel.demand.copy()
    demand[:, -70:] = np.nan
    scores = Calibrated(**TINY).fit(replace(panel, demand=demand)).calibration.scores
    np.testing.assert_allclose(scores, np.broadcast_to(Calibration.none().scores, (4, 6, 9)))


@pytest.mark.parametrize("demand", [0.0, 7.0])
def test_a_constant_series_stays_what_it_is(panel: Panel, demand: float) -> None:
    constant = replace(panel, demand=np.full_like(panel.demand, demand))
    values = Calibrated(**TINY).fit(constant).predict(constant, panel.periods[-6:], QUANTILES)
    np.testing.assert_allclose(values, demand, atol=0.01)


def test_settings_of_the_model_are_passed_on_and_checked() -> None:
    with pytest.raises(ConfigError, match="phase"):
        Calibrated(model="shift_mean", settings={"phase": 1}).fit(_one_period())
    with pytest.raises(ConfigError, match="choose the model"):
        Calibrated(model="calibrated")
    with pytest.raises(ConfigError, match="1 or more"):
        Calibrated(cutoffs=0)


def _one_period() -> Panel:
    periods = daily_periods(date(2026, 1, 5), date(2026, 1, 6))
    return Panel(series=(("L", "p"),), periods=periods, demand=np.array([[3.0]]))


def test_the_state_names_the_model_inside_and_a_damaged_calibration_is_refused(
    panel: Panel,
) -> None:
    state = Calibrated(**TINY).fit(panel).state()
    assert (state.model, state.settings["model"]) == ("calibrated", "shift_mean")
    broken = replace(state, scaler={"calibration": {"scores": [[[0.0]]], "observed": [0]}})
    with pytest.raises(ModelError, match="calibration"):
        registry.restore(broken)
    with pytest.raises(ModelError):
        registry.restore(replace(state, members={}))


def test_a_warm_start_goes_on_from_the_model_inside(panel: Panel) -> None:
    fitted = Calibrated(**TINY).fit(panel)
    assert uncalibrated(fitted) is fitted.predictor
    assert uncalibrated(fitted.predictor) is fitted.predictor
