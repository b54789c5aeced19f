from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl

from supplynet.frames.cleaning import Cleaned, clean

Make = Callable[..., pl.DataFrame]
SUM = {"duplicates": {"same_key": "sum"}}


def rows(*amounts: int | None, **columns: list[Any]) -> dict[str, list[Any]]:
    """Rows of one series on one day."""
    count = len(amounts)
    return {
        "location_id": ["L"] * count,
        "part_id": ["P"] * count,
        "period_start": ["2026-01-05"] * count,
        "consumed": list(amounts),
        **columns,
    }


def said(made: Cleaned) -> list[tuple[int, str]]:
    return made.log.select("row", "why").rows()


def test_twins_are_dropped_and_the_last_of_others_counts() -> None:
    made = clean(rows(5, 7, 7))
    assert made.frame["consumed"].to_list() == [7]
    assert said(made) == [
        (0, "same place, part and time as row 2, which came later and counts"),
        (1, "same as row 2"),
    ]


def test_amounts_of_one_key_sum_up_when_asked_but_a_row_sent_twice_counts_once() -> None:
    made = clean(rows(5, 7, 7, order_id=["a", "b", "b"]), settings=SUM)
    assert made.frame.select("consumed", "demand").rows() == [(12, 12.0)]
    assert said(made)[-2:] == [
        (1, "added to row 0"),
        (2, "same as an earlier row; row 0 stays"),
    ]


def test_different_orders_with_the_same_amount_both_count() -> None:
    made = clean(rows(7, 7, order_id=["a", "b"]), settings=SUM)
    assert made.frame["demand"].to_list() == [14]


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert clean(rows(5, None), settings=SUM).frame["demand"].to_list() == [None]


def test_what_is_below_0_is_not_observed_or_0() -> None:
    data = rows(-5, starved_minutes=[-60])
    made = clean(data)
    assert made.frame.select("consumed", "demand", "starved_minutes").rows() == [(None, None, 0)]
    assert made.log["old"].to_list() == ["-5", "-60", "-5.0"]
    zero = clean(data, settings={"negatives": {"become": "zero"}})
    assert zero.frame.select("consumed", "demand").rows() == [(0, 0.0)]


def test_what_starts_after_now_goes(daily: Make) -> None:
    frame = daily(days=10)
    now = datetime(2026, 1, 12, tzinfo=UTC)
    made = clean(frame, now=now)
    assert made.frame["period_start"].max() == now
    assert made.log.height == 2
    assert made.summary[0].startswith("future: 2 rows dropped of one series")


def test_orders_of_one_day_are_summed_unless_the_last_is_asked_for() -> None:
    orders = rows(5, 7, 7, order_id=["a", "b", "b"])
    assert clean(orders).frame["consumed"].to_list() == [12]
    last = clean(orders, settings={"duplicates": {"same_key": "last"}})
    assert last.frame["consumed"].to_list() == [7]


def test_sales_of_one_day_are_summed_and_what_is_there_twice_counts_once() -> None:
    records = rows(5, 7, 7)
    sales = {
        ("units_sold" if name == "consumed" else name): cells for name, cells in records.items()
    }
    assert clean(sales).frame["consumed"].to_list() == [12]
    assert clean(records).frame["consumed"].to_list() == [7]
