"""Drivers and the production plan on the columns of the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.source import Source, relative_level

_CARRIED = 31  # columns for which a value without a successor is taken to hold


@dataclass(frozen=True, kw_only=True, eq=False)
class DriverSeries:
    """One driver where it holds.

    Attributes:
        name: Of the driver.
        location_id, part_id: What it is about; None = everything.
        values: Shape (column,); NaN = not known.
        planned: Whether it is the production plan of a line.
    """

    name: str
    location_id: str | None
    part_id: str | None
    values: FloatArray
    planned: bool = False

    def of(self, source: Source) -> str:
        """What it is compared with, in words."""
        if self.location_id is None and self.part_id is None:
            return "the total"
        if self.part_id is None:
            return f"{source.place} {self.location_id}"
        return f"part {self.part_id}" + (f" of {self.location_id}" if self.location_id else "")

    def target(self, source: Source) -> FloatArray | None:
        """Use of what it is about against its own average, shape (column,); None if unknown."""
        series = source.series
        mine = np.ones(series.height, dtype=bool)
        if self.location_id is not None:
            mine &= (series["location_id"] == self.location_id).to_numpy()
        if self.part_id is not None:
            mine &= (series["part_id"] == self.part_id).to_numpy()
        if not mine.any():
            return None
        used = source.grid.used[mine]
        level: FloatArray = relative_level(used, np.zeros(len(used), dtype=np.int64), 1)[0]
        return level


def driver_series(source: Source, drivers: pl.DataFrame) -> list[DriverSeries]:
    """Each driver on the columns: the mean of what is said in a column, held until the next.

    Args:
        source: Gives the columns.
        drivers: A frame of ``DRIVERS_SCHEMA``.
    """
    if not source.grid.columns:
        return []
    known = drivers.drop_nulls(["driver", "at", "value"]).filter(pl.col("value").is_finite())
    known = _on_columns(source, known, "at")
    keys = ["driver", "location_id", "part_id"]
    means = known.group_by(*keys, "bucket").agg(pl.col("value").mean()).sort(*keys, "bucket")
    made = []
    for (name, location, part), rows in means.group_by(keys, maintain_order=True):
        made.append(
            DriverSeries(
                name=str(name),
                location_id=None if location is None else str(location),
                part_id=None if part is None else str(part),
                values=_held(rows, source.grid.columns),
            )
        )
    return made


def plan_series(source: Source, plan: pl.DataFrame) -> list[DriverSeries]:
    """Planned units of each line as a driver: the last figure recorded for each period counts."""
    if not source.grid.columns:
        return []
    known = plan.drop_nulls(["location_id", "period_start", "units"])
    last = known.sort("recorded_at", nulls_last=False).unique(
        ["location_id", "product", "period_start"], keep="last", maintain_order=True
    )
    sums = (
        _on_columns(source, last, "period_start")
        .filter(pl.col("bucket") >= 0)
        .group_by("location_id", "bucket")
        .agg(pl.col("units").cast(pl.Float64).sum())
        .sort("location_id", "bucket")
    )
    made = []
    for (location,), rows in sums.group_by(["location_id"], maintain_order=True):
        values = np.full(source.grid.columns, np.nan)
        values[rows["bucket"].to_numpy()] = rows["units"].to_numpy()
        made.append(
            DriverSeries(
                name=f"plan of {location}",
                location_id=str(location),
                part_id=None,
                values=values,
                planned=True,
            )
        )
    return made


def _on_columns(source: Source, frame: pl.DataFrame, moment: str) -> pl.DataFrame:
    """With ``bucket``, the column of each row; rows after the last column are left out."""
    at = pl.col(moment)
    dates = bool(frame.height) and bool(frame.select((at.dt.time() == pl.time(0)).all()).item())
    local = at if dates else at.dt.convert_time_zone(source.zone)
    frame = frame.with_columns(local.dt.date().alias("_day"))
    made = frame.with_columns(source.unit.bucket(frame["_day"]))
    return made.filter(pl.col("bucket") < source.grid.columns)


def _held(rows: pl.DataFrame, columns: int) -> FloatArray:
    at, values = rows["bucket"].to_numpy(), rows["value"].to_numpy()
    place = np.searchsorted(at, np.arange(columns), side="right") - 1
    age = np.arange(columns) - at[np.maximum(place, 0)]
    known = (place >= 0) & (age <= _CARRIED)
    made: FloatArray = np.where(known, values[np.maximum(place, 0)], np.nan)
    return made
