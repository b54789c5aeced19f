from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.frames.quality import Check, check_quality

START = date(2026, 1, 1)


def series(amounts: list[int] | np.ndarray, part: str = "P") -> pl.DataFrame:
    """Daily amounts of one SKU."""
    every = [START + timedelta(days=n) for n in range(len(amounts))]
    return pl.DataFrame(
        {
            "warehouse_id": "W",
            "sku_id": part,
            "date": every,
            "units_sold": [int(a) for a in amounts],
        }
    )


def noise(mean: float, days: int = 200, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, days)


def check(frame: pl.DataFrame, rule: str) -> Check:
    return check_quality(frame).check(rule)


@pytest.mark.parametrize("value", [0, 7])
def test_a_series_that_never_changes_is_constant(value: int) -> None:
    found = check(series([value] * 50), "constant_series")
    assert found.examples == (f"W/P (always {value} in 50 rows)",)
    assert check(series([value] * 6), "constant_series").count == 0


def test_a_counter_that_is_stuck_for_a_while_is_found_with_its_days() -> None:
    amounts = noise(40)
    amounts[60:80] = 43
    found = check(series(amounts), "constant_series").places.row(0, named=True)
    assert (found["period_start"], found["period_end"], found["value"]) == (
        datetime(2026, 3, 2, tzinfo=UTC),
        datetime(2026, 3, 22, tzinfo=UTC),
        43.0,
    )


@pytest.mark.parametrize("mean", [0.2, 1.0, 5.0, 40.0, 400.0])
def test_chance_alone_makes_no_counter_stuck_and_no_part_dead(mean: float) -> None:
    frame = pl.concat([series(noise(mean, seed=n), f"P{n}") for n in range(20)])
    assert check(frame, "constant_series").count == 0
    assert check(frame, "dead_series").count == 0


def test_zeros_from_some_day_on_are_a_dead_series() -> None:
    amounts = noise(40)
    amounts[150:] = 0
    found = check(series(amounts), "dead_series")
    assert found.examples == ("W/P at 2026-05-31 (0 in the last 50 rows)",)


def test_a_part_that_faded_out_or_has_not_begun_is_not_dead() -> None:
    fade = np.concatenate([np.full(100, 40), np.linspace(40, 0, 60), np.zeros(40)])
    faded = np.random.default_rng(2).poisson(fade)
    new = np.concatenate([np.zeros(100, int), noise(40, 100)])
    frame = pl.concat([series(faded, "OLD"), series(new, "NEW"), series(noise(40), "P")])
    assert check(frame, "dead_series").count == 0
    assert check(frame, "constant_series").count == 0


def test_a_line_that_stands_still_kills_none_of_its_parts() -> None:
    parts = [noise(40, seed=n) for n in range(6)]
    for amounts in parts:
        amounts[170:] = 0
    frame = pl.concat([series(amounts, f"P{n}") for n, amounts in enumerate(parts)])
    assert check(frame, "dead_series").count in {0, 6}


def test_a_series_that_ends_early_is_named() -> None:
    frame = pl.concat([series(noise(40)), series(noise(40, 120), "GONE")])
    assert check(frame, "dead_series").examples == ("W/GONE at 2026-04-30 (no row after this)",)


def test_one_row_with_a_date_far_ahead_ends_no_other_series() -> None:
    frame = pl.concat([series(noise(40, seed=n), f"P{n}") for n in range(10)])
    stray = frame.head(1).with_columns(date=pl.lit(START + timedelta(days=900)))
    assert check(pl.concat([frame, stray]), "dead_series").count == 0
