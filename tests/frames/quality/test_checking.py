"""The whole check: what a clean history scores, and what becomes of tables that are hardly any."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.frames.quality import SERIES_SCHEMA, QualityReport, Severity, check_quality
from supplynet.frames.synthetic import (
    demo_plant,
    generate_history,
    sales_training_data,
    tiny_plant,
)

NOW = datetime(2027, 1, 1, tzinfo=UTC)
FACTS = {"censored_shifts", "closed_days", "level_shift"}
"""Rules whose findings are no mistakes."""


def sales(days: int = 100, parts: int = 10) -> pl.DataFrame:
    """Ten SKUs of one warehouse: 1,000 rows, the least that is enough."""
    every = [date(2026, 1, 1) + timedelta(days=n) for n in range(days)]
    rows = [
        ("WH001", f"SKU-{part:03d}", day, 20 + 3 * day.weekday() + (7 * day.day + part) % 5)
        for part in range(parts)
        for day in every
    ]
    names = ["warehouse_id", "sku_id", "date", "units_sold"]
    return pl.DataFrame(rows, schema=names, orient="row")


def found(report: QualityReport) -> set[str]:
    return {check.rule for check in report.checks if check.count}


def test_the_least_that_is_enough_scores_100() -> None:
    report = check_quality(sales(), now=NOW)
    assert (report.score, report.ok, report.issues) == (100.0, True, ())


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("plant", [tiny_plant(), demo_plant(parts=30)], ids=["tiny", "demo"])
def test_a_clean_history_of_a_plant_has_next_to_no_findings(plant: Plant, seed: int) -> None:
    made = generate_history(plant, start=date(2025, 1, 1), days=200, seed=seed)
    report = check_quality(made.demand, now=NOW, plant=plant)
    mistakes = report.findings.filter(~pl.col("rule").is_in(FACTS))
    assert report.score >= 99
    assert report.ok
    assert mistakes.height <= made.demand.height / 10_000 + 1


def test_holidays_and_stops_of_a_plant_are_no_mistakes() -> None:
    plant = demo_plant(showrooms=1, parts=30, holiday_country="DE")
    made = generate_history(plant, start=date(2025, 1, 1), days=365, seed=3)
    for known in (plant, None):
        report = check_quality(made.demand, now=NOW, plant=known)
        assert report.score >= 99
        assert "missing_periods" not in found(report)


def test_clean_sales_with_slow_skus_have_next_to_no_findings() -> None:
    report = check_quality(sales_training_data(5, 20, 365, seed=4))
    assert report.score >= 99
    assert report.findings.filter(~pl.col("rule").is_in(FACTS)).height <= 5


def test_the_order_of_rows_changes_nothing() -> None:
    frame = sales()
    wild = frame.with_columns(
        pl.when(pl.col("units_sold") == 30).then(-1).otherwise("units_sold").alias("units_sold")
    )
    here, there = check_quality(wild), check_quality(wild.sample(fraction=1, shuffle=True, seed=1))
    assert here.score == there.score
    assert here.findings.sort(pl.all()).equals(there.findings.sort(pl.all()))


def test_the_given_table_is_not_changed() -> None:
    frame = sales().with_columns(units_sold=-pl.col("units_sold"))
    before = frame.clone()
    check_quality(frame)
    assert frame.equals(before)


def test_few_days_and_few_records_say_insufficient_data_for_training() -> None:
    report = check_quality(sales(days=41, parts=1).with_columns(sku_id=pl.lit("SKU-001")))
    assert not report.ok
    assert report.errors[1] == (
        "Insufficient data for training: series WH001/SKU-001 has 41 days, needs 100; collect "
        "more, import older records, or leave the series out of the training."
    )
    assert report.errors[0] == (
        "Insufficient data for training: the whole frame has 41 records, needs 1,000; collect "
        "more, or import older records."
    )


def test_the_shortest_series_are_named_and_the_others_counted() -> None:
    report = check_quality(sales(days=41, parts=5), minimum_records=1)
    assert report.errors[0].startswith(
        "Insufficient data for training: series WH001/SKU-000 has 41 days, "
        "series WH001/SKU-001 has 41 days, series WH001/SKU-002 has 41 days and 2 more, "
        "each needs 100 (5 of 5 series, 100.0 %); "
    )


def test_the_minimum_can_be_set() -> None:
    assert check_quality(sales(days=7), minimum_days=7, minimum_records=70).ok
    assert not check_quality(sales(days=7), minimum_days=8, minimum_records=70).ok


@pytest.mark.parametrize("nothing", [5, None, "sales.csv", [1, 2], {"a": [1], "b": [1, 2]}])
def test_what_is_no_table_is_refused(nothing: object) -> None:
    with pytest.raises(InvalidInput, match="is not a table"):
        check_quality(nothing)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "4 columns of 4 missing (location_id, part_id, period_start, demand)"),
        ({"sku": ["a"], "date": ["2026-01-01"], "qty": [1]}, "1 column of 4 missing (location_id)"),
        ({"store": ["x"], "warehouse_id": ["x"], "sku": ["a"]}, "store, warehouse_id"),
        (sales().clear(), "there are no rows"),
        (sales().drop("units_sold"), "(demand)"),
    ],
)
def test_a_table_that_cannot_be_checked_scores_0_and_says_why(table: object, words: str) -> None:
    report = check_quality(table)
    if isinstance(table, dict) and "store" in table:
        words = "missing"
    assert (report.score, report.ok, report.checks) == (0.0, False, ())
    assert words in report.issues[0]
    assert report.series.schema == SERIES_SCHEMA
    assert report.findings.is_empty()


def test_two_columns_for_one_thing_are_said() -> None:
    report = check_quality(sales().with_columns(units=1, Units_Sold=1))
    assert report.score == 0
    assert "can all be demand" in report.issues[0]


def column(name: str) -> st.SearchStrategy[pl.Series]:
    """Four cells of one type, whatever it is."""
    cells: list[tuple[pl.DataType | type[pl.DataType], st.SearchStrategy[Any]]] = [
        (pl.String, st.text(max_size=5) | st.sampled_from(["2026-01-01", "A", "7", "inf"])),
        (pl.Float64, st.floats()),
        (pl.Int64, st.integers(-(2**60), 2**60)),
        (pl.Datetime("us"), st.datetimes()),
        (pl.Date, st.dates()),
        (pl.Boolean, st.booleans()),
        (pl.List(pl.Int64), st.lists(st.integers(0, 9), max_size=2)),
    ]
    return st.sampled_from(cells).flatmap(
        lambda cell: st.lists(st.none() | cell[1], min_size=4, max_size=4).map(
            lambda values: pl.Series(name, values, dtype=cell[0])
        )
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(*(column(n) for n in ("warehouse_id", "sku_id", "date", "units_sold", "shift"))))
def test_no_cell_whatever_it_holds_stops_the_check(columns: tuple[pl.Series, ...]) -> None:
    report = check_quality(pl.DataFrame(columns), now=NOW)
    assert 0 <= report.score <= 100
    assert all(issue.endswith(".") for issue in report.issues)


@pytest.mark.parametrize("amount", [math.inf, 1e308, 2.0**62, math.nan])
def test_amounts_beyond_all_bounds_are_only_findings(amount: float) -> None:
    frame = sales().with_columns(pl.col("units_sold").cast(pl.Float64))
    frame[17, "units_sold"] = amount
    report = check_quality(frame)
    assert ("missing_values" if math.isnan(amount) else "schema_and_types") in found(report)


def test_series_have_their_own_scores_the_worst_first() -> None:
    frame = sales().with_columns(
        units_sold=pl.when((pl.col("sku_id") == "SKU-004") & (pl.col("date").dt.day() == 3))
        .then(-1)
        .otherwise("units_sold")
    )
    report = check_quality(frame)
    worst = report.series.row(0, named=True)
    assert (worst["part_id"], worst["worst_rule"]) == ("SKU-004", "negatives_and_returns")
    assert worst["score"] < report.score
    assert (worst["rows"], worst["days"], worst["findings"]) == (100, 100, 4)
    assert report.series.row(-1, named=True)["score"] == 100.0
    assert report.check("negatives_and_returns").severity is Severity.ERROR
