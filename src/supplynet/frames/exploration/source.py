"""What all sections start from: the demand frame with local days, and its words for things."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import numpy as np
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.demand import ensure_demand
from supplynet.frames.exploration.calendar_grid import CalendarGrid, Unit, make_grid, unit_of
from supplynet.frames.exploration.decomposition import Decomposition, decompose
from supplynet.frames.exploration.level_changes import LevelChange, level_changes
from supplynet.frames.exploration.row_statistics import row_means
from supplynet.frames.exploration.source_rows import (
    plausible,
    shift_order,
    with_days,
    with_places,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A demand frame made ready to be looked at.

    Attributes:
        rows: The demand frame, with ``day`` (the local date on which the period starts),
            ``series`` (its place in ``series``) and ``location`` (its place in ``locations``).
        series: One row per series: ``location_id, part_id, rows, total, mean, value``; mean of
            observed demand per period; value = total x unit cost, or the total without costs.
        left_out: Rows that were not looked at because their time cannot be right.
        unit: What a column of ``grid`` is.
        zone: Zone of local days and clock times.
        place: What a location is called: line, warehouse, location, ...
        shifts: Names in the order of the clock; empty for data without shifts.
        shift_minutes: Local minute of the day at which each of them usually starts.
        costs: Cost of one unit by part; empty when not known.
        now: The moment of the page, where one was given.
    """

    rows: pl.DataFrame
    series: pl.DataFrame
    left_out: int
    unit: Unit
    zone: str
    place: str
    shifts: tuple[str, ...]
    shift_minutes: tuple[int, ...]
    costs: dict[str, float]
    now: datetime | None
    plant: Plant | None

    @cached_property
    def grid(self) -> CalendarGrid:
        """Series by day (or week, or month)."""
        return make_grid(self.rows, self.series, self.unit, self.plant)

    @cached_property
    def parts_of_demand(self) -> Decomposition:
        """Season, trend and remainder of every series."""
        return decompose(self.grid.used, self.unit, self.grid.first)

    @property
    def first_day(self) -> date:
        """Local day of the first row."""
        day: date = self.rows.select(pl.col("day").min()).item()
        return day

    @property
    def last_day(self) -> date:
        """Local day of the last row."""
        day: date = self.rows.select(pl.col("day").max()).item()
        return day

    @property
    def days(self) -> int:
        """Days from the first to the last, both counted; 0 without rows."""
        return (self.last_day - self.first_day).days + 1 if self.rows.height else 0

    @property
    def period(self) -> str:
        """What a row is: a shift, or a day, week or month."""
        return "shift" if self.shifts else "day" if self.unit.merged else self.unit.name

    @property
    def locations(self) -> list[str]:
        """Ids of the locations, sorted."""
        return self.grid.locations

    @cached_property
    def level_changes(self) -> list[LevelChange]:
        """Lasting changes of level of every series."""
        return level_changes(self.parts_of_demand.weekly)

    @cached_property
    def names(self) -> list[str]:
        """``location/part`` of each series."""
        pairs = self.series.select("location_id", "part_id").iter_rows()
        return [f"{location}/{part}" for location, part in pairs]

    @property
    def by_value(self) -> bool:
        """Whether importance is money and not pieces."""
        return bool(self.costs)

    @cached_property
    def by_importance(self) -> list[int]:
        """Places of the series, the most important first."""
        value = -self.series["value"].to_numpy()
        return [int(i) for i in np.argsort(value, kind="stable")]

    @cached_property
    def location_index(self) -> FloatArray:
        """Shape (location, column): use against what the same series use on average, 1 = usual.

        Only observed cells count, so that a missing or censored part does not look like a drop.
        """
        grid = self.grid
        return relative_level(grid.used, grid.location_of, len(grid.locations))

    @cached_property
    def consumed(self) -> FloatArray:
        """Parts consumed, shape (location, column); NaN where a location has no row."""
        grid = self.grid
        sums = (
            self.rows.group_by("location", "bucket")
            .agg(pl.col("taken").sum())
            .select("location", "bucket", "taken")
        )
        made = np.full((len(grid.locations), grid.columns), np.nan)
        made[sums["location"].to_numpy(), sums["bucket"].to_numpy()] = sums["taken"].to_numpy()
        return made

    @cached_property
    def index(self) -> FloatArray:
        """As ``location_index`` for all series together, shape (column,)."""
        total, usual = self.used_and_usual
        made = np.full(total.shape, np.nan)
        np.divide(total, usual, out=made, where=usual > 0)
        return made

    @cached_property
    def used_and_usual(self) -> tuple[FloatArray, FloatArray]:
        """What all series used and what the same series use on average, shape (column,) each."""
        everything = np.zeros(len(self.grid.used), dtype=np.int64)
        total, usual = used_and_usual(self.grid.used, everything, 1)
        return total[0], usual[0]

    @cached_property
    def location_order(self) -> list[int]:
        """Places of the locations, the most important first."""
        worth = self.series.group_by("location").agg(pl.col("value").sum()).sort("location")
        return [int(i) for i in np.argsort(-worth["value"].to_numpy(), kind="stable")]

    def day_of(self, column: int) -> date:
        """First day of a column of the grid."""
        return self.grid.starts[column]


def used_and_usual(
    used: FloatArray, group: np.ndarray, groups: int
) -> tuple[FloatArray, FloatArray]:
    """Sums by group over the observed cells: what was used, and the means of the same series.

    Both have shape (group, column). Their quotient is 1 where use is as usual, whichever series
    were observed.
    """
    mean = row_means(used)
    seen = np.isfinite(used)
    total = np.zeros((groups, used.shape[1]))
    usual = np.zeros((groups, used.shape[1]))
    np.add.at(total, group, np.where(seen, used, 0.0))
    np.add.at(usual, group, np.where(seen, mean[:, None], 0.0))
    return total, usual


def relative_level(used: FloatArray, group: np.ndarray, groups: int) -> FloatArray:
    """Use against the usual, 1 = as usual, by group; shape (group, column)."""
    total, usual = used_and_usual(used, group, groups)
    made = np.full(total.shape, np.nan)
    np.divide(total, usual, out=made, where=usual > 0)
    return made


def make_source(
    demand: object, *, plant: Plant | None, costs: dict[str, float], now: datetime | None
) -> Source:
    """The source of all sections.

    Raises:
        InvalidInput: ``demand`` does not conform.
    """
    try:
        frame = ensure_demand(demand)
    except pl.exceptions.PolarsError as error:  # an amount that no whole number can hold
        raise InvalidInput(str(error).splitlines()[0]) from error
    zone = plant.time_zone if plant else "UTC"
    rows = with_days(frame, zone)
    kept = rows.filter(plausible(rows, now))
    unit = unit_of(kept)
    kept = with_places(kept)
    order = shift_order(kept, zone)
    return Source(
        rows=kept.with_columns(unit.bucket(kept["day"])),
        series=_series(kept, costs),
        left_out=frame.height - kept.height,
        unit=unit,
        zone=zone,
        place=_place(kept, plant),
        shifts=tuple(order),
        shift_minutes=tuple(order.values()),
        costs=costs,
        now=now,
        plant=plant,
    )


def _series(rows: pl.DataFrame, costs: dict[str, float]) -> pl.DataFrame:
    made = (
        rows.group_by("series")
        .agg(
            pl.col("location_id", "part_id", "location").first(),
            pl.len().alias("rows"),
            pl.col("taken").sum().alias("total"),
            pl.col("demand").mean().alias("mean"),
            (pl.col("demand") == 0).mean().alias("zero_share"),
            pl.col("demand").is_null().mean().alias("censored_share"),
            pl.col("day").min().alias("first"),
            pl.col("day").max().alias("last"),
        )
        .sort("series")
    )
    cost = pl.lit(1.0)
    if costs:
        cost = pl.col("part_id").replace_strict(
            list(costs), list(costs.values()), default=0.0, return_dtype=pl.Float64
        )
    return made.with_columns((pl.col("total") * cost).alias("value"))


def _place(rows: pl.DataFrame, plant: Plant | None) -> str:
    """The word for a location: what the plant calls the first of them, else by the data."""
    if plant is not None and rows.height:
        known = plant.location_by_id.get(rows["location_id"][0])
        if known is not None:
            return known.kind.value
    return "line" if rows["shift"].count() else "location"
