"""The production plan as it was announced: first some days ahead, corrected one day before."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.synthetic.production import Production, Runs
from supplynet.frames.synthetic.scenario import PlanShape
from supplynet.frames.synthetic.timetable import PlaceArray, Timetable
from supplynet.frames.tables import PLAN_SCHEMA

CORRECTED = timedelta(days=1)


def plan_frame(
    table: Timetable, runs: Runs, made: Production, plan: PlanShape, end: datetime
) -> pl.DataFrame:
    """Everything that was announced before ``end``, also of the days after it.

    ``PLAN_SCHEMA``, sorted by line, product, period and time of announcement. ``takt_seconds`` is
    the running time over the units of all products of the line.
    """
    running = 60.0 * (table.minutes - made.stopped).astype(np.float64)
    run, period = np.nonzero(table.works[runs.line])
    line = runs.line[run]
    corrected = made.revised[line, period]
    first = _rows(table, runs, running, made.first_plan, run, period)
    last = _rows(table, runs, running, made.last_plan, run[corrected], period[corrected])
    ahead = timedelta(days=plan.days_ahead)
    return (
        pl.concat(
            rows.with_columns(recorded_at=pl.col("period_start") - before)
            for rows, before in ((first, ahead), (last, CORRECTED))
        )
        .filter(pl.col("recorded_at") < end)
        .select(PLAN_SCHEMA.names())
        .sort("location_id", "product", "period_start", "recorded_at")
    )


def days_announced(plan: PlanShape) -> int:
    """Days after the last one of which something is announced by then, at most."""
    return ceil(plan.days_ahead) + 1


def by_line(runs: Runs, units: FloatArray) -> FloatArray:
    """Units of each line over its products, shape (line, period)."""
    total = np.zeros((len(runs.lines), units.shape[1]))
    np.add.at(total, runs.line, units)
    return total


def _rows(
    table: Timetable,
    runs: Runs,
    running: FloatArray,
    units: FloatArray,
    run: PlaceArray,
    period: PlaceArray,
) -> pl.DataFrame:
    total = by_line(runs, units)
    takt = np.divide(running, total, out=np.full(total.shape, np.nan), where=total > 0)
    starts = pl.Series([shift.start for shift in table.periods], dtype=PLAN_SCHEMA["period_start"])
    lines = pl.Series(runs.lines, dtype=pl.String)
    return pl.DataFrame(
        {
            "location_id": lines.gather(runs.line[run]),
            "product": pl.Series(runs.product, dtype=pl.String).gather(run),
            "period_start": starts.gather(period),
            "shift": pl.Series([shift.name for shift in table.periods]).gather(period),
            "units": units[run, period].astype(np.int64),
            "takt_seconds": takt[runs.line[run], period],
        }
    ).with_columns(pl.col("takt_seconds").fill_nan(None))
