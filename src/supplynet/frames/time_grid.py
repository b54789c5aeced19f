"""Which periods a table lies on: what every face that takes tables asks of frequency and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

import polars as pl

from supplynet.core.ids import series_id
from supplynet.core.shifts import ShiftCalendar
from supplynet.errors import InvalidInput
from supplynet.frames.aliases import DEFAULT_LOCATION
from supplynet.frames.features.holiday import holidays_of
from supplynet.frames.panel import (
    Panel,
    Period,
    panel_from_frame,
    periods_after,
    shift_periods,
)
from supplynet.frames.periods import (
    FREQUENCIES,
    Regular,
    infer_frequency,
    periods_following,
    regular_periods,
)

SHIFT = "shift"


@dataclass(frozen=True, kw_only=True)
class TimeGrid:
    """Which periods there are.

    Attributes:
        freq: A name of ``frames.periods``, such as ``1d``, or ``shift`` with a calendar.
        calendar: The site's shifts.
        country, subdivision: ISO codes of the place whose public holidays are told to the model.
        time_zone: In which days begin.
    """

    freq: str
    calendar: ShiftCalendar | None = None
    country: str | None = None
    subdivision: str | None = None
    time_zone: str = "UTC"

    def over(self, first: datetime, last: datetime) -> tuple[Period, ...]:
        """Every period that starts in ``[first, last]``."""
        if self.calendar is not None:
            return shift_periods(self.calendar, first, last + timedelta(microseconds=1))
        return regular_periods(
            self._regular,
            first,
            last,
            time_zone=self.time_zone,
            holidays=self._holidays(first.year, last.year),
        )

    def after(self, known: Sequence[Period], count: int) -> tuple[Period, ...]:
        """The ``count`` periods after the last of ``known``."""
        end = known[-1].end
        if self.calendar is not None:
            return periods_after(self.calendar, end, count)
        holidays = self._holidays(end.year, end.year + 2 + count // 12)
        return periods_following(
            known, self._regular, count, time_zone=self.time_zone, holidays=holidays
        )

    @property
    def _regular(self) -> Regular:
        return cast("Regular", self.freq)

    def _holidays(self, first: int, last: int) -> frozenset[date]:
        if self.country is None:
            return frozenset()
        years = range(first - 1, min(last, first + 100) + 2)
        return frozenset().union(
            *(holidays_of(self.country, self.subdivision, year) for year in years)
        )


@dataclass(frozen=True, kw_only=True)
class Place:
    """What somebody said of frequency and place, before any table is seen; see ``TimeGrid``.

    Attributes:
        freq: None = as most rows are apart.

    Raises:
        InvalidInput: No such frequency, or shifts without a calendar.
    """

    freq: str | None = None
    calendar: ShiftCalendar | None = None
    country: str | None = None
    subdivision: str | None = None
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        known = (*FREQUENCIES, SHIFT)
        if self.freq is not None and self.freq not in known:
            raise InvalidInput(f"no frequency {self.freq!r}; choose one of {', '.join(known)}")
        if self.freq == SHIFT and self.calendar is None:
            raise InvalidInput("shifts need calendar=, such as plant.calendar_of(line)")

    def grid_of(self, starts: pl.Series) -> TimeGrid:
        """The grid of a table whose periods start at ``starts``.

        Raises:
            InvalidInput: No frequency was said, and the starts have none.
        """
        freq = SHIFT if self.calendar is not None else self.freq
        return TimeGrid(
            freq=freq or infer_frequency(starts),
            calendar=self.calendar,
            country=self.country,
            subdivision=self.subdivision,
            time_zone=self.time_zone,
        )


def panel_on_grid(frame: pl.DataFrame, grid: TimeGrid) -> Panel:
    """A demand frame that has rows, from its first period to its last.

    Raises:
        InvalidInput: A row starts no period of the grid.
    """
    first, last = frame["period_start"].min(), frame["period_start"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    return panel_from_frame(frame, grid.over(first, last))


def unique_id(location_id: str, part_id: str) -> str:
    """Name of a series on the way out: ``location/part``, or a part alone as it came in."""
    return part_id if location_id == DEFAULT_LOCATION else series_id(location_id, part_id)
