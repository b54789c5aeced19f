from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl

from supplynet.frames.quality import Check, check_quality
from supplynet.frames.synthetic import generate_history, tiny_plant

START = date(2026, 1, 1)


def daily(part: str = "P", days: int = 40, place: str = "W") -> pl.DataFrame:
    every = [START + timedelta(days=n) for n in range(days)]
    units = [20 + day.weekday() for day in every]
    return pl.DataFrame({"warehouse_id": place, "sku_id": part, "date": every, "units_sold": units})


def check(frame: pl.DataFrame, rule: str = "missing_periods") -> Check:
    return check_quality(frame).check(rule)


def test_a_day_that_one_series_misses_is_a_missing_period() -> None:
    frame = pl.concat([daily("P"), daily("Q").filter(pl.col("date") != date(2026, 1, 10))])
    found = check(frame)
    assert (found.count, found.total) == (1, 80)
    assert found.examples == ("W/Q from 2026-01-10 to 2026-01-11",)


def test_a_gap_is_one_finding_with_its_length() -> None:
    inside = pl.col("date").is_between(date(2026, 1, 10), date(2026, 1, 14))
    found = check(pl.concat([daily("P"), daily("Q").filter(~inside)]))
    gap = found.places.row(0, named=True)
    assert (found.count, gap["units"], gap["value"]) == (5, 5, 5.0)
    assert gap["period_start"] == datetime(2026, 1, 10, tzinfo=UTC)
    assert gap["period_end"] == datetime(2026, 1, 15, tzinfo=UTC)


def test_a_day_that_the_whole_line_misses_counts_but_no_day_of_rest() -> None:
    rest = daily().filter(pl.col("date").dt.weekday() < 7)
    assert check(rest).count == 0
    assert check(rest.filter(pl.col("date") != date(2026, 1, 8))).count == 1


def test_a_day_that_every_line_misses_is_closed() -> None:
    frame = pl.concat([daily(place=f"W{n}") for n in range(3)])
    frame = frame.filter(pl.col("date") != date(2026, 1, 20))
    assert check(frame).count == 0
    assert check(frame, "closed_days").examples == ("from 2026-01-20 to 2026-01-21",)


def test_what_lies_before_the_first_and_after_the_last_row_is_not_missing() -> None:
    late = daily("Q").filter(pl.col("date") > date(2026, 1, 20))
    assert check(pl.concat([daily("P"), late])).count == 0


def test_a_stray_row_makes_no_period_that_others_miss() -> None:
    frame = pl.concat([daily(f"P{n}") for n in range(5)]).with_columns(
        pl.col("date").cast(pl.Datetime("us"))
    )
    frame[17, "date"] = datetime(2026, 1, 18, 3, 14, tzinfo=UTC).replace(tzinfo=None)
    assert check(frame).count == 1  # its own day


def test_the_plant_says_which_shifts_there_are() -> None:
    plant = tiny_plant()
    calendar = replace(plant.calendars[1], closed_days=frozenset({date(2026, 2, 3)}))
    resting = replace(plant, calendars=(plant.calendars[0], calendar))
    frame = generate_history(resting, start=START, days=100, seed=1).demand
    assert check_quality(frame, plant=resting).check("missing_periods").count == 0
    assert check_quality(frame, plant=plant).check("missing_periods").count == 2 * 4
    lost = frame.filter(pl.col("period_start").dt.date() != date(2026, 3, 1))
    assert check_quality(lost, plant=resting).check("missing_periods").count == 2 * 4


def test_a_calendar_that_is_not_the_rows_own_is_left_aside() -> None:
    plant = tiny_plant()
    line = plant.lines[0].location_id
    assert check_quality(daily(place=line), plant=plant).check("missing_periods").count == 0


def test_more_than_5_percent_missing_is_an_error() -> None:
    frame = pl.concat([daily("P", days=100), daily("Q", days=100).gather_every(2)])
    report = check_quality(frame)
    assert report.check("missing_periods").severity == "error"
    assert report.series.row(0, named=True)["missing_share"] > 0.4
