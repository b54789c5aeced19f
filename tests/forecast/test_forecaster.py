from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.errors import ConfigError, HistoryTooShort, InvalidInput, NotFound
from supplynet.forecast.forecaster import Forecaster
from supplynet.frames.augmentation import augment
from supplynet.frames.periods import FREQUENCIES, regular_periods

START = date(2025, 1, 6)
FAST = "shift_mean"


def daily(days: int = 70, series: tuple[str, ...] = ("W1/A", "W1/B")) -> pl.DataFrame:
    """Nixtla's names: level 10 on weekdays and 4 on weekends, for every series."""
    rows = [
        {"unique_id": name, "ds": START + timedelta(days=n), "y": 4 if n % 7 > 4 else 10}
        for name in series
        for n in range(days)
    ]
    return pl.DataFrame(rows)


def test_the_snippet_gives_a_row_per_series_day_and_quantile_and_the_mean() -> None:
    found = Forecaster(FAST, freq="1d").fit(daily()).predict(horizon=7, quantiles=[0.1, 0.5, 0.9])
    assert found.columns == ["unique_id", "ds", "quantile", "y"]
    assert found.height == 2 * 7 * 4
    first = found.head(4)
    assert first["unique_id"].unique().to_list() == ["W1/A"]
    assert first["ds"].unique().to_list() == [datetime(2025, 3, 17)]  # noqa: DTZ001 - naive UTC
    assert first["quantile"].to_list() == [0.1, 0.5, 0.9, None]
    median = found.filter(pl.col("quantile") == 0.5, pl.col("unique_id") == "W1/B")["y"]
    np.testing.assert_allclose(median, [10, 10, 10, 10, 10, 4, 4], atol=1.0)


def test_names_of_other_libraries_and_of_the_guide_give_the_same() -> None:
    nixtla = daily()
    guide = nixtla.select(
        pl.lit("W1").alias("warehouse_id"),
        pl.col("unique_id").str.slice(3).alias("sku_id"),
        pl.col("ds").alias("date"),
        pl.col("y").alias("units_sold"),
    )
    fitted = [Forecaster(FAST, freq="1d").fit(frame) for frame in (nixtla, guide)]
    assert fitted[0].predict(3).equals(fitted[1].predict(3))


def test_a_part_alone_comes_back_as_it_was_named() -> None:
    found = Forecaster(FAST).fit(daily(series=("A",))).predict(1)
    assert found["unique_id"].unique().to_list() == ["A"]


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_every_frequency_goes_on_where_the_history_ends(freq: str) -> None:
    last = {"1d": 70, "1w": 700, "1mo": 1500}.get(freq, 28 if freq == "1h" else 8)
    start = datetime(2020, 1, 1, tzinfo=UTC)
    periods = regular_periods(freq, start, start + timedelta(days=last))  # type: ignore[arg-type]
    frame = pl.DataFrame(
        {"unique_id": "A", "ds": [p.start for p in periods], "y": [5.0] * len(periods)}
    )
    for given in (freq, None):
        found = Forecaster(FAST, freq=given).fit(frame).predict(3, quantiles=[0.5])
        mean = found.filter(pl.col("quantile").is_null())
        assert mean["ds"][0].replace(tzinfo=UTC) == periods[-1].end
        np.testing.assert_allclose(mean["y"], 5.0, rtol=0.2)


def test_shifts_follow_the_sites_calendar() -> None:
    patterns = (
        ShiftPattern(name="day", start=time(6), end=time(18)),
        ShiftPattern(name="night", start=time(18), end=time(6)),
    )
    calendar = ShiftCalendar(calendar_id="S", time_zone="UTC", patterns=patterns)
    starts = [datetime(2025, 1, 6, 6, tzinfo=UTC) + timedelta(hours=12 * n) for n in range(84)]
    frame = pl.DataFrame(
        {
            "unique_id": "L/A",
            "ds": starts,
            "shift": ["day", "night"] * 42,
            "y": [20.0, 8.0] * 42,
        }
    )
    found = Forecaster(FAST, freq="shift", calendar=calendar).fit(frame).predict(4, [0.5])
    median = found.drop_nulls("quantile")["y"]
    np.testing.assert_allclose(median, [20, 8, 20, 8], atol=1.5)


def test_later_rows_move_the_forecast_without_fitting_again() -> None:
    fitted = Forecaster(FAST, freq="1d").fit(daily(56))
    assert fitted.observing(daily(70)).predict(1)["ds"][0] == datetime(2025, 3, 17)  # noqa: DTZ001


def test_augmented_rows_are_learnt_from() -> None:
    longer = augment(
        daily(20), method="continuation", rng=np.random.default_rng(1), minimum_days=60
    )
    assert Forecaster(FAST, freq="1d").fit(longer).history.demand.shape[1] >= 60


def test_holidays_of_the_country_are_told_to_the_model() -> None:
    fitted = Forecaster(FAST, freq="1d", country="DE").fit(daily(70))
    holidays = [p.local_date for p in fitted.grid.after(fitted.history.periods, 60) if p.is_holiday]
    assert date(2025, 4, 18) in holidays  # Good Friday


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: Forecaster("prophecy"), NotFound),
        (lambda: Forecaster(FAST, magic=1), ConfigError),
        (lambda: Forecaster(FAST, freq="2d"), InvalidInput),
        (lambda: Forecaster(FAST, freq="shift"), InvalidInput),
        (lambda: Forecaster(FAST).fit(daily().clear()), InvalidInput),
        (lambda: Forecaster(FAST).fit(object()), InvalidInput),
        (lambda: Forecaster("lightgbm", freq="1d").fit(daily(5)), HistoryTooShort),
        (lambda: Forecaster(FAST).fit(daily()).predict(0), InvalidInput),
        (lambda: Forecaster(FAST).fit(daily()).predict(1, quantiles=[1.0]), InvalidInput),
    ],
)
def test_what_cannot_be_is_said(wrong: object, error: type[Exception]) -> None:
    assert callable(wrong)
    with pytest.raises(error):
        wrong()
