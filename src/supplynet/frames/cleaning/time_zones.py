"""Stretches whose stamps are off by whole hours are put back.

A stretch is several rows in a row of one series that all start the same number of whole hours
beside the time at which their shift starts. Where a plant is known its calendars say when that is.
Otherwise it is the time of most parts of the line on that day; a different time that lasts for
less than two months and then goes back is a stretch, one that lasts longer is the shift's new
start (daylight saving moves every start by an hour, for five or seven months).
"""

from __future__ import annotations

import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.cleaning.change import ROW, WHY, Change, Context
from supplynet.frames.cleaning.periods import calendar_shifts, planned_locations
from supplynet.frames.cleaning.settings import TimeZonesSettings
from supplynet.frames.demand import KEY

HALF_DAY, DAY, HOUR = 720, 1440, 60
USUAL_SHARE = 0.6
"""A line with fewer of its rows at a usual time has no shifts to go by."""
OCCUPIED_SHARE = 0.1
_SERIES = ["location_id", "part_id"]
_LINE = ["location_id", "shift"]


def time_zones(work: pl.DataFrame, settings: TimeZonesSettings, context: Context) -> Change | None:
    """Move stretches back by the hours by which they are off."""
    rows = work.drop_nulls(list(KEY)).with_columns(pl.col("shift").fill_null(""))
    if rows.height < settings.least_rows:
        return None
    known = planned_locations(rows, context.plant)
    by_plant = rows.filter(pl.col("location_id").is_in(known))
    others = rows.filter(~pl.col("location_id").is_in(known))
    offsets = pl.concat(
        [_by_calendar(by_plant, context.plant), _by_clock(others, settings.longest_days)]
    )
    moved = _stretches(rows, offsets, settings.least_rows)
    if moved.is_empty():
        return None
    made = work.join(moved, on=ROW, how="left", maintain_order="left")
    hours = pl.col("_off") // HOUR
    why = pl.concat_str(
        pl.lit("the stamps of this stretch are off by "), hours.cast(pl.String), pl.lit(" h")
    )
    start = pl.col("period_start") - pl.duration(minutes=pl.col("_off").fill_null(0))
    return Change(frame=made.with_columns(start.alias("period_start"), why.alias(WHY)))


def _by_calendar(rows: pl.DataFrame, plant: Plant | None) -> pl.DataFrame:
    """``_row, _off``: minutes after the nearest start of that shift by the calendar."""
    starts = calendar_shifts(rows, plant).drop("minutes")
    starts = starts.with_columns(pl.col("period_start").alias("_right"))
    found = rows.sort("period_start").join_asof(
        starts.sort("period_start"),
        on="period_start",
        by=_LINE,
        strategy="nearest",
        check_sortedness=False,
    )
    off = (pl.col("period_start") - pl.col("_right")).dt.total_minutes()
    return found.select(ROW, pl.when(off.abs() < DAY).then(off).cast(pl.Int64).alias("_off"))


def _by_clock(rows: pl.DataFrame, longest_days: float) -> pl.DataFrame:
    """``_row, _off``: minutes after the usual time of the day, -719 to 720."""
    start = pl.col("period_start")
    minute = start.dt.hour().cast(pl.Int64) * HOUR + start.dt.minute().cast(pl.Int64)
    made = rows.with_columns(minute.alias("_clock"), start.dt.date().alias("_day"))
    days = _usual_clocks(made, longest_days)
    made = made.join(days, on=[*_LINE, "_day"], how="left")
    off = (pl.col("_clock") - pl.col("_usual") + HALF_DAY - 1).mod(DAY) - HALF_DAY + 1
    regular = (off == 0).mean().over(_LINE) >= USUAL_SHARE
    return made.select(ROW, pl.when(regular).then(off).alias("_off"))


def _usual_clocks(made: pl.DataFrame, longest_days: float) -> pl.DataFrame:
    """``location_id, shift, _day, _usual``: when the shift starts on that day."""
    days = (
        made.group_by(*_LINE, "_day", "_clock")
        .len()
        .sort(*_LINE, "_day", "len", "_clock", descending=[False, False, False, True, False])
        .unique([*_LINE, "_day"], keep="first", maintain_order=True)
        .with_columns(pl.col("_clock").alias("_usual"))
    )
    short = pl.col("_days") < longest_days
    before, after = (pl.col("_usual").shift(n).over(_LINE) for n in (1, -1))
    days = _without_runs(days, short & (before == after), before)
    # At an end of the history only one side is known; there an hour may be daylight saving.
    beside = pl.coalesce(before, after)
    longer = pl.coalesce(*(pl.col("_days").shift(n).over(_LINE) for n in (1, -1)))
    jump = (pl.col("_usual") - beside).abs().is_between(HOUR + 1, DAY - HOUR - 1)
    at_end = before.is_null() | after.is_null()
    days = _without_runs(days, short & at_end & jump & (pl.col("_days") < longer), beside)
    return days.select(*_LINE, "_day", "_usual")


def _without_runs(days: pl.DataFrame, wrong: pl.Expr, right: pl.Expr) -> pl.DataFrame:
    """``days`` with the usual time of runs of equal days replaced where ``wrong`` holds."""
    days = days.with_columns(pl.struct(*_LINE, "_usual").rle_id().alias("_run"))
    runs = days.group_by("_run", maintain_order=True).agg(
        *(pl.col(name).first() for name in (*_LINE, "_usual")),
        (pl.col("_day").max() - pl.col("_day").min()).dt.total_days().alias("_days"),
    )
    usual = pl.when(wrong.fill_null(False)).then(right).otherwise("_usual").alias("_usual")
    runs = runs.with_columns(usual).select("_run", "_usual")
    return days.drop("_usual").join(runs, on="_run", maintain_order="left").drop("_run")


def _stretches(rows: pl.DataFrame, offsets: pl.DataFrame, least_rows: int) -> pl.DataFrame:
    """``_row, _off`` of rows in stretches of at least ``least_rows`` rows with one offset."""
    off = pl.col("_off")
    whole = (off % HOUR == 0).fill_null(False)
    made = rows.select(*KEY, ROW).join(offsets, on=ROW, how="left")
    made = made.with_columns(pl.when(whole).then(off).otherwise(0).alias("_off"))
    if not (made["_off"] != 0).any():
        return made.select(ROW, "_off").clear()
    right = (pl.col("period_start") - pl.duration(minutes=off)).alias("_right")
    made = made.with_columns(right).sort(*_SERIES, "_right", ROW)
    made = made.with_columns(pl.struct(*_SERIES, "_off").rle_id().alias("_run"))
    taken = made.filter(off == 0).select(*_SERIES, "_right").unique().with_columns(_taken=True)
    found = made.filter(off != 0).join(taken, on=[*_SERIES, "_right"], how="left")
    long = pl.len().over("_run") >= least_rows
    free = pl.col("_taken").is_not_null().mean().over("_run") <= OCCUPIED_SHARE
    return found.filter(long & free).select(ROW, "_off")
