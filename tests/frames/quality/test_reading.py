from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from supplynet.frames.quality.reading import read, schema_and_types

DAYS = [date(2026, 1, day) for day in (1, 2, 3)]


def table(**columns: object) -> pl.DataFrame:
    plain = {"store": "S", "sku": "P", "date": pl.Series(DAYS), "qty": pl.Series([1, 2, 3])}
    return pl.DataFrame({**plain, **columns})


def said(frame: pl.DataFrame) -> list[str]:
    return schema_and_types(read(frame)).places["detail"].to_list()


def test_a_cell_of_the_wrong_type_is_named_with_the_name_and_value_that_it_came_with() -> None:
    assert said(table(qty=pl.Series(["1", "(100)", "z"]))) == ["qty '(100)'", "qty 'z'"]
    assert said(table(date=pl.Series(["2026-01-01", "soon", "01/02/2026"]))) == [
        "date 'soon'",
        "date '01/02/2026'",
    ]


def test_two_bad_cells_of_one_row_are_one_finding() -> None:
    frame = table(date=pl.Series(["soon", *["2026-01-01"] * 2]), qty=pl.Series(["z", "1", "2"]))
    assert said(frame) == ["date 'soon', qty 'z'"]


@pytest.mark.parametrize("empty", ["", " ", "NaN", "null", "n/a", "-"])
def test_a_cell_that_says_nothing_is_missing_and_not_of_the_wrong_type(empty: str) -> None:
    reading = read(table(qty=pl.Series(["1", empty, "2"])))
    assert reading.bad_cells.is_empty()
    assert reading.frame["demand"].to_list() == [1.0, None, 2.0]


def test_half_a_part_and_infinity_are_no_amounts() -> None:
    half = table(consumed=pl.Series([1.0, 2.5, 3.0])).drop("qty")
    assert said(half) == ["consumed '2.5'"]
    assert said(table(qty=pl.Series([1.0, float("inf"), 3.0]))) == ["qty 'inf'"]


def test_a_column_of_things_is_unreadable_as_a_whole() -> None:
    assert said(table(qty=pl.Series([[1], [2], None]))) == ["qty 'List(Int64)'"] * 2


def test_categories_and_numbers_are_read_as_ids() -> None:
    frame = table(sku=pl.Series(["a", "b", "a"], dtype=pl.Categorical), store=7)
    assert read(frame).frame.select("location_id", "part_id").rows() == [
        ("7", "a"),
        ("7", "b"),
        ("7", "a"),
    ]


def test_an_empty_id_is_none() -> None:
    assert read(table(sku=pl.Series(["a", "", "  "]))).frame["part_id"].to_list() == [
        "a",
        None,
        None,
    ]
