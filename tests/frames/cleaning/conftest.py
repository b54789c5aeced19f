"""Small frames that a reader can check by head; the first day is Monday, 5 January 2026."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from supplynet.frames.demand import ensure_demand

START = datetime(2026, 1, 5, tzinfo=UTC)
Make = Callable[..., pl.DataFrame]


def make_daily(part: str = "P", days: int = 60, level: int = 40, place: str = "W") -> pl.DataFrame:
    """Level + 0, 1, ... 6 through the week, every day."""
    return ensure_demand(
        {
            "location_id": [place] * days,
            "part_id": [part] * days,
            "period_start": [START + timedelta(days=n) for n in range(days)],
            "demand": [float(level + n % 7) for n in range(days)],
        }
    )


def make_line(parts: int = 4, days: int = 60, level: int = 40, place: str = "L") -> pl.DataFrame:
    """A line with 12-hour day (5:00) and night (17:00) shifts; nights use half as much."""
    frames = [
        make_daily(f"P{n}", days, level, place).with_columns(
            pl.col("period_start").dt.offset_by(start),
            pl.lit(shift).alias("shift"),
            (pl.col("demand") * share).floor().alias("demand"),
        )
        for n in range(parts)
        for shift, start, share in (("day", "5h", 1.0), ("night", "17h", 0.5))
    ]
    frame = pl.concat(frames).with_columns(consumed=pl.col("demand").cast(pl.Int64))
    return ensure_demand(frame.with_columns(rate=pl.col("demand") / 12))


@pytest.fixture(scope="session")
def daily() -> Make:
    return make_daily


@pytest.fixture(scope="session")
def line() -> Make:
    return make_line
