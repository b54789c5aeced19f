"""Outliers and miscounts: what noise, weekdays, seasons and slow parts make is none."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.frames.quality import check_quality

START = date(2026, 1, 1)
DAYS = 210


def frame(amounts: np.ndarray) -> pl.DataFrame:
    """Daily amounts, shape (part, day), of one warehouse."""
    days = [START + timedelta(days=n) for n in range(amounts.shape[1])]
    return pl.concat(
        pl.DataFrame(
            {"warehouse_id": "W", "sku_id": f"P{n}", "date": days, "units_sold": row.tolist()}
        )
        for n, row in enumerate(amounts.astype(int))
    )


def counts(means: np.ndarray, seed: int, spread: float = 0.04) -> np.ndarray:
    """Negative binomial counts, variance = mean + spread * mean^2."""
    rng = np.random.default_rng(seed)
    return rng.poisson(means * rng.gamma(1 / spread, spread, means.shape))


@settings(max_examples=25, deadline=None)
@given(
    level=st.floats(0.3, 500),
    weekly=st.floats(0, 0.9),
    yearly=st.floats(0, 0.5),
    trend=st.floats(-0.8, 2),
    seed=st.integers(0, 10_000),
)
def test_weeks_seasons_and_trends_are_no_outliers(
    level: float, weekly: float, yearly: float, trend: float, seed: int
) -> None:
    day = np.arange(DAYS)
    shape = (1 + weekly * np.sin(2 * np.pi * day / 7)) * (1 + yearly * np.sin(day / 58))
    means = np.tile(level * shape * (1 + trend * day / DAYS), (5, 1))
    report = check_quality(frame(counts(means, seed)))
    assert report.check("outliers").count <= 1
    assert report.check("miscounts").count <= 2
    assert report.check("unit_jumps").count == 0


@pytest.mark.parametrize(("chance", "lump"), [(0.05, 4), (0.2, 1), (0.4, 12)])
def test_slow_and_lumpy_parts_are_no_outliers(chance: float, lump: int) -> None:
    rng = np.random.default_rng(7)
    amounts = lump * rng.poisson(1.2, (20, DAYS)) * (rng.random((20, DAYS)) < chance)
    assert check_quality(frame(amounts)).check("outliers").count <= 1


def test_a_campaign_a_step_and_a_closed_sunday_are_no_outliers() -> None:
    means = np.full((6, DAYS), 60.0)
    means[0, 60:74] *= 2
    means[1, 100:] *= 1.6
    means[:, np.arange(DAYS) % 7 == 3] = 0
    means[:, 150:155] *= 0.1  # the whole warehouse, five days of snow
    assert check_quality(frame(counts(means, 8))).check("outliers").count == 0


@pytest.mark.parametrize("level", [1.0, 8.0, 60.0, 900.0])
@pytest.mark.parametrize("factor", [10.0, 0.0])
def test_a_single_amount_far_off_is_found(level: float, factor: float) -> None:
    amounts = counts(np.full((3, DAYS), level), 9, spread=0.01)
    amounts[1, 100] = round(factor * max(level, 3))
    report = check_quality(frame(amounts)).check("outliers")
    visible = factor > 0 or level >= 60
    assert report.places["part_id"].to_list() == (["P1"] if visible else [])
    assert not visible or report.examples[0].startswith("W/P1 at 2026-04-11")


def test_parts_counted_a_day_too_late_are_a_miscount_and_no_outliers() -> None:
    amounts = counts(np.full((6, DAYS), 200.0), 10, spread=0.001)
    amounts[2, 100] -= 120
    amounts[2, 101] += 120
    report = check_quality(frame(amounts))
    assert report.check("miscounts").places["part_id"].to_list() == ["P2", "P2"]
    assert report.check("outliers").count == 0


def test_a_lasting_change_of_level_is_told_as_information() -> None:
    means = np.full((1, DAYS), 80.0)
    means[0, 98:] *= 1.8
    report = check_quality(frame(counts(means, 11)))
    step = report.check("level_shift").places.row(0, named=True)
    assert abs((step["period_start"].date() - (START + timedelta(days=98))).days) <= 7
    assert step["value"] == pytest.approx(1.8, rel=0.15)
    assert report.check("level_shift").lost == 0


def test_a_season_that_most_parts_share_is_no_change_of_level() -> None:
    means = np.full((8, DAYS), 80.0)
    means[:, 98:160] *= 1.8
    assert check_quality(frame(counts(means, 12))).check("level_shift").count == 0


def test_two_orders_months_apart_are_no_neighbours() -> None:
    amounts = counts(np.full((6, DAYS), 200.0), 10, spread=0.001)
    amounts[2, 60] -= 120
    amounts[2, 200] += 120
    rest = frame(amounts).filter(
        (pl.col("sku_id") != "P2")
        | ~pl.col("date").is_between(START + timedelta(days=61), START + timedelta(days=199))
    )
    assert check_quality(rest).check("miscounts").count == 0
