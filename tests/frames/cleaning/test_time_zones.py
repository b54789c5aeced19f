from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from supplynet.frames.cleaning import clean
from supplynet.frames.demand import ensure_demand
from supplynet.frames.synthetic import generate_history, tiny_plant

Make = Callable[..., pl.DataFrame]


def moved(frame: pl.DataFrame, rows: pl.Expr, hours: int) -> pl.DataFrame:
    start = pl.col("period_start") + pl.duration(hours=hours)
    return ensure_demand(
        frame.with_columns(
            pl.when(rows).then(start).otherwise("period_start").alias("period_start")
        )
    )


def days(first: int, end: int) -> pl.Expr:
    day = pl.col("period_start").dt.date()
    return (day >= date(2026, 1, 5) + timedelta(days=first)) & (
        day < date(2026, 1, 5) + timedelta(days=end)
    )


@pytest.mark.parametrize("hours", [-7, -1, 1, 2, 5, 9])
def test_a_stretch_that_is_off_by_hours_is_put_back(line: Make, hours: int) -> None:
    frame = line()
    made = clean(moved(frame, days(20, 30) & (pl.col("part_id") == "P1"), hours))
    assert_frame_equal(made.frame, frame)
    assert made.log.height == 20
    assert set(made.log["why"]) == {f"the stamps of this stretch are off by {hours} h"}


@pytest.mark.parametrize("hours", [-3, 2, 8])
def test_a_stretch_of_a_whole_line_is_put_back(line: Make, hours: int) -> None:
    frame = line()
    assert_frame_equal(clean(moved(frame, days(20, 30), hours)).frame, frame)


def test_days_written_in_another_zone_are_put_back(daily: Make) -> None:
    frame = daily(days=90)
    assert_frame_equal(clean(moved(frame, days(30, 50), -2)).frame, frame)


def test_summer_time_is_no_mistake(line: Make) -> None:
    frame = line(days=300)
    summer = moved(frame, days(83, 300), -1)
    assert clean(summer).log.is_empty()
    back = moved(frame, days(83, 293), -1)
    assert clean(back).log.is_empty()


def test_rows_at_odd_times_alone_are_left_where_they_are(line: Make) -> None:
    frame = moved(line(), days(20, 21) & (pl.col("part_id") == "P1"), 2)
    assert clean(frame, ["time_zones"]).log.is_empty()


def test_the_calendar_knows_summer_time_and_holds_a_stretch_to_it() -> None:
    plant = tiny_plant()
    frame = generate_history(plant, start=date(2026, 3, 1), days=60, seed=1).demand
    first = frame["part_id"][0]
    # 29 March, when the clocks change, lies in the stretch.
    stretch = pl.col("period_start").dt.date().is_between(date(2026, 3, 20), date(2026, 4, 5))
    wrong = moved(frame, stretch & (pl.col("part_id") == first), 2)
    assert not wrong.equals(frame)
    assert_frame_equal(clean(wrong, ["time_zones"], plant=plant).frame, frame)
    assert clean(frame, ["time_zones"], plant=plant).log.is_empty()
