from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supplynet.errors import ConfigError, HistoryTooShort
from supplynet.forecast import registry
from supplynet.forecast.lightgbm import FittedLightGbm, LightGbm
from supplynet.forecast.quantiles import QUANTILES, mean
from supplynet.frames.panel import Panel, Period

MIDDLE = QUANTILES.index(0.5)
VARIANTS = [
    ("quantile", "recursive"),
    ("tweedie", "direct"),
    ("poisson", "direct"),
    ("poisson", "recursive"),
]


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def variant(request: pytest.FixtureRequest, panel: Panel) -> FittedLightGbm:
    objective, strategy = request.param
    model = LightGbm(objective=objective, strategy=strategy, rounds=20, most_rows=3000, horizon=6)
    return model.fit(panel)


def test_every_variant_forecasts_ordered_quantiles_near_the_level(
    variant: FittedLightGbm, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    future = calendar[len(panel.periods) : len(panel.periods) + 10]
    values = variant.predict(panel, future, QUANTILES)
    assert values.shape == (len(panel.series), 10, len(QUANTILES))
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values, axis=-1) >= 0).all()
    level = np.nanmean(panel.demand[:, -28:], axis=1)
    ratio = mean(values, QUANTILES).mean(axis=1) / level
    assert ((ratio > 0.6) & (ratio < 1.6)).all()


def test_every_variant_is_the_same_after_saving(
    variant: FittedLightGbm, panel: Panel, calendar: tuple[Period, ...], tmp_path: Path
) -> None:
    future = calendar[len(panel.periods) : len(panel.periods) + 3]
    registry.save(tmp_path, "saved", variant)
    _, loaded = registry.load(tmp_path, "saved")
    np.testing.assert_array_equal(
        variant.predict(panel, future, QUANTILES), loaded.predict(panel, future, QUANTILES)
    )


def test_every_variant_answers_for_what_it_never_saw(
    variant: FittedLightGbm, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    future = calendar[len(panel.periods) : len(panel.periods) + 3]
    still = Panel(
        series=(("L", "p"),), periods=panel.periods, demand=np.zeros((1, len(panel.periods)))
    )
    assert variant.predict(still, future, (0.5, 0.9)).max() < 1.5
    unseen = Panel(series=(("L", "p"),), periods=(), demand=np.empty((1, 0)))
    assert np.isfinite(variant.predict(unseen, future, QUANTILES)).all()
    assert variant.predict(panel, (), QUANTILES).shape == (len(panel.series), 0, len(QUANTILES))


def test_counts_around_a_small_mean_are_whole(panel: Panel, calendar: tuple[Period, ...]) -> None:
    fitted = LightGbm(objective="poisson", rounds=10).fit(panel)
    small = [i for i, (_, part) in enumerate(panel.series) if part == "P-0"]  # about 2 a shift
    future = calendar[len(panel.periods) : len(panel.periods) + 4]
    values = fitted.predict(panel, future, QUANTILES)[small]
    np.testing.assert_array_equal(values, np.round(values))


def test_a_forecast_that_is_fed_back_widens(panel: Panel, calendar: tuple[Period, ...]) -> None:
    model = LightGbm(strategy="recursive", rounds=5, most_rows=2000, horizon=3)
    fitted = replace(model.fit(panel), growth=3)
    future = calendar[len(panel.periods) : len(panel.periods) + 2]
    plain = replace(fitted, growth=0).predict(panel, future, QUANTILES)
    wide = fitted.predict(panel, future, QUANTILES)
    np.testing.assert_array_equal(wide[:, 0], plain[:, 0])  # lead 0 is as measured
    large = plain[:, 1, 0] > 0  # not cut off at nothing
    around, plainly = (v[large, 1] - v[large, 1, MIDDLE, None] for v in (wide, plain))
    above = slice(MIDDLE, None)
    np.testing.assert_allclose(around[:, above], 2 * plainly[:, above])  # sqrt(1 + 3)


@pytest.mark.parametrize("objective", ["tweedie", "poisson"])
def test_a_panel_of_nothing_but_zeros_is_forecast_as_zero(
    objective: str, panel: Panel, calendar: tuple[Period, ...]
) -> None:
    nothing = replace(panel, demand=np.zeros_like(panel.demand))
    fitted = LightGbm(objective=objective, rounds=3).fit(nothing)
    future = calendar[len(panel.periods) : len(panel.periods) + 2]
    assert (fitted.predict(nothing, future, QUANTILES) == 0).all()


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="none of quantile, tweedie, poisson"):
        LightGbm(objective="l2")
    with pytest.raises(ConfigError, match="none of direct, recursive"):
        LightGbm(strategy="both")
    with pytest.raises(ConfigError, match="between 1 and 2"):
        LightGbm(tweedie_power=2)


def test_a_panel_without_any_observation_is_too_short(panel: Panel) -> None:
    empty = replace(panel, demand=np.full_like(panel.demand, np.nan))
    with pytest.raises(HistoryTooShort):
        LightGbm().fit(empty)


def test_a_long_history_gets_more_trees(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny: Any = registry.estimator("lightgbm", objective="poisson", most_rows=300, leaves=3)
    trees = {}
    for limit in (100_000, 10):
        monkeypatch.setattr("supplynet.forecast.lightgbm._LARGE_FROM", limit)
        trees[limit] = tiny.fit(panel).boosters["mean"].count("\nTree=")
    assert trees == {100_000: 60, 10: 100}
