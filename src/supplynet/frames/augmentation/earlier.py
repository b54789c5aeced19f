"""The periods before a short history that a series needs rows for."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.cleaning.periods import planned_locations, shifts_between
from supplynet.frames.demand import DEMAND_SCHEMA

WEEK_DAYS = 7
_GRID = ["location_id", "period_start", "shift"]
_SERIES = ["location_id", "part_id"]


def short_series(frame: pl.DataFrame, minimum_days: int) -> pl.DataFrame:
    """``location_id, part_id, first, days, wanted_from`` of series that cover fewer days.

    A series covers the days from its first row to its last, both included.
    """
    start = pl.col("period_start")
    spans = frame.group_by(_SERIES).agg(start.min().alias("first"), start.max().alias("last"))
    days = (pl.col("last").dt.date() - pl.col("first").dt.date()).dt.total_days() + 1
    spans = spans.with_columns(days.alias("days")).filter(pl.col("days") < minimum_days)
    missing = pl.duration(days=minimum_days - pl.col("days"))
    return spans.with_columns((pl.col("first") - missing).alias("wanted_from")).sort(_SERIES)


def earlier_rows(
    frame: pl.DataFrame, short: pl.DataFrame, plant: Plant | None = None
) -> pl.DataFrame:
    """Rows without amounts for the periods that ``short`` series want before their first.

    The periods are the shifts of the plant's calendar; without a plant those that the line's other
    parts have, and before them the line's first week (or its whole days, when it has less) again
    and again.
    """
    wanted = short.group_by("location_id", maintain_order=True).agg(
        pl.col("wanted_from").min(), pl.col("first").max()
    )
    grids = [
        _grid(frame.filter(pl.col("location_id") == location), low, high, plant)
        for location, low, high in wanted.iter_rows()
    ]
    if not grids:
        return frame.clear()
    start = pl.col("period_start")
    rows = short.join(pl.concat(grids), on="location_id").filter(
        (start >= pl.col("wanted_from")) & (start < pl.col("first"))
    )
    nothing = {"starved_minutes": 0, "stopped_minutes": 0}
    return rows.with_columns(
        pl.lit(nothing.get(name), dtype=dtype).alias(name)
        for name, dtype in DEMAND_SCHEMA.items()
        if name not in rows.columns
    ).select(DEMAND_SCHEMA.names())


def _grid(line: pl.DataFrame, low: datetime, high: datetime, plant: Plant | None) -> pl.DataFrame:
    """Periods of one line in ``[low, high)``, each once."""
    location = str(line["location_id"][0])
    if plant is not None and planned_locations(line, plant):
        return shifts_between(plant, location, low, high).select(_GRID)
    have = line.select(_GRID).unique("period_start", keep="first").sort("period_start")
    first, last = have["period_start"][0], have["period_start"][-1]
    days = min(WEEK_DAYS, (last - first).days + 1)
    unit = timedelta(days=days)
    pattern = have.filter(pl.col("period_start") < first + unit)
    times = max(0, -((low - first) // unit))
    copies = [
        pattern.with_columns(pl.col("period_start") - unit * count) for count in range(1, times + 1)
    ]
    return pl.concat([have, *copies]).filter(
        (pl.col("period_start") >= low) & (pl.col("period_start") < high)
    )
