from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from supplynet.frames.cleaning import clean
from supplynet.frames.demand import conform, observe

Make = Callable[..., pl.DataFrame]
HERE = pl.col("period_start").dt.date() == pl.date(2026, 1, 20)


@pytest.fixture(scope="module")
def halted(line: Make) -> pl.DataFrame:
    """The line starved through a quarter of both shifts of one Tuesday."""
    frame = line().with_columns(
        starved_minutes=pl.when(HERE).then(180).otherwise(0),
        consumed=pl.when(HERE).then(pl.col("consumed") * 3 // 4).otherwise("consumed"),
    )
    return observe(frame.drop("rate", "demand"), 720)


def test_demand_of_a_starved_shift_is_filled_and_what_was_consumed_stays(
    halted: pl.DataFrame,
) -> None:
    made = clean(halted)
    rows = made.frame.filter(HERE)
    # 41 by day and 20 by night are usual on Tuesdays.
    assert rows["demand"].to_list() == pytest.approx([41, 20] * 4, abs=1.2)
    assert rows["consumed"].to_list() == [30, 15] * 4
    assert set(made.log["column"]) == {"demand"}
    assert made.log["why"][0].startswith("the line was starved; demand of the whole period, sta")
    assert conform(made.frame).equals(made.frame)


def test_estimates_come_with_their_standard_error(halted: pl.DataFrame) -> None:
    found = clean(halted).estimates
    assert found.columns == [
        *("location_id", "part_id", "period_start"),
        *("step", "counted", "demand", "standard_error"),
    ]
    assert found["step"].to_list() == ["censored"] * 8
    assert found["counted"].to_list() == [30, 15] * 4
    assert (found["standard_error"] > 0).all()


def test_draws_replace_the_estimates_and_nothing_else(halted: pl.DataFrame) -> None:
    made = clean(halted)
    one, other = (made.draw(np.random.default_rng(seed)) for seed in (1, 2))
    assert one.filter(~HERE).equals(made.frame.filter(~HERE))
    assert not one.filter(HERE).equals(other.filter(HERE))
    assert (one.filter(HERE)["demand"] >= one.filter(HERE)["consumed"]).all()


def test_demand_given_as_what_was_consumed_is_censored_unless_trusted(
    halted: pl.DataFrame,
) -> None:
    naive = halted.with_columns(demand=pl.col("consumed").cast(pl.Float64))
    assert clean(naive).log.height == 8
    trusted = clean(naive, settings={"censored": {"trust_given": True}})
    assert trusted.log.is_empty()


def test_imputing_is_asked_for_and_marked_by_the_log(line: Make) -> None:
    frame = line().filter(~(HERE & (pl.col("part_id") == "P1")))
    plain, imputed = clean(frame), clean(frame, [*clean(frame).steps, "impute"])
    assert plain.frame["demand"].null_count() == 2
    rows = imputed.frame.filter(HERE & (pl.col("part_id") == "P1"))
    assert rows["demand"].to_list() == pytest.approx([41, 20], abs=1.2)
    assert rows["consumed"].to_list() == [None, None]
    assert imputed.estimates["step"].to_list() == ["impute"] * 2


def test_a_line_that_was_fast_that_day_says_so_of_the_part_that_was_not_seen(line: Make) -> None:
    busy = line(days=200, level=100)
    rng = np.random.default_rng(1)
    pace = pl.DataFrame({"period_start": busy["period_start"].unique().sort()})
    pace = pace.with_columns(u=pl.Series(rng.gamma(25, 1 / 25, pace.height)))
    busy = busy.join(pace, on="period_start", maintain_order="left")
    demand = (pl.col("demand") * pl.col("u")).round()
    busy = busy.with_columns(demand=demand, consumed=demand.cast(pl.Int64)).drop("u")
    lost = busy.filter((pl.col("part_id") == "P1") & (pl.int_range(pl.len()) % 10 == 0))
    frame = busy.join(lost, on=["part_id", "period_start"], how="anti")
    made = clean(frame, ["missing", "impute"]).frame
    both = made.join(lost, on=["part_id", "period_start"], suffix="_true")
    error = (both["demand"] - both["demand_true"]).abs().mean()
    usual = busy["demand"].mean()
    assert isinstance(error, float)
    assert isinstance(usual, float)
    assert error < 0.05 * usual


def test_a_series_that_was_never_seen_stays_and_the_note_says_so(line: Make) -> None:
    frame = observe(line(parts=1, days=5).with_columns(starved_minutes=720), 720)
    made = clean(frame)
    assert made.frame["demand"].null_count() == 10
    assert "10 rows stay not observed" in " ".join(made.notes)


def test_an_imputed_estimate_never_reads_as_counted(daily: Make) -> None:
    # The books say 42 for a Wednesday, which is usual; somebody doubts it all the same.
    doubted = pl.int_range(pl.len()) == 30
    frame = daily().with_columns(demand=pl.when(~doubted).then(pl.col("demand")))
    made = clean(frame, ["impute"]).frame
    assert round(made["demand"][30]) != made["consumed"][30]
    assert abs(made["demand"][30] - 42) < 1
