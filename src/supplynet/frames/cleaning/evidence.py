"""What each row of a demand frame says about demand: how much was seen, in how many minutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """A sorted demand frame as arrays, all of shape (row,).

    Attributes:
        series, line: Index of the row's series and line, ascending.
        moment: Index of the row's (line, period), in order of line and time.
        shift: Index of the shift, over all lines.
        weekday: Monday = 0; a night shift belongs to the day on which it starts.
        start: Microseconds.
        available: Minutes of the period without planned stops.
        exposure: Minutes in which parts could be used and were counted; 0 = nothing is known.
        counted: Parts used in the exposure.
        least: What was consumed in a starved period, else 0: its demand was not lower.
    """

    series: Indices
    line: Indices
    moment: Indices
    shift: Indices
    weekday: Indices
    start: Indices
    available: FloatArray
    exposure: FloatArray
    counted: FloatArray
    least: FloatArray


def is_counted(line: str = "location_id") -> pl.Expr:
    """Whether ``demand`` is what was counted in a period without starvation.

    A demand that differs from what was consumed is somebody's estimate, and no evidence.

    Args:
        line: Column that tells lines apart.
    """
    same = pl.col("demand").round() == pl.col("consumed")
    return (pl.col("demand").is_not_null() & same & ~line_starved(line)).fill_null(False)


def line_starved(line: str = "location_id") -> pl.Expr:
    """Whether the line was starved in the period, at whichever part it was noted."""
    return line_minutes("starved_minutes", line) > 0


def line_minutes(name: str, line: str = "location_id") -> pl.Expr:
    """Minutes of the line, at whichever part they were noted."""
    return pl.col(name).max().over(line, "period_start")


def rows_of(frame: pl.DataFrame, minutes: FloatArray) -> Rows:
    """The arrays of a demand frame that is sorted by its key.

    Args:
        frame: Demand frame, each key once.
        minutes: Length of each row's period.
    """
    frame = frame.with_columns(pl.col("location_id").rle_id().alias("_line"))
    found = frame.select(
        pl.struct("location_id", "part_id").rle_id().cast(pl.Int64).alias("series"),
        pl.col("_line").cast(pl.Int64).alias("line"),
        pl.col("shift").fill_null("").rank("dense").cast(pl.Int64).alias("shift"),
        (pl.col("period_start").dt.weekday().cast(pl.Int64) - 1).alias("weekday"),
        pl.col("period_start").to_physical().alias("start"),
        line_minutes("starved_minutes", "_line").cast(pl.Float64).alias("starved"),
        line_minutes("stopped_minutes", "_line").cast(pl.Float64).alias("stopped"),
        is_counted("_line").alias("is_counted"),
        pl.col("consumed").cast(pl.Float64).fill_null(np.nan).alias("consumed"),
        pl.col("demand").fill_null(np.nan).alias("demand"),
    )
    column = {name: found[name].to_numpy() for name in found.columns}
    available = np.maximum(minutes - column["stopped"], 0.0)
    running = np.maximum(available - column["starved"], 0.0)
    part_seen = (column["starved"] > 0) & np.isfinite(column["consumed"]) & (running > 0)
    counted = np.where(part_seen, column["consumed"], column["demand"])
    seen = part_seen | column["is_counted"]
    exposure = np.where(seen, np.where(part_seen, running, available), 0.0)
    periods, period = np.unique(column["start"], return_inverse=True)
    moment = np.unique(column["line"] * len(periods) + period, return_inverse=True)[1]
    return Rows(
        series=column["series"],
        line=column["line"],
        moment=moment.astype(np.int64),
        shift=column["shift"],
        weekday=column["weekday"],
        start=column["start"],
        available=available,
        exposure=exposure,
        counted=np.where(exposure > 0, counted, 0.0),
        least=np.where(column["starved"] > 0, np.nan_to_num(column["consumed"]), 0.0),
    )
