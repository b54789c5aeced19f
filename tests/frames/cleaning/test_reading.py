from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from supplynet.errors import InvalidInput
from supplynet.frames.cleaning import clean
from supplynet.frames.cleaning.reading import read


def table(**columns: list[Any]) -> dict[str, list[Any]]:
    count = len(next(iter(columns.values())))
    base = {"warehouse_id": ["W"] * count, "sku_id": [f"P{n}" for n in range(count)]}
    return base | {"date": [date(2026, 1, 5)] * count} | columns


def test_a_cell_that_cannot_be_read_becomes_empty_and_says_why() -> None:
    made = clean(table(units_sold=["12", "many", " 7 ", None]))
    assert made.frame["demand"].to_list() == [12, None, 7, None]
    assert made.log.select("step", "row", "part_id", "column", "old", "new", "why").rows() == [
        ("types", 1, "P1", "demand", "many", None, "cannot be read as a number of parts")
    ]


def test_without_the_step_such_a_cell_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"cannot be read: 1; .*'many'.*add the step types"):
        clean(table(units_sold=["12", "many"]), ["outliers"])


def test_numbers_that_no_count_can_be_are_unreadable() -> None:
    values = [float("inf"), -float("inf"), 1e300, float("nan"), 3.0]
    made = clean(table(units_sold=values))
    assert made.frame["demand"].to_list() == [None, None, None, None, 3]
    assert made.log["old"].to_list() == ["inf", "-inf", "1e+300"]


def test_unreadable_minutes_count_as_none() -> None:
    made = clean(table(units_sold=[5, 6], starved_minutes=["x", "0"]))
    assert made.log.select("column", "old", "new").rows() == [("starved_minutes", "x", "0")]


def test_times_far_from_any_plant_are_unreadable() -> None:
    data = table(units_sold=[5, 6, 7]) | {"date": ["2026-01-05", "0026-01-05", "31.12."]}
    made = clean(data)
    assert made.frame.height == 1
    assert made.log.filter(pl.col("column") == "period_start")["old"].to_list() == [
        "0026-01-05",
        "31.12.",
    ]
    assert made.log.filter(pl.col("column").is_null())["why"].unique().to_list() == [
        "the row has no period_start"
    ]


def test_columns_that_mix_words_and_numbers_are_read_cell_by_cell() -> None:
    made = clean(table(units_sold=[5, "six", 7.0]))
    assert made.frame["demand"].to_list() == [5, None, 7]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([date(2026, 1, 1)]),
        pl.Series([[1, 2]]),
        pl.Series([{"a": 1}]),
        pl.Series([None]),
        pl.Series([datetime(2026, 1, 1, tzinfo=UTC)]),
    ],
)
def test_columns_of_another_kind_are_unreadable_and_not_an_error(column: pl.Series) -> None:
    frame = pl.DataFrame(table(x=[1])).drop("x").with_columns(units_sold=column)
    assert clean(frame).frame["demand"].to_list() == [None]


def test_what_is_no_table_is_refused() -> None:
    for wrong in (None, 3, "file.csv", [1, 2]):
        with pytest.raises(InvalidInput):
            clean(wrong)
    with pytest.raises(InvalidInput, match="cannot be read"):
        clean({"part_id": ["P"], "location_id": ["L", "M"], "demand": [1], "date": [None]})
    with pytest.raises(InvalidInput, match="a demand frame needs demand"):
        clean({"part_id": ["P"], "location_id": ["L"], "date": [None]})


def test_other_columns_tell_rows_apart() -> None:
    content = read(table(units_sold=[1, 1]) | {"sku_id": ["P", "P"], "order_id": ["a", "b"]})
    assert content.frame["_content"].n_unique() == 2


def test_pandas_frames_come_in_too() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(table(units_sold=[5, "six", None]))
    assert clean(frame).frame["demand"].to_list() == [5, None, None]
