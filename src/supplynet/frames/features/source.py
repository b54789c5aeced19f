"""Everything that features are made from, laid on one grid of series and periods.

Only ``Rows`` looks into it, and only up to the cutoff of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.aliases import to_polars
from supplynet.frames.as_known import (
    Index,
    KnownEntries,
    microseconds,
    refuse_conflicts,
    with_moments,
)
from supplynet.frames.demand import ensure_demand
from supplynet.frames.drivers import DriverBook, conform_drivers
from supplynet.frames.features.pairs import microseconds_of
from supplynet.frames.features.plan_book import PlanBook, conform_plan
from supplynet.frames.features.static_facts import StaticFacts
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Panel, Period, daily_periods
from supplynet.frames.tables import STOCK_SCHEMA, conform_table

_SERIES = ("location_id", "part_id")
_STARVED = ("starved_minutes", "stopped_minutes")


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """Demand and the tables beside it.

    Attributes:
        series: ``(location_id, part_id)``, sorted; the location is the line.
        periods: History and future, ascending.
        demand: Shape (series, period), parts; NaN = not observed.
        inputs: Tables beside demand.
        frame: Demand rows of the grid, None when it came as a panel.
        cells: Place of each row of ``frame`` in the flattened grid.
    """

    series: tuple[tuple[str, str], ...]
    periods: tuple[Period, ...]
    demand: FloatArray
    inputs: FeatureInputs
    frame: pl.DataFrame | None = None
    cells: Index | None = None

    @cached_property
    def locations(self) -> tuple[str, ...]:
        """The lines, sorted."""
        return tuple(dict.fromkeys(location for location, _ in self.series))

    @cached_property
    def line_of(self) -> Index:
        """Line of each series, as a place in ``locations``."""
        place = {location: i for i, location in enumerate(self.locations)}
        return np.array([place[location] for location, _ in self.series], dtype=np.int64)

    @cached_property
    def consumed(self) -> FloatArray:
        """Parts used, also while the line was starved for some of the period; (series, period)."""
        if self.frame is None:
            return self.demand
        return self._laid(self.frame["consumed"].cast(pl.Float64))

    @cached_property
    def running_hours(self) -> FloatArray:
        """Hours in which the line ran: period less starved and stopped; (series, period)."""
        hours = np.array([period.minutes / 60 for period in self.periods])
        if self.frame is None:
            return np.where(np.isnan(self.demand), np.nan, hours)
        lost = self.frame.select(pl.sum_horizontal(_STARVED).cast(pl.Float64)).to_series()
        return np.maximum(hours - self._laid(lost) / 60, 0.0)

    def _laid(self, column: pl.Series) -> FloatArray:
        assert self.cells is not None
        return _lay(column, self.cells, self.demand.shape)

    @cached_property
    def plan(self) -> PlanBook:
        """The production plan."""
        known = self.inputs.memo
        if "plan" not in known:
            known["plan"] = conform_plan(self.inputs.plan)
        return PlanBook.of(known["plan"], self.locations, self.periods)

    @property
    def _drivers(self) -> pl.DataFrame:
        known = self.inputs.memo
        if "drivers" not in known:
            known["drivers"] = conform_drivers(self.inputs.drivers)
        drivers: pl.DataFrame = known["drivers"]
        return drivers

    def has_driver(self, name: str) -> bool:
        """Whether any row of the drivers has this name."""
        return name in self._driver_names

    @cached_property
    def _driver_names(self) -> frozenset[str]:
        return frozenset(self._drivers["driver"].unique().to_list())

    def driver(self, name: str) -> DriverBook:
        """The values of one driver.

        Raises:
            NotFound: No row of the drivers has this name.
        """
        known, key = self.inputs.memo, f"driver {name}"
        if key not in known:
            known[key] = DriverBook.of(self._drivers, name)
        book: DriverBook = known[key]
        return book

    @cached_property
    def stock(self) -> tuple[pl.DataFrame, KnownEntries]:
        """Stock rows of the series, and the index that finds the newest."""
        made = with_moments(
            to_polars(self.inputs.stock),
            ("period_start",),
            "stock rows",
            also=(*_SERIES, "on_hand"),
        )
        made = conform_table(made, STOCK_SCHEMA)
        refuse_conflicts(made, (*_SERIES, "period_start"), "on_hand", "stock rows")
        names = pl.DataFrame(self.series, schema=_SERIES, orient="row").with_row_index("_series")
        rows = made.join(names, on=_SERIES).unique(("_series", "period_start"), keep="last")
        rows = rows.sort("_series", "period_start")
        group, moment = (
            rows["_series"].cast(pl.Int64).to_numpy(),
            microseconds(rows["period_start"]),
        )
        return rows, KnownEntries.of(group, moment, moment, len(self.series))

    @cached_property
    def statics(self) -> StaticFacts:
        """Facts of the series."""
        return StaticFacts.of(self.inputs.statics, self.series)

    @cached_property
    def memo(self) -> dict[tuple[object, ...], FloatArray]:
        """Figures over all series, kept for every shard."""
        return {}


def source_of(
    demand: object,
    periods: Sequence[Period] | None,
    inputs: FeatureInputs | None,
    *,
    until: datetime | None = None,
    days_ahead: int = 0,
) -> Source:
    """Lay a demand table on its periods; rows outside their span are left out.

    Args:
        demand: Any table that ``ensure_demand`` takes.
        periods: The site's calendar, history and future; None = UTC days from the first row on.
        inputs: Tables beside demand.
        until: With ``periods`` None: days until this moment, whatever rows there are.
        days_ahead: With ``periods`` None: that many more days.

    Raises:
        InvalidInput: The table does not conform, a row starts no period, or shifts came without
            periods.
    """
    frame = ensure_demand(demand)
    grid = tuple(periods) if periods is not None else _days(frame, until, days_ahead)
    starts = microseconds_of([period.start for period in grid])
    if grid:
        frame = frame.filter(pl.col("period_start").is_between(grid[0].start, grid[-1].start))
    else:
        frame = frame.clear()
    same = [pl.col(name) == pl.col(name).shift(1) for name in _SERIES]
    new = frame.select(~pl.all_horizontal(same).fill_null(value=False)).to_series()
    names = frame.filter(new).select(_SERIES)
    row = np.cumsum(new.to_numpy(), dtype=np.int64) - 1
    cells = row * len(grid) + place_of(microseconds(frame["period_start"]), starts, "demand")
    shape = (names.height, len(grid))
    return Source(
        series=tuple(names.iter_rows()),
        periods=grid,
        demand=_lay(frame["demand"], cells, shape),
        inputs=inputs or FeatureInputs(),
        frame=frame.select("consumed", *_STARVED),
        cells=cells,
    )


def source_of_panel(
    panel: Panel, future: Sequence[Period] = (), inputs: FeatureInputs | None = None
) -> Source:
    """The same from a panel, for forecasters; ``future`` follows its periods.

    A panel does not say how long a line stood, so every observed period counts with all its hours.
    """
    gap = np.full((len(panel.series), len(future)), np.nan)
    return Source(
        series=panel.series,
        periods=(*panel.periods, *future),
        demand=np.concatenate([panel.demand, gap], axis=1),
        inputs=inputs or FeatureInputs(),
    )


def place_of(moments: Index, starts: Index, what: str) -> Index:
    """Period of each moment.

    Raises:
        InvalidInput: A moment starts no period.
    """
    place = np.searchsorted(starts, moments)
    strange = moments[starts[np.minimum(place, len(starts) - 1)] != moments] if len(moments) else []
    if len(strange):
        first = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(strange[0]))
        raise InvalidInput(
            f"{what}: {len(strange)} of {len(moments)} rows start no period of the calendar, the "
            f"first at {first.isoformat()}; give the calendar that they were made with"
        )
    return place


def _lay(column: pl.Series, cells: Index, shape: tuple[int, int]) -> FloatArray:
    """A column on the grid; what is null or not finite was not observed."""
    laid = np.full(shape, np.nan)
    values = column.to_numpy()
    laid.reshape(-1)[cells] = np.where(np.isfinite(values), values, np.nan)
    return laid


def _days(frame: pl.DataFrame, until: datetime | None, ahead: int) -> tuple[Period, ...]:
    if frame.is_empty():
        return ()
    if frame["shift"].null_count() < frame.height:
        raise InvalidInput("the demand has shifts: give the periods of its calendar (periods=)")
    day = pl.col("period_start").dt.date()
    first, last = frame.select(day.min().alias("first"), day.max().alias("last")).row(0)
    if until is not None:
        last = max(last, until.astimezone(UTC).date())
    return _utc_days(first, last + timedelta(days=1 + ahead))


@lru_cache(maxsize=8)
def _utc_days(start: date, end: date) -> tuple[Period, ...]:
    return daily_periods(start, end)
