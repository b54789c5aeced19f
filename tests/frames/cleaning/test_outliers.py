from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from supplynet.frames.cleaning import clean

Make = Callable[..., pl.DataFrame]


def with_demand(frame: pl.DataFrame, changes: dict[int, float]) -> pl.DataFrame:
    """The amounts of some rows replaced."""
    row = pl.int_range(pl.len())
    new = row.replace_strict(changes, default=None, return_dtype=pl.Float64)
    made = frame.with_columns(demand=pl.coalesce(new, "demand"))
    return made.with_columns(consumed=pl.col("demand").cast(pl.Int64))


@pytest.mark.parametrize("amount", [2.0, 400.0])
def test_an_amount_far_from_usual_is_not_observed_and_the_books_stay(
    daily: Make, amount: float
) -> None:
    made = clean(with_demand(daily(), {30: amount}))
    assert made.frame.select("consumed", "demand").row(30) == (amount, None)
    # Row 30 is a Wednesday: 42 is usual.
    assert made.log["why"].to_list() == [f"{amount} where about 42.0 is usual: not observed"]


def test_it_may_be_clipped_instead(daily: Make) -> None:
    settings = {"outliers": {"replace": "clip"}}
    high = clean(with_demand(daily(), {30: 400.0}), settings=settings).frame["demand"][30]
    low = clean(with_demand(daily(), {30: 2.0}), settings=settings).frame["demand"][30]
    assert 2 < low < 42 < high < 400


def test_what_is_usual_on_that_shift_and_weekday_is_no_outlier(line: Make) -> None:
    frame = line()
    sunday = (pl.col("period_start").dt.weekday() == 7) & (pl.col("shift") == "night")
    frame = frame.with_columns(demand=pl.when(sunday).then(3.0).otherwise("demand"))
    frame = frame.with_columns(consumed=pl.col("demand").cast(pl.Int64))
    assert clean(frame, ["outliers"]).log.is_empty()
    assert clean(with_demand(frame, {60: 3.0}), ["outliers"]).log.height == 1


def test_a_day_on_which_the_whole_line_is_slow_is_no_outlier(line: Make) -> None:
    slow = pl.col("period_start").dt.date() == pl.date(2026, 2, 4)
    frame = line().with_columns(
        demand=pl.when(slow).then((pl.col("demand") / 8).floor()).otherwise("demand")
    )
    frame = frame.with_columns(consumed=pl.col("demand").cast(pl.Int64))
    assert clean(frame, ["outliers"]).log.is_empty()


def test_more_than_two_in_a_row_are_an_event_and_stay(daily: Make) -> None:
    assert clean(with_demand(daily(), dict.fromkeys([30, 31, 32], 400.0))).log.is_empty()
    assert clean(with_demand(daily(), dict.fromkeys([30, 31], 400.0))).log.height == 2


def test_a_lasting_change_of_level_is_no_outlier(daily: Make) -> None:
    changes = {row: 400.0 + row % 7 for row in range(60, 120)}
    assert clean(with_demand(daily(days=120), changes)).log.is_empty()


def test_zero_is_never_an_outlier(daily: Make) -> None:
    assert clean(with_demand(daily(), {30: 0.0})).log.is_empty()


def test_counting_noise_of_slow_parts_is_no_outlier(daily: Make) -> None:
    rng = np.random.default_rng(1)
    amounts = rng.negative_binomial(0.5, 0.5 / (0.5 + 0.8), 200).astype(float)
    frame = with_demand(daily(days=200), dict(enumerate(amounts)))
    assert clean(frame).log.is_empty()
    assert clean(with_demand(frame, {100: 500.0})).log["old"].to_list() == ["500.0"]


def test_poisson_demand_is_left_alone(daily: Make) -> None:
    rng = np.random.default_rng(2)
    for mean in (3, 30, 3000):
        frame = with_demand(daily(days=400), dict(enumerate(rng.poisson(mean, 400).astype(float))))
        assert clean(frame).log.is_empty()


def test_somebodys_estimate_is_no_evidence_and_not_judged(daily: Make) -> None:
    frame = daily().with_columns(
        demand=pl.when(pl.int_range(pl.len()) == 30).then(400.5).otherwise("demand")
    )
    assert clean(frame).log.is_empty()
