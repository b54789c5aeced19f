"""Demand laid on the calendar: one row per series, one column per day, week or month.

Every cell says why it has a figure or has none, because nothing is as easily misread as a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import NotFound

_MOST_CELLS = 25_000_000
_REGULAR = 0.9  # share of the gaps between periods that must fit a week or month
_ROWS_ONLY_WHERE_USED = 0.3  # share of missing cells from which a frame without zeros is a list


class Cell(IntEnum):
    """What is known of a series in one column."""

    OBSERVED = 0
    OUTSIDE = 1
    CLOSED = 2
    IMPLIED = 3
    CENSORED = 4
    MISSING = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What one column of a grid is.

    Attributes:
        name: day, week or month.
        season: Columns of a season: 7, 52 or 12.
        anchor: First day of column 0.
        merged: Whether the data are finer than the columns, because there are so many.
    """

    name: str
    season: int
    anchor: date
    merged: bool = False

    def bucket(self, days: pl.Series) -> pl.Series:
        """Column of each day."""
        if self.name == "month":
            months = days.dt.year().cast(pl.Int64) * 12 + days.dt.month()
            made = months - (self.anchor.year * 12 + self.anchor.month)
        else:
            since = (days.cast(pl.Int32) - _days(self.anchor)).cast(pl.Int64)
            made = since // (7 if self.name == "week" else 1)
        return made.alias("bucket")

    def start(self, column: int) -> date:
        """First day of a column."""
        if self.name == "month":
            months = self.anchor.year * 12 + self.anchor.month - 1 + column
            return date(months // 12, months % 12 + 1, 1)
        return self.anchor + timedelta(days=column * (7 if self.name == "week" else 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class CalendarGrid:
    """The demand of all series on common columns.

    Attributes:
        used: Observed demand, shape (series, column), float64; NaN = not observed.
        cells: A ``Cell`` for each, uint8.
        locations: Ids, sorted.
        location_of: Place of each series' location, shape (series,).
        starts: First day of each column.
        implied_zeros: Whether a day without a row was read as a day on which none was used,
            because the data has rows only where something was.
    """

    used: FloatArray
    cells: npt.NDArray[np.uint8]
    locations: list[str]
    location_of: npt.NDArray[np.int64]
    starts: list[date]
    implied_zeros: bool

    @property
    def columns(self) -> int:
        """How many there are."""
        return len(self.starts)

    @property
    def first(self) -> date:
        """First day of the first column."""
        return self.starts[0] if self.starts else date(2000, 1, 3)

    def cells_of(self, kind: Cell) -> int:
        """How many cells are of this kind."""
        return int((self.cells == kind).sum())


def unit_of(rows: pl.DataFrame) -> Unit:
    """Days, unless the data is by week or month, or days would be too many columns."""
    if rows.is_empty():
        return Unit(name="day", season=7, anchor=date(2000, 1, 3))
    days = rows["day"].unique().sort()
    first, last = days[0], days[-1]
    gaps = days.cast(pl.Int32).diff().drop_nulls()
    if gaps.len() >= 3 and ((gaps >= 28) & (gaps % 7 != 0)).mean() >= 0.5:  # type: ignore[operator] # a mean of booleans
        same = (days.dt.day() == first.day).mean()
        if isinstance(same, float) and same >= _REGULAR:
            return Unit(name="month", season=12, anchor=first.replace(day=1))
    weekly = (gaps % 7 == 0).mean()
    if gaps.len() >= 3 and isinstance(weekly, float) and weekly == 1.0:
        return Unit(name="week", season=52, anchor=first)
    series = rows.select("location_id", "part_id").n_unique()
    span = (last - first).days + 1
    if series * span <= _MOST_CELLS:
        return Unit(name="day", season=7, anchor=first)
    if series * span / 7 <= _MOST_CELLS:
        monday = first - timedelta(days=min(first.weekday(), _days(first) - _days(date.min)))
        return Unit(name="week", season=52, anchor=monday, merged=True)
    return Unit(name="month", season=12, anchor=first.replace(day=1), merged=True)


def make_grid(
    rows: pl.DataFrame, series: pl.DataFrame, unit: Unit, plant: Plant | None
) -> CalendarGrid:
    """The grid of a frame with ``series, location, bucket``."""
    columns = int(rows["bucket"].max()) + 1 if rows.height else 0  # type: ignore[arg-type] # an integer column
    locations = series.unique("location", maintain_order=True)["location_id"].to_list()
    location_of = series["location"].to_numpy()
    starts = [unit.start(i) for i in range(columns)]
    table = _cell_table(rows, unit)
    where = (table["series"].to_numpy(), table["bucket"].to_numpy())
    used = np.full((series.height, columns), np.nan)
    used[where] = table["used"].fill_null(np.nan).to_numpy()
    works = np.zeros((len(locations), columns), dtype=bool)
    works[location_of[where[0]], where[1]] = True
    expected = _expected(works, starts, unit, plant, locations)
    cells = _gaps(where, used.shape, expected[location_of])
    cells[where] = table["cell"].to_numpy()
    return _with_implied_zeros(
        CalendarGrid(
            used=used,
            cells=cells,
            locations=locations,
            location_of=location_of,
            starts=starts,
            implied_zeros=False,
        )
    )


def _cell_table(rows: pl.DataFrame, unit: Unit) -> pl.DataFrame:
    """One row per series and column that has any row: ``series, bucket, used, cell``.

    A day counts only when every shift of it was observed; of merged weeks and months half will do,
    scaled to the whole.
    """
    cells = (
        rows.group_by("series", "location", "bucket")
        .agg(
            pl.col("demand").sum().alias("sum"),
            pl.col("demand").count().alias("seen"),
            pl.len().alias("rows"),
            (pl.col("starved_minutes").max() > 0).alias("starved"),
        )
        .with_columns(pl.col("rows").max().over("location", "bucket").alias("whole"))
    )
    seen, whole = pl.col("seen"), pl.col("whole")
    enough = (seen * 2 >= whole) & (seen > 0) if unit.merged else seen == whole
    hidden = pl.col("starved") & (pl.col("seen") < pl.col("rows"))
    kind = pl.when(enough).then(Cell.OBSERVED).when(hidden).then(Cell.CENSORED)
    return cells.select(
        "series",
        "bucket",
        pl.when(enough).then(pl.col("sum") * whole / seen).alias("used"),
        kind.otherwise(Cell.MISSING).cast(pl.UInt8).alias("cell"),
    )


def _expected(
    works: npt.NDArray[np.bool_],
    starts: list[date],
    unit: Unit,
    plant: Plant | None,
    locations: list[str],
) -> npt.NDArray[np.bool_]:
    """Where a location should have rows, shape (location, column).

    The plant's calendar says so; without one, a weekday on which it has rows as often as on others,
    except on days on which no location has any (a holiday, as far as anyone can tell).
    """
    made = works.copy()
    if unit.name != "day":
        return np.ones_like(works)
    weekday: npt.NDArray[np.int64] = (unit.anchor.weekday() + np.arange(len(starts))) % 7
    someone = np.asarray(works.any(axis=0)) if len(locations) > 1 else np.ones(len(starts), bool)
    for i, location in enumerate(locations):
        by_calendar = _calendar_days(plant, location, starts)
        if by_calendar is not None:
            made[i] |= by_calendar
            continue
        seen = np.flatnonzero(works[i])
        inside = slice(seen[0], seen[-1] + 1) if seen.size else slice(0, 0)
        made[i, inside] |= _working_days(works[i, inside], weekday[inside]) & someone[inside]
    return made


def _working_days(
    works: npt.NDArray[np.bool_], weekday: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Days whose weekday has rows at least half as often as the weekday that has most."""
    days = np.maximum(1, np.bincount(weekday, minlength=7))
    often = np.bincount(weekday, weights=works, minlength=7) / days
    usual: npt.NDArray[np.bool_] = (often > 0) & (often >= 0.5 * often.max())
    return usual[weekday]


def _calendar_days(
    plant: Plant | None, location: str, starts: list[date]
) -> npt.NDArray[np.bool_] | None:
    """Whether the plant works at this location on each day; None when it does not know it."""
    if plant is None or location not in plant.location_by_id:
        return None
    try:
        calendar = plant.calendar_of(location)
    except NotFound:
        return None
    return np.array([bool(calendar.shifts_of(day)) for day in starts], dtype=bool)


def _gaps(
    where: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    shape: tuple[int, int],
    expected: npt.NDArray[np.bool_],
) -> npt.NDArray[np.uint8]:
    """Cells without a row: outside the life of the series, closed, or missing."""
    first, last = np.full(shape[0], shape[1]), np.full(shape[0], -1)
    np.minimum.at(first, where[0], where[1])
    np.maximum.at(last, where[0], where[1])
    at = np.arange(shape[1])
    inside = (at >= first[:, None]) & (at <= last[:, None])
    cells = np.where(expected, np.uint8(Cell.MISSING), np.uint8(Cell.CLOSED))
    return np.where(inside, cells, np.uint8(Cell.OUTSIDE)).astype(np.uint8)


def _with_implied_zeros(grid: CalendarGrid) -> CalendarGrid:
    """A list of orders has no zeros; there a day without a row, once a part is known, is one."""
    missing, seen = grid.cells == Cell.MISSING, grid.cells == Cell.OBSERVED
    gaps = int(missing.sum())
    if (
        not seen.any()
        or (grid.used == 0).any()
        or gaps <= _ROWS_ONLY_WHERE_USED * (gaps + int(seen.sum()))
    ):
        return grid
    known = np.maximum.accumulate(seen, axis=1)
    implied = missing | (known & (grid.cells == Cell.OUTSIDE))
    cells = np.where(implied, np.uint8(Cell.IMPLIED), grid.cells)
    return CalendarGrid(
        used=np.where(implied, 0.0, grid.used),
        cells=cells.astype(np.uint8),
        locations=grid.locations,
        location_of=grid.location_of,
        starts=grid.starts,
        implied_zeros=True,
    )


def _days(day: date) -> int:
    """Days since 1970, as polars counts them."""
    return day.toordinal() - date(1970, 1, 1).toordinal()
