"""Inputs beside demand: what models learn from them, and that none of them tells the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from supplynet.errors import InvalidInput
from supplynet.forecast import registry
from supplynet.forecast.covariates import Covariates, CovariateValues, with_inputs
from supplynet.forecast.forecaster import Forecaster
from supplynet.forecast.model import Estimator
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, daily_periods
from supplynet.frames.tables import DRIVERS_SCHEMA, PLAN_SCHEMA
from supplynet.learning.scaling import Profile, Scaling, typical_level

DAYS, AHEAD = 240, 14
MIDDLE = QUANTILES.index(0.5)
LINES = ("L1", "L2")
SERIES = tuple((line, part) for line in LINES for part in ("P1", "P2"))
PERIODS = daily_periods(date(2025, 1, 1), date(2025, 1, 1) + timedelta(days=DAYS + AHEAD))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def promoted(seed: int = 7) -> np.ndarray:
    """Days of a promotion, known ahead: about every fifth, without a rhythm."""
    return np.random.default_rng(seed).random(len(PERIODS)) < 0.2


def panel_of(factor: np.ndarray) -> Panel:
    """Poisson demand of mean 20, times ``factor`` of each day."""
    rng = np.random.default_rng(3)
    demand = rng.poisson(20 * factor, size=(len(SERIES), len(PERIODS))).astype(float)
    return Panel(series=SERIES, periods=PERIODS, demand=demand)


def driver_rows(name: str, values: np.ndarray, known: timedelta | None = None) -> pl.DataFrame:
    starts = [period.start for period in PERIODS]
    return pl.DataFrame(
        {
            "driver": [name] * len(starts),
            "location_id": None,
            "part_id": None,
            "at": starts,
            "value": values.astype(float),
            "known_at": [LONG_AGO if known is None else start + known for start in starts],
        },
        schema=DRIVERS_SCHEMA,
    )


def plan_rows(units: np.ndarray, recorded: timedelta) -> pl.DataFrame:
    """Of both lines, recorded so long before each day."""
    rows = [
        (line, "model", period.start, None, int(count), None, period.start - recorded)
        for line in LINES
        for period, count in zip(PERIODS, units, strict=True)
    ]
    return pl.DataFrame(rows, schema=PLAN_SCHEMA, orient="row")


QUICK: dict[str, dict[str, Any]] = {
    "lightgbm": {"least_in_leaf": 20, "objective": "poisson"},
    "random_forest": {"trees": 20},
    "mlp": {"epochs": 8, "batch_size": 32, "examples_per_epoch": 1000},
    "nhits": {"epochs": 8, "batch_size": 32, "examples_per_epoch": 1000},
    "lstm": {"epochs": 30, "batch_size": 4},
    "transformer": {"epochs": 8, "batch_size": 32, "examples_per_epoch": 1000},
}


def model(name: str) -> Estimator:
    if name not in ("lightgbm", "random_forest"):
        pytest.importorskip("torch")
    return registry.estimator(name, seed=1, **QUICK[name])


@pytest.mark.parametrize("name", QUICK)
def test_a_promotion_known_ahead_is_forecast_in_every_model_that_learns(name: str) -> None:
    on = promoted()
    panel = with_inputs(panel_of(1.0 + on), drivers=driver_rows("promotion", on))
    fitted = model(name).fit(panel.head(DAYS))
    found = fitted.predict(panel.head(DAYS), PERIODS[DAYS:], QUANTILES)[:, :, MIDDLE]
    ahead = on[DAYS:]
    assert 0 < ahead.sum() < AHEAD
    # The true means are 40 and 20; without the driver every day would be forecast as about 23.
    assert found[:, ahead].mean() > 32
    assert found[:, ~ahead].mean() < 24


@pytest.mark.parametrize("name", ["lightgbm", "mlp"])
def test_a_plan_known_ahead_is_followed_and_saved_with_the_model(name: str) -> None:
    units = np.where(promoted(), 5, 10)
    panel = with_inputs(panel_of(units / 10), plan=plan_rows(units, timedelta(days=30)))
    fitted = model(name).fit(panel.head(DAYS))
    again = registry.restore(fitted.state())
    found = again.predict(panel.head(DAYS), PERIODS[DAYS:], QUANTILES)
    np.testing.assert_array_equal(
        found, fitted.predict(panel.head(DAYS), PERIODS[DAYS:], QUANTILES)
    )
    half = units[DAYS:] == 5
    middle = found[:, :, MIDDLE]
    assert middle[:, half].mean() == pytest.approx(10, rel=0.25)
    assert middle[:, ~half].mean() == pytest.approx(20, rel=0.15)


@pytest.mark.parametrize("name", ["lightgbm", "mlp"])
def test_what_is_known_only_after_the_cutoff_changes_no_forecast(name: str) -> None:
    on = promoted()
    told = driver_rows("promotion", on, known=timedelta(hours=1))
    panel = with_inputs(panel_of(1.0 + on), drivers=told)
    fitted = model(name).fit(panel.head(DAYS))
    changed = told.with_columns(
        pl.when(pl.col("at") >= PERIODS[DAYS].start)
        .then(1 - pl.col("value"))
        .otherwise("value")
        .alias("value")
    )
    demand = panel.demand.copy()
    demand[:, DAYS:] = 999.0
    other = with_inputs(replace(panel, demand=demand), drivers=changed)
    found = [fitted.predict(one.head(DAYS), PERIODS[DAYS:], QUANTILES) for one in (panel, other)]
    np.testing.assert_array_equal(found[0], found[1])
    again = model(name).fit(other.head(DAYS))
    np.testing.assert_array_equal(
        found[0], again.predict(panel.head(DAYS), PERIODS[DAYS:], QUANTILES)
    )


def values_of(panel: Panel, known: int) -> CovariateValues:
    head, future = panel.head(known), panel.periods[known:]
    scaling = Scaling.of(Profile.of(head, future, ("",), typical_level(head)))
    return CovariateValues.of(Covariates.of(head), head, future, scaling)


def test_a_plan_is_told_in_spreads_around_the_location() -> None:
    units = np.full(len(PERIODS), 10)
    units[DAYS] = 20
    flat = replace(panel_of(np.ones(len(PERIODS))), demand=np.full((4, len(PERIODS)), 30.0))
    panel = with_inputs(flat, plan=plan_rows(units, timedelta(days=30)))
    values = values_of(panel, DAYS)
    pairs = (np.array([DAYS, DAYS + 1]), np.array([DAYS, DAYS]))
    surprise, known = np.moveaxis(values.at(*pairs), 2, 0)
    _, spread = values.scaling.at(*pairs)
    # Three parts per unit: 20 units take 60, 10 take the usual 30.
    np.testing.assert_allclose(surprise * spread, [[30, 0]] * 4, atol=0.1)
    np.testing.assert_array_equal(known, 1.0)


def test_a_plan_that_was_not_yet_made_is_told_as_not_known() -> None:
    units = np.full(len(PERIODS), 10)
    panel = with_inputs(panel_of(np.ones(len(PERIODS))), plan=plan_rows(units, timedelta(days=3)))
    ahead = np.arange(DAYS, DAYS + 5)
    surprise, known = np.moveaxis(values_of(panel, DAYS).at(ahead, np.full(5, DAYS)), 2, 0)
    # Recorded three days ahead, so the days 0 to 3 after the cutoff are planned.
    np.testing.assert_array_equal(known[0], [1, 1, 1, 1, 0])
    assert np.isnan(surprise[0, 4])


def test_a_driver_is_told_by_its_level_and_by_its_change() -> None:
    price = np.where(np.arange(len(PERIODS)) < DAYS, 10.0, 8.0)
    price[:100] = 12.0
    panel = with_inputs(panel_of(np.ones(len(PERIODS))), drivers=driver_rows("price", price))
    values = values_of(panel, DAYS)
    mean, deviation = values.covariates.drivers["price"]
    assert mean == pytest.approx(12 * 100 / 240 + 10 * 140 / 240)
    level, change = values.at(np.array([DAYS]), np.array([DAYS]))[0, 0]
    assert level == pytest.approx((8 - mean) / deviation)
    assert change == pytest.approx((8 - 10) / deviation)


def test_a_name_that_training_lacked_and_a_missing_fact_have_codes_of_their_own() -> None:
    panel = panel_of(np.ones(len(PERIODS)))
    facts = pl.DataFrame({"part_id": ["P1", "P2"], "family": ["bolts", "wires"], "weight": [1, 3]})
    learnt = Covariates.of(with_inputs(panel, statics=facts))
    assert learnt.categories == {"family": ("bolts", "wires")}
    assert learnt.numbers == {"weight": (2.0, 1.0)}
    other = pl.DataFrame({"part_id": ["P1"], "family": ["glass"], "weight": [5]})
    moved = with_inputs(panel, statics=other)
    scaling = Scaling.of(Profile.of(moved, (), ("",), 20.0))
    values = CovariateValues.of(learnt, moved, (), scaling)
    assert values.codes[:, 0].tolist() == [1, 0, 1, 0]
    np.testing.assert_array_equal(values.numbers[:, 0], [3, np.nan, 3, np.nan])
    assert Covariates.from_dict(learnt.to_dict()) == learnt


def test_static_facts_tell_series_apart_that_have_no_history_yet() -> None:
    """A new series of a family whose level rises at weekends, from three days of history."""
    pytest.importorskip("torch")
    weekend = np.array([period.local_date.weekday() > 4 for period in PERIODS])
    rng = np.random.default_rng(5)
    series = tuple((f"L{i:02d}", "P") for i in range(12))
    steep = np.array([i % 2 == 0 for i in range(12)])
    level = np.where(steep[:, None] & weekend, 40.0, 20.0)
    demand = rng.poisson(level).astype(float)
    demand[-2:, : DAYS - 3] = np.nan  # the last two are new: one of either kind
    facts = pl.DataFrame(
        {"location_id": [line for line, _ in series], "kind": np.where(steep, "steep", "flat")}
    )
    panel = Panel(series=series, periods=PERIODS, demand=demand)
    panel = with_inputs(panel, statics=facts)
    fitted = model("mlp").fit(panel.head(DAYS))
    found = fitted.predict(panel.head(DAYS), PERIODS[DAYS:], QUANTILES)[-2:, :, MIDDLE]
    busy = weekend[DAYS:]
    rise = found[:, busy].mean(axis=1) / found[:, ~busy].mean(axis=1)
    assert rise[0] > 1.05 * rise[1]


def test_a_panel_that_loses_its_inputs_is_still_forecast() -> None:
    on = promoted()
    plain = panel_of(1.0 + on)
    assert Covariates.of(plain).columns == ()
    panel = with_inputs(plain, drivers=driver_rows("promotion", on))
    fitted = model("lightgbm").fit(panel.head(DAYS))
    found = fitted.predict(plain.head(DAYS), PERIODS[DAYS:], QUANTILES)
    assert np.isfinite(found).all()


def table(days: int) -> pl.DataFrame:
    on = promoted()
    panel = panel_of(1.0 + on)
    rows = [
        {"unique_id": "/".join(name), "ds": period.local_date, "y": value, "promotion": int(flag)}
        for name, values in zip(panel.series, panel.demand, strict=True)
        for period, value, flag in zip(PERIODS[:days], values, on, strict=False)
    ]
    return pl.DataFrame(rows)


def ahead_table(first: int, last: int) -> pl.DataFrame:
    on = promoted()
    return pl.DataFrame(
        {"ds": [p.local_date for p in PERIODS[first:last]], "promotion": on[first:last].astype(int)}
    )


def test_the_snippet_takes_what_is_known_ahead() -> None:
    found = (
        Forecaster("lightgbm", freq="1d", **QUICK["lightgbm"])
        .fit(table(DAYS), future=ahead_table(DAYS, DAYS + AHEAD))
        .predict(horizon=AHEAD, quantiles=[0.1, 0.5, 0.9])
    )
    middle = found.filter(pl.col("quantile") == 0.5).group_by("ds").agg(pl.col("y").mean())
    told = middle.sort("ds")["y"].to_numpy()
    on = promoted()[DAYS:]
    assert told[on].min() > told[~on].max()


def test_a_table_of_the_whole_time_gives_the_same_as_one_of_the_future_alone() -> None:
    forecaster = Forecaster("lightgbm", freq="1d", **QUICK["lightgbm"])
    ahead = ahead_table(DAYS, DAYS + AHEAD)
    one = forecaster.fit(table(DAYS), future=ahead).predict(AHEAD)
    whole = forecaster.fit(table(DAYS).drop("promotion"), future=ahead_table(0, DAYS + AHEAD))
    assert one.equals(whole.predict(AHEAD))


def test_a_horizon_beyond_what_is_known_ahead_is_refused_until_it_is_given() -> None:
    forecaster = Forecaster("lightgbm", freq="1d", **QUICK["lightgbm"])
    fitted = forecaster.fit(table(DAYS), future=ahead_table(DAYS, DAYS + 7))
    assert fitted.predict(7).height == 4 * 7 * 4
    with pytest.raises(InvalidInput, match=r"future= ends 2025-09-04 .* needs it until 2025-09-05"):
        fitted.predict(8)
    longer = fitted.observing(table(DAYS), future=ahead_table(DAYS, DAYS + AHEAD))
    assert longer.predict(AHEAD).height == 4 * AHEAD * 4


def test_a_column_named_as_past_is_known_only_when_its_period_is_over() -> None:
    forecaster = Forecaster("lightgbm", freq="1d", **QUICK["lightgbm"])
    fitted = forecaster.fit(table(DAYS), past=["promotion"])
    assert fitted.history.inputs is not None
    drivers = fitted.history.inputs.drivers
    assert isinstance(drivers, pl.DataFrame)
    assert (drivers["known_at"] - drivers["at"]).unique().to_list() == [timedelta(days=1)]
    assert fitted.predict(AHEAD).height == 4 * AHEAD * 4


def test_texts_known_ahead_become_a_flag_per_name() -> None:
    events = ahead_table(0, DAYS + AHEAD).select(
        "ds", pl.when(pl.col("promotion") == 1).then(pl.lit("sale")).alias("event")
    )
    fitted = Forecaster("shift_mean", freq="1d").fit(table(DAYS).drop("promotion"), future=events)
    assert Covariates.of(fitted.history).timed == (
        "driver_event=sale",
        "driver_event=sale_change",
    )


@pytest.mark.parametrize(
    ("future", "past", "words"),
    [
        (pl.DataFrame({"promotion": [1]}), (), "no column of times"),
        (pl.DataFrame({"ds": [date(2025, 1, 1)]}), (), "no column beside its keys"),
        (None, ["rain"], "'rain', which is no column"),
        (pl.DataFrame({"ds": ["yesterday"], "x": [1]}), (), "1 of 1 cells of period_start"),
        (pl.DataFrame({"ds": [date(2025, 1, 1)], "x": [[1]]}), (), "numbers, flags or texts"),
        (42, (), "int is not a table"),
    ],
)
def test_what_cannot_be_an_input_is_refused_by_name(
    future: object, past: list[str], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        Forecaster("shift_mean", freq="1d").fit(table(60), future=future, past=past)
