"""Why a cell of the calendar has no figure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from supplynet.core.network import Plant
from supplynet.frames.exploration import calendar_grid
from supplynet.frames.exploration.calendar_grid import Cell
from supplynet.frames.exploration.source import Source, make_source

MONDAY = date(2026, 1, 5)


def daily(
    days: list[int], *, location: str = "L", part: str = "P", used: float = 3.0
) -> pl.DataFrame:
    dates = [MONDAY + timedelta(days=n) for n in days]
    return pl.DataFrame(
        {
            "location_id": [location] * len(days),
            "part_id": [part] * len(days),
            "date": dates,
            "units_sold": [used] * len(days),
        }
    )


def source(*frames: pl.DataFrame) -> Source:
    return make_source(pl.concat(frames), plant=None, costs={}, now=None)


def cells(made: Source, row: int = 0) -> list[str]:
    return [Cell(code).name for code in made.grid.cells[row]]


def test_a_day_that_one_part_lacks_and_the_line_has_is_missing() -> None:
    whole, gap = daily([0, 1, 2, 3]), daily([0, 1, 3], part="Q")
    made = source(whole, gap, daily([0], part="R", used=0.0))
    assert cells(made, 1) == ["OBSERVED", "OBSERVED", "MISSING", "OBSERVED"]
    assert cells(made, 2)[1:] == ["OUTSIDE"] * 3
    assert np.isnan(made.grid.used[1, 2])


def test_a_weekday_on_which_nobody_works_is_closed() -> None:
    weekdays = [n for n in range(28) if n % 7 < 5]
    assert set(cells(source(daily(weekdays)))[5:7]) == {"CLOSED"}


def test_a_lost_weekday_of_the_only_line_is_missing() -> None:
    days = [n for n in range(28) if n != 10]
    assert cells(source(daily(days)))[10] == "MISSING"


def test_a_day_on_which_no_line_has_rows_is_closed() -> None:
    days = [n for n in range(28) if n != 10]
    assert cells(source(daily(days), daily(days, location="M")))[10] == "CLOSED"


def test_in_a_list_of_orders_a_day_without_a_row_counts_as_0_once_the_part_is_known() -> None:
    made = source(daily([0, 4, 9]), daily([2, 3, 8], part="Q"), daily(list(range(10)), part="R"))
    assert made.grid.implied_zeros
    assert list(made.grid.used[0]) == [3, 0, 0, 0, 3, 0, 0, 0, 0, 3]
    assert np.isnan(made.grid.used[1, :2]).all()
    assert list(made.grid.used[1, 2:]) == [3, 3, 0, 0, 0, 0, 3, 0]


def shifts(rows: list[tuple[int, str, int, int]]) -> pl.DataFrame:
    """Rows of (day, shift, consumed, starved minutes)."""
    hours = {"day": 5, "night": 17}
    return pl.DataFrame(
        {
            "location_id": "L",
            "part_id": "P",
            "period_start": [
                datetime(2026, 1, 5 + day, hours[shift], tzinfo=UTC) for day, shift, _, _ in rows
            ],
            "shift": [shift for _, shift, _, _ in rows],
            "consumed": [used for _, _, used, _ in rows],
            "starved_minutes": [starved for _, _, _, starved in rows],
        }
    )


def test_a_day_counts_only_when_all_its_shifts_were_observed() -> None:
    rows = [(0, "day", 5, 0), (0, "night", 3, 0), (1, "day", 5, 60), (1, "night", 3, 0)]
    made = source(shifts(rows))
    assert cells(made) == ["OBSERVED", "CENSORED"]
    assert made.grid.used[0, 0] == 8
    assert made.shifts == ("day", "night")
    assert made.shift_minutes == (300, 1020)


@pytest.mark.parametrize(
    ("step", "unit", "season"), [("1d", "day", 7), ("7d", "week", 52), ("1mo", "month", 12)]
)
def test_columns_are_what_the_data_is_by(step: str, unit: str, season: int) -> None:
    dates = pl.date_range(date(2020, 1, 1), date(2022, 1, 1), step, eager=True)
    frame = pl.DataFrame({"location_id": "L", "part_id": "P", "date": dates, "demand": 1.0})
    made = source(frame)
    assert (made.unit.name, made.unit.season) == (unit, season)
    assert made.grid.columns == len(dates)
    assert made.grid.starts == dates.to_list()


def test_dates_without_clock_times_are_not_moved_by_the_zone() -> None:
    plant = Plant(plant_id="far", time_zone="America/Los_Angeles")
    made = make_source(daily([0, 1]), plant=plant, costs={}, now=None)
    assert made.first_day == MONDAY


def test_a_night_shift_belongs_to_the_local_day_on_which_it_starts() -> None:
    plant = Plant(plant_id="near", time_zone="Europe/Berlin")
    frame = shifts([(0, "night", 3, 0)]).with_columns(
        pl.lit(datetime(2026, 3, 28, 23, 30, tzinfo=UTC)).alias("period_start")
    )
    made = make_source(frame, plant=plant, costs={}, now=None)
    assert made.first_day == date(2026, 3, 29)


def test_rows_of_another_age_are_left_out_and_counted() -> None:
    made = source(daily(list(range(100))), daily([360_000], part="Q"), daily([-300_000], part="R"))
    assert (made.left_out, made.days) == (2, 100)


def test_so_many_cells_become_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_grid, "_MOST_CELLS", 50)
    made = source(daily([n for n in range(70) if n not in {1, 2}]))
    assert (made.unit.name, made.unit.merged, made.grid.columns) == ("week", True, 10)
    assert made.grid.used[0] == pytest.approx([15.0] + [21.0] * 9)


def test_a_few_rows_long_after_the_rest_are_left_out_and_counted() -> None:
    """A slip of the month in one row of a thousand is not that everything came to an end."""
    usual = [daily(list(range(100)), part=f"P{n}") for n in range(20)]
    made = source(*usual, daily([180], part="P0"))
    assert (made.left_out, made.days) == (1, 100)
    few = source(*usual[:2], daily([180], part="P0"))
    assert (few.left_out, few.days) == (0, 181)
