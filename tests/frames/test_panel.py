from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.protocols import Observed
from supplynet.core.shifts import Overtime, ShiftCalendar, ShiftPattern
from supplynet.errors import InvalidInput
from supplynet.frames.panel import (
    Panel,
    Period,
    daily_periods,
    panel_from_frame,
    periods_after,
    shift_periods,
)

CALENDAR = ShiftCalendar(
    calendar_id="SR1",
    time_zone="Europe/Berlin",
    patterns=(
        ShiftPattern(name="day", start=time(6), end=time(18)),
        ShiftPattern(name="night", start=time(18), end=time(6)),
    ),
    closed_days=frozenset({date(2026, 1, 6)}),
    overtime=(Overtime(day=date(2026, 1, 6), name="day", start=time(8), end=time(14)),),
)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def days(count: int) -> tuple[Period, ...]:
    return daily_periods(MONDAY.date(), MONDAY.date() + timedelta(days=count))


def frame(rows: Sequence[tuple[str, str, datetime, float | None]]) -> pl.DataFrame:
    schema = pl.Schema(
        {
            "location_id": pl.String(),
            "part_id": pl.String(),
            "period_start": pl.Datetime("us", "UTC"),
            "demand": pl.Float64(),
        }
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def seen(*demand: float, first: int = 2, part: str = "p") -> Observed:
    periods = days(first + len(demand))[first:]
    return Observed(
        series=(("L", part),),
        period_starts=tuple(p.start for p in periods),
        period_ends=tuple(p.end for p in periods),
        demand=np.array([demand], dtype=float),
    )


def two_days(*demand: float) -> Panel:
    return Panel(series=(("L", "p"),), periods=days(2), demand=np.array([demand], dtype=float))


def test_rows_become_cells_and_what_is_missing_or_null_is_nan() -> None:
    day = timedelta(days=1)
    panel = panel_from_frame(
        frame([("L", "a", MONDAY, 3.0), ("L", "b", MONDAY, None), ("L", "b", MONDAY + day, 0.0)])
    )
    assert panel.series == (("L", "a"), ("L", "b"))
    np.testing.assert_array_equal(panel.demand, [[3.0, np.nan], [np.nan, 0.0]])


def test_rows_outside_the_periods_are_left_out() -> None:
    later = MONDAY + timedelta(days=5)
    panel = panel_from_frame(frame([("L", "a", MONDAY, 3.0), ("L", "a", later, 9.0)]), days(2))
    np.testing.assert_array_equal(panel.demand, [[3.0, np.nan]])


def test_a_row_that_starts_no_period_is_refused() -> None:
    noon = MONDAY + timedelta(hours=12)
    with pytest.raises(InvalidInput, match="1 rows start no period"):
        panel_from_frame(frame([("L", "a", noon, 3.0)]), days(2))


def test_a_frame_with_shifts_needs_its_calendar() -> None:
    rows = frame([("L", "a", MONDAY, 3.0)]).with_columns(shift=pl.lit("day"))
    with pytest.raises(InvalidInput, match="give the periods"):
        panel_from_frame(rows)


def test_a_frame_without_rows_is_a_panel_without_series() -> None:
    assert panel_from_frame(frame([])).series == ()


@given(st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 9)), st.integers(0, 99)))
def test_every_row_is_found_again_in_its_cell(cells: dict[tuple[int, int], int]) -> None:
    periods = days(10)
    rows = [("L", f"p{s}", periods[t].start, float(v)) for (s, t), v in sorted(cells.items())]
    panel = panel_from_frame(frame(rows), periods)
    assert np.nansum(panel.demand) == sum(cells.values())
    for (s, t), value in cells.items():
        assert panel.demand[panel.series.index(("L", f"p{s}")), t] == value


def test_shift_periods_are_the_calendars_and_overtime_on_a_closed_day_is_a_holiday() -> None:
    start = datetime(2026, 1, 5, 4, tzinfo=UTC)
    periods = shift_periods(CALENDAR, start, start + timedelta(days=2))
    assert [(p.local_date.day, p.shift, p.is_holiday, p.minutes) for p in periods] == [
        (5, "day", False, 720),
        (5, "night", False, 720),
        (6, "day", True, 360),
    ]


def test_a_span_of_three_years_has_all_its_shifts_once() -> None:
    start = datetime(2024, 1, 1, 2, tzinfo=UTC)
    periods = shift_periods(CALENDAR, start, start + timedelta(days=1096))
    assert len(periods) == 2 * 1096 - 1  # the closed day has only its overtime shift
    assert all(a.start < b.start for a, b in pairwise(periods))


def test_periods_after_begin_with_the_running_one() -> None:
    noon = datetime(2026, 1, 5, 11, tzinfo=UTC)
    assert [p.shift for p in periods_after(CALENDAR, noon, 3)] == ["day", "night", "day"]


def test_a_local_day_is_23_hours_long_when_the_clocks_go_forward() -> None:
    (day,) = daily_periods(date(2026, 3, 29), date(2026, 3, 30), time_zone="Europe/Berlin")
    assert day.minutes == 23 * 60


def test_until_keeps_only_what_was_finished() -> None:
    panel = two_days(1, 2)
    assert panel.until(panel.period_ends[0]).demand.tolist() == [[1.0]]
    assert panel.until(panel.period_ends[1] - timedelta(seconds=1)).demand.tolist() == [[1.0]]


def test_appending_fills_unobserved_periods_between_with_nan() -> None:
    panel = two_days(1, 2).append(seen(5, first=3), days(9))
    np.testing.assert_array_equal(panel.demand, [[1, 2, np.nan, 5]])
    assert panel.periods == days(4)


def test_appending_a_new_series_leaves_its_past_unobserved() -> None:
    panel = two_days(1, 2).append(seen(5, part="new"), days(9))
    assert panel.series == (("L", "new"), ("L", "p"))
    np.testing.assert_array_equal(panel.demand, [[np.nan, np.nan, 5], [1, 2, np.nan]])


def test_appending_what_is_already_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="observe only what follows"):
        two_days(1, 2).append(seen(5, first=1), days(9))


def test_appending_nothing_changes_nothing() -> None:
    panel = two_days(1, 2)
    assert panel.append(seen(), days(9)) is panel


def test_select_keeps_the_order_of_the_panel() -> None:
    panel = Panel(series=(("L", "a"), ("L", "b")), periods=days(1), demand=np.array([[1.0], [2.0]]))
    assert panel.select([("L", "b")]).demand.tolist() == [[2.0]]
