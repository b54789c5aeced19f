from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
import pytest

from supplynet.frames.cleaning import clean
from supplynet.frames.synthetic import tiny_plant

Make = Callable[..., pl.DataFrame]


def renamed(frame: pl.DataFrame, row: int, name: str | None) -> pl.DataFrame:
    here = pl.int_range(pl.len()) == row
    return frame.with_columns(shift=pl.when(here).then(pl.lit(name)).otherwise("shift"))


@pytest.mark.parametrize("name", ["Day", " day", "DAY ", "d", "day-shift", None, ""])
def test_another_spelling_or_none_becomes_the_usual_name(line: Make, name: str | None) -> None:
    frame = line()
    made = clean(renamed(frame, 40, name))
    assert made.frame["shift"].to_list() == frame["shift"].to_list()
    assert made.log.select("step", "row", "new").rows() == [("shift_names", 40, "day")]


def test_a_rare_shift_of_its_own_stays(line: Make) -> None:
    frame = renamed(line(), 40, "overtime")
    assert clean(frame).log.is_empty()


def test_daily_data_have_no_shifts_to_name(daily: Make) -> None:
    assert clean(daily(), ["shift_names"]).log.is_empty()


@pytest.mark.parametrize("name", ["dya", "Tag", None])
def test_the_calendar_names_what_starts_at_its_shift(name: str | None) -> None:
    # The day shift of the demo plant starts at 6:00 in Berlin, in winter 5:00 UTC.
    frame = pl.DataFrame(
        {
            "location_id": "SR1.ST1.A",
            "part_id": ["P-001", "P-001"],
            "period_start": [datetime(2026, 1, 5, hour, tzinfo=UTC) for hour in (5, 17)],
            "shift": [name, "night"],
            "demand": [5, 6],
        }
    )
    made = clean(frame, plant=tiny_plant())
    assert made.frame["shift"].to_list() == ["day", "night"]
    assert made.log["why"].to_list() == ["the calendar starts this shift then"]
