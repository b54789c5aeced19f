from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from supplynet.frames.quality import CHECKS, Check, check_quality
from supplynet.frames.synthetic import generate_history
from supplynet.frames.synthetic_plant import tiny_plant

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def daily(part: str = "P", days: int = 40, start: date = date(2026, 1, 1)) -> pl.DataFrame:
    """Demand 20, 21, ... 26 through the week."""
    every = [start + timedelta(days=n) for n in range(days)]
    demand = [20 + day.weekday() for day in every]
    return pl.DataFrame({"warehouse_id": "W", "sku_id": part, "date": every, "units_sold": demand})


def check(frame: pl.DataFrame, name: str) -> Check:
    return next(c for c in check_quality(frame, now=NOW).checks if c.name == name)


def test_clean_data_score_100() -> None:
    report = check_quality(daily(), now=NOW)
    assert (report.score, report.issues) == (100.0, ())


def test_a_shift_history_without_halts_scores_high() -> None:
    plant = tiny_plant()
    made = generate_history(plant, start=date(2026, 1, 1), days=50, seed=1, halts_per_line_month=0)
    assert check_quality(made.demand, now=NOW).score > 98


def test_the_weights_sum_to_100() -> None:
    assert sum(rule.weight for rule in CHECKS.values()) == 100


def test_nothing_scores_0() -> None:
    report = check_quality(daily().clear())
    assert (report.score, report.issues) == (0.0, ("There are no rows.",))


def test_a_day_that_one_series_misses_is_a_missing_period() -> None:
    frame = pl.concat([daily("P"), daily("Q").filter(pl.col("date") != date(2026, 1, 10))])
    found = check(frame, "missing_periods")
    assert (found.count, found.total, found.examples) == (1, 80, ("W/Q",))


def test_a_day_that_all_series_miss_counts_but_not_a_day_of_rest() -> None:
    rest = daily().filter(pl.col("date").dt.weekday() < 7)
    assert check(rest, "missing_periods").count == 0
    assert check(rest.filter(pl.col("date") != date(2026, 1, 8)), "missing_periods").count == 1


def test_a_key_that_is_there_twice_is_counted_once() -> None:
    found = check(pl.concat([daily(), daily().head(1)]), "duplicates")
    assert (found.count, found.examples) == (1, ("W/P at 2026-01-01 00:00",))


@pytest.mark.parametrize(
    ("value", "name"), [(-1, "negatives"), (None, "nulls"), (5_000, "outliers")]
)
def test_a_bad_amount_is_found_with_its_place(value: int | None, name: str) -> None:
    bad = pl.col("date") == date(2026, 1, 15)
    units = pl.when(bad).then(pl.lit(value, dtype=pl.Int64)).otherwise("units_sold")
    found = check(daily().with_columns(units_sold=units), name)
    assert (found.count, found.examples) == (1, ("W/P at 2026-01-15 00:00",))
    assert "1 of 40 rows (2.5%)" in found.sentence


def test_rows_after_now_are_in_the_future() -> None:
    late = daily(days=70)  # to 11 March
    assert check(late, "future").count == 10
    unknown = next(c for c in check_quality(late).checks if c.name == "future")
    assert unknown.count == 0


def test_hidden_demand_is_censored_and_not_null() -> None:
    frame = daily().rename({"units_sold": "consumed"})
    starved = pl.when(pl.col("date") < date(2026, 1, 5)).then(60).otherwise(0)
    frame = frame.with_columns(starved_minutes=starved)
    assert (check(frame, "censored").count, check(frame, "nulls").count) == (4, 0)


def test_series_that_never_change_start_late_or_end_early_are_named() -> None:
    frame = pl.concat(
        [
            daily("P"),
            daily("ZERO").with_columns(units_sold=pl.lit(0, dtype=pl.Int64)),
            daily("LATE", days=10, start=date(2026, 1, 31)),
            daily("OLD", days=25),
        ]
    )
    assert check(frame, "constant").examples == ("W/ZERO",)
    assert check(frame, "short").examples == ("W/LATE",)
    assert check(frame, "stale").examples == ("W/OLD",)


def test_one_shift_spelt_in_two_ways_is_found() -> None:
    frame = daily().with_columns(shift=pl.lit("day"))
    odd = pl.when(pl.col("date") == date(2026, 1, 2)).then(pl.lit("Day ")).otherwise("shift")
    assert check(frame, "shift_names").count == 0
    assert check(frame.with_columns(shift=odd), "shift_names").count == 1


def test_a_check_takes_its_whole_weight_at_its_tolerance() -> None:
    frame = pl.concat([daily(days=50), daily(days=50).head(1)])  # 1 of 51 twice: above 1 %
    assert check(frame, "duplicates").lost == CHECKS["duplicates"].weight


def test_rows_that_do_not_conform_are_counted_instead_of_refused() -> None:
    frame = pl.DataFrame(
        {"store": ["a", None], "sku": ["x", "x"], "date": ["soon", "2026-01-01"], "qty": ["1", "z"]}
    )
    report = check_quality(frame)
    assert next(c for c in report.checks if c.name == "nulls").count == 2
