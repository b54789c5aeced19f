from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import polars as pl
from polars.testing import assert_frame_equal

from supplynet.frames.cleaning import clean
from supplynet.frames.synthetic import generate_history, tiny_plant

Make = Callable[..., pl.DataFrame]
DAY = date(2026, 1, 20)


def without(frame: pl.DataFrame, first: date, last: date, part: str | None = None) -> pl.DataFrame:
    here = pl.col("period_start").dt.date().is_between(first, last)
    return frame.filter(~(here if part is None else here & (pl.col("part_id") == part)))


def test_a_period_that_other_parts_have_gets_a_row_that_says_nothing_was_seen(line: Make) -> None:
    made = clean(without(line(), DAY, DAY, "P1"))
    added = made.frame.filter(pl.col("demand").is_null())
    assert added.select("part_id", "shift", "consumed", "rate", "starved_minutes").rows() == [
        ("P1", "day", None, None, 0),
        ("P1", "night", None, None, 0),
    ]
    assert made.log.select("column", "old").rows() == [(None, None)] * 2
    assert made.summary[0].startswith("missing: 2 rows added of one series")


def test_a_missing_row_may_mean_that_none_was_used(line: Make) -> None:
    made = clean(without(line(), DAY, DAY, "P1"), settings={"missing": {"mean": "zero"}})
    zero = made.frame.filter((pl.col("part_id") == "P1") & (pl.col("consumed") == 0))
    assert zero["demand"].to_list() == [0, 0]


def test_a_line_is_held_to_the_others_where_it_usually_works(line: Make) -> None:
    frame = pl.concat([line(place="A"), line(place="B")])
    lost = frame.filter(
        ~((pl.col("location_id") == "B") & (pl.col("period_start").dt.date() == DAY))
    )
    assert clean(lost).log.height == 8
    days_only = frame.filter((pl.col("location_id") == "A") | (pl.col("shift") == "day"))
    assert clean(days_only).log.is_empty()


def test_a_day_that_all_lose_may_be_a_holiday_and_counts_only_when_asked(daily: Make) -> None:
    frame = without(daily(), DAY, DAY)
    assert clean(frame).log.is_empty()
    asked = clean(frame, settings={"missing": {"lost_days": True}})
    assert asked.frame["period_start"][15] == datetime(2026, 1, 20, tzinfo=UTC)
    assert asked.log.height == 1
    rest = daily().filter(pl.col("period_start").dt.weekday() < 7)
    assert clean(rest, settings={"missing": {"lost_days": True}}).log.is_empty()


def test_the_calendar_tells_what_is_missing_and_what_is_a_holiday() -> None:
    plant = tiny_plant()
    frame = generate_history(plant, start=date(2026, 3, 1), days=60, seed=1).demand
    assert clean(frame, ["missing"], plant=plant).log.is_empty()
    made = clean(without(frame, date(2026, 3, 28), date(2026, 3, 30)), ["missing"], plant=plant)
    key = ["location_id", "part_id", "period_start", "shift"]
    assert_frame_equal(made.frame.select(key), frame.select(key))


def test_a_long_gap_means_that_the_part_was_not_in_use(line: Make) -> None:
    frame = without(line(days=120), date(2026, 1, 20), date(2026, 3, 20), "P1")
    assert clean(frame).log.is_empty()
    asked = clean(frame, settings={"missing": {"longest_gap_days": 90}})
    assert asked.log.height == 120


def test_missing_rows_of_a_starved_line_are_censored_too(line: Make) -> None:
    here = pl.col("period_start").dt.date() == DAY
    frame = line().with_columns(starved_minutes=pl.when(here).then(60).otherwise(0))
    frame = frame.with_columns(demand=pl.when(~here).then(pl.col("demand")))
    made = clean(without(frame, DAY, DAY, "P1"), ["missing"]).frame
    assert made.filter(here)["starved_minutes"].to_list() == [60] * 8


def test_rows_before_the_first_and_after_the_last_are_not_missing(line: Make) -> None:
    frame = without(line(), date(2026, 1, 1), DAY, "P1")
    assert clean(frame).log.is_empty()
