"""Rank correlations against scipy's, and the lead of a driver."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from supplynet.frames.exploration import explore
from supplynet.frames.exploration.rank_correlation import spearman

DAYS = 200


def test_it_is_spearmans_over_the_pairs_that_are_there() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.poisson(5, (2, 60)).astype(float)
    gaps = a.copy()
    gaps[::7] = np.nan
    kept = np.isfinite(gaps)
    assert spearman(a, b)[0] == pytest.approx(spearmanr(a, b).statistic)
    value, many = spearman(gaps, b)
    assert value == pytest.approx(spearmanr(a[kept], b[kept]).statistic)
    assert many == kept.sum()


def test_few_pairs_or_a_flat_series_have_no_correlation() -> None:
    rising = np.arange(30.0)
    assert np.isnan(spearman(rising[:19], rising[:19])[0])
    assert np.isnan(spearman(rising, np.ones(30))[0])


def demand_and_driver(lead: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A driver whose value is what is used ``lead`` days later."""
    rng = np.random.default_rng(3)
    used = rng.normal(100, 10, DAYS + lead).round()
    first = datetime(2025, 1, 6, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    demand = pl.DataFrame(
        {"location_id": "L", "part_id": "P", "period_start": days, "demand": used[:DAYS]}
    )
    driver = pl.DataFrame({"driver": "orders", "at": days, "value": used[lead : DAYS + lead]})
    return demand, driver


@pytest.mark.parametrize("lead", [0, 3, 14])
def test_a_driver_is_found_at_its_lead(lead: int) -> None:
    demand, driver = demand_and_driver(lead)
    section = explore(demand, drivers=driver).correlations
    best = section.frame.filter(kind="driver").sort(pl.col("correlation").abs()).row(-1, named=True)
    assert (best["first"], best["lag"]) == ("orders", lead)
    assert best["correlation"] > 0.95
    assert f"at lag {lead}" in section.sentence


def test_a_driver_of_pure_noise_is_not_said_to_go_with_anything() -> None:
    demand, driver = demand_and_driver(0)
    noise = pl.Series(np.random.default_rng(9).normal(size=DAYS))
    section = explore(demand, drivers=driver.with_columns(value=noise)).correlations
    assert "driver is linked with consumption beyond chance (orders)" in section.sentence


def test_the_plan_is_a_driver_of_its_line_as_it_was_said_last() -> None:
    demand, driver = demand_and_driver(0)
    plan = pl.DataFrame(
        {
            "location_id": "L",
            "product": "default",
            "period_start": driver["at"],
            "units": driver["value"].cast(pl.Int64),
            "recorded_at": datetime(2025, 1, 1, tzinfo=UTC),
        }
    )
    old = plan.with_columns(
        units=pl.lit(1, dtype=pl.Int64), recorded_at=datetime(2024, 1, 1, tzinfo=UTC)
    )
    section = explore(demand, plan=pl.concat([plan, old])).correlations
    now = section.frame.filter(kind="plan", first="plan of L", lag=0)
    assert now["correlation"][0] > 0.95
    assert "a location goes with its plan closely" in section.sentence.lower()


def test_dates_of_drivers_may_be_dates() -> None:
    demand, driver = demand_and_driver(3)
    dates = [date(2025, 1, 6) + timedelta(days=n) for n in range(DAYS)]
    section = explore(demand, drivers=driver.with_columns(at=pl.Series(dates))).correlations
    assert "at lag 3" in section.sentence
