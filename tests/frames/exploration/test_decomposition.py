"""Strength of season and trend, by what it must be for series made of one thing only."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.frames.exploration.calendar_grid import Unit
from supplynet.frames.exploration.decomposition import (
    Decomposition,
    decompose,
    remainders,
    running_line,
)

MONDAY = date(2026, 1, 5)
DAYS = Unit(name="day", season=7, anchor=MONDAY)
WEEK = np.array([10.0, 12.0, 11.0, 13.0, 14.0, 4.0, 0.0])


def parts(values: np.ndarray, unit: Unit = DAYS) -> Decomposition:
    return decompose(np.atleast_2d(values), unit, MONDAY)


def test_a_series_that_repeats_every_week_is_all_season() -> None:
    found = parts(np.tile(WEEK, 20))
    assert found.season_strength[0] == pytest.approx(1.0)
    assert found.season[0] == pytest.approx(WEEK - WEEK.mean())


def test_a_straight_line_is_all_trend() -> None:
    found = parts(np.arange(140.0))
    assert found.trend_strength[0] == pytest.approx(1.0)
    assert found.season_strength[0] == pytest.approx(0.0, abs=1e-6)


def test_noise_has_hardly_any_season_or_trend() -> None:
    noise = np.random.default_rng(0).normal(100, 10, (50, 730))
    found = parts(noise)
    assert found.season_strength.mean() < 0.03
    assert found.trend_strength.mean() < 0.06


def test_a_season_under_noise_has_the_share_of_the_variance_that_it_makes() -> None:
    rng = np.random.default_rng(0)
    season = np.tile(WEEK - WEEK.mean(), 150)
    noisy = season + rng.normal(0, season.std(), season.size)  # as much noise as season
    assert parts(noisy).season_strength[0] == pytest.approx(0.5, abs=0.05)


def test_a_constant_series_has_neither() -> None:
    found = parts(np.full(100, 7.0))
    assert (found.season_strength[0], found.trend_strength[0], found.noise[0]) == (0, 0, 0)


def test_less_than_three_seasons_say_nothing_of_a_season() -> None:
    assert np.isnan(parts(np.tile(WEEK, 2)).season_strength[0])
    assert np.isfinite(parts(np.tile(WEEK, 3)).season_strength[0])


@settings(max_examples=20)
@given(st.floats(1e-6, 1e12), st.integers(0, 2**32 - 1))
def test_the_unit_of_the_part_does_not_matter(factor: float, seed: int) -> None:
    values = np.random.default_rng(seed).poisson(20, 70).astype(float)
    one, other = parts(values), parts(values * factor)
    assert other.season_strength == pytest.approx(one.season_strength, abs=1e-6)
    assert other.trend_strength == pytest.approx(one.trend_strength, abs=1e-6)
    assert other.outlier_share == pytest.approx(one.outlier_share)


def test_what_is_missing_changes_neither_season_nor_weekly_level() -> None:
    values = np.tile(WEEK, 20)
    values[::5] = np.nan
    found = parts(values)
    assert found.season_strength[0] == pytest.approx(1.0)
    assert found.weekly[0] == pytest.approx(np.full(20, WEEK.mean()))


def test_the_running_line_is_that_of_least_squares_in_its_window() -> None:
    values = np.random.default_rng(1).normal(size=40)
    values[[3, 17]] = np.nan
    window = np.arange(15, 24)  # nine columns around 19
    known = window[np.isfinite(values[window])]
    slope, level = np.polyfit(known, values[known], 1)
    assert running_line(values[None], 9)[0, 19] == pytest.approx(slope * 19 + level)


def test_remainders_of_season_and_line_together_are_nothing() -> None:
    values = np.tile(WEEK, 20) + 0.3 * np.arange(140)
    assert remainders(values[None], DAYS)[0] == pytest.approx(np.zeros(140), abs=0.05)


def test_weeks_run_from_monday_to_sunday() -> None:
    thursday = date(2026, 1, 8)
    found = decompose(np.ones((1, 30)), DAYS, thursday)
    assert list(found.weeks) == [0, 4, 11, 18, 25]


def test_an_outlier_stands_far_from_the_rest_and_rare_use_is_none() -> None:
    rng = np.random.default_rng(0)
    wild = rng.normal(100, 5, 200)
    wild[50] = 400
    rare = np.where(np.arange(200) % 10 == 0, 50.0, 0.0)
    found = parts(np.stack([wild, rare]))
    assert found.outlier_share == pytest.approx([1 / 200, 0.0])
