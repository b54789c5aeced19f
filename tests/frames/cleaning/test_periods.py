from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl

from supplynet.frames.cleaning.periods import calendar_shifts, period_minutes
from supplynet.frames.demand import ensure_demand
from supplynet.frames.synthetic import tiny_plant

Make = Callable[..., pl.DataFrame]
LINE = "SR1.ST1.A"


def night(day: datetime, consumed: int = 0) -> pl.DataFrame:
    """One night shift of the demo plant, from 18:00 in Berlin; nothing says how long it is."""
    return ensure_demand(
        {
            "location_id": [LINE],
            "part_id": ["P-001"],
            "period_start": [day],
            "shift": ["night"],
            "consumed": [consumed],
        }
    )


def test_the_calendar_knows_that_a_night_is_longer_when_the_clocks_go_back() -> None:
    long, usual = datetime(2026, 10, 24, 16, tzinfo=UTC), datetime(2026, 10, 23, 16, tzinfo=UTC)
    plant = tiny_plant()
    assert period_minutes(night(long), plant).tolist() == [780]
    assert period_minutes(night(usual), plant).tolist() == [720]


def test_without_a_calendar_the_rate_tells_the_length(line: Make) -> None:
    frame = line(parts=1, days=2).with_columns(starved_minutes=pl.lit(60, dtype=pl.Int32))
    # 40 parts at 40 / 11 per running hour took 11 hours, and one was starved.
    frame = frame.with_columns(rate=pl.col("consumed") / 11)
    assert period_minutes(frame).tolist() == [720] * 4


def test_without_rates_the_next_start_tells_the_length(daily: Make, line: Make) -> None:
    bare = line(parts=1, days=3).with_columns(rate=pl.lit(None, dtype=pl.Float64))
    assert period_minutes(bare).tolist() == [720] * 6
    assert period_minutes(daily(days=3)).tolist() == [1440] * 3
    assert period_minutes(daily(days=1)).tolist() == [1440]


def test_one_mistyped_year_makes_no_millions_of_shifts() -> None:
    starts = [datetime(2026, 1, 5, 5, tzinfo=UTC), datetime(2199, 1, 5, 5, tzinfo=UTC)]
    frame = pl.concat([night(start) for start in starts])
    assert calendar_shifts(frame, tiny_plant()).height < 20


def test_gaps_up_to_the_bridge_are_filled() -> None:
    first = datetime(2026, 1, 5, 5, tzinfo=UTC)
    frame = pl.concat([night(first), night(first + timedelta(days=10))])
    days = calendar_shifts(frame, tiny_plant(), bridge_days=10)["period_start"].dt.date()
    assert days.n_unique() >= 11
