"""Periods without a row get one, which says that nothing was recorded.

A gap hides itself: a model that counts rows takes the next row for the next period. The periods
that a series should have are the shifts of the plant's calendar, or, without a plant, those in
which any other part of the line has a row and those in which other lines have one at a time at
which this line usually works too.
"""

from __future__ import annotations

import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.cleaning.change import WHY, Change, Context
from supplynet.frames.cleaning.periods import calendar_shifts, planned_locations
from supplynet.frames.cleaning.settings import MissingSettings
from supplynet.frames.demand import DEMAND_SCHEMA, KEY

USUAL_SHARE = 0.8
"""A line usually works at a time of the week when it has rows in this share of its weeks."""
_SERIES = ["location_id", "part_id"]
_GRID = ["location_id", "period_start", "shift"]


def missing(work: pl.DataFrame, settings: MissingSettings, context: Context) -> Change | None:
    """Add a row for every period in which a series has none, between its first and its last."""
    rows = work.drop_nulls(list(KEY))
    if rows.is_empty():
        return None
    grid = _grid(rows, settings, context.plant)
    spans = rows.group_by(_SERIES).agg(
        pl.col("period_start").min().alias("_first"), pl.col("period_start").max().alias("_last")
    )
    start = pl.col("period_start")
    gaps = (
        spans.join(grid, on="location_id")
        .filter((start > pl.col("_first")) & (start < pl.col("_last")))
        .join(rows, on=list(KEY), how="anti")
    )
    gaps = _within(gaps, rows, settings.longest_gap_days).sort(KEY)
    if gaps.is_empty():
        return None
    nothing = work.with_columns(pl.lit(None, dtype=pl.String).alias(WHY))
    return Change(frame=nothing, added=_new_rows(gaps, rows, settings.mean))


def _grid(rows: pl.DataFrame, settings: MissingSettings, plant: Plant | None) -> pl.DataFrame:
    """``location_id, period_start, shift`` of every period that each location should have."""
    planned = planned_locations(rows, plant)
    others = rows.filter(~pl.col("location_id").is_in(planned))
    shifts = calendar_shifts(rows, plant, bridge_days=settings.longest_gap_days)
    grids = [others.select(_GRID), _shared(others), shifts.select(_GRID)]
    if settings.lost_days:
        grids.append(_lost_days(others))
    return pl.concat(grids).unique(_GRID[:2], keep="first", maintain_order=True)


def _shared(rows: pl.DataFrame) -> pl.DataFrame:
    """Periods of other locations at a time of the week at which this one usually has rows too."""
    start = pl.col("period_start").dt
    cell = ["shift", "_weekday", "_clock"]
    mine = (
        rows.select(_GRID)
        .unique()
        .with_columns(start.weekday().alias("_weekday"), start.time().alias("_clock"))
    )
    have = mine.group_by("location_id", *cell).agg(
        pl.len().alias("_have"),
        pl.col("period_start").min().alias("_first"),
        pl.col("period_start").max().alias("_last"),
    )
    every = mine.drop("location_id").unique()
    within = pl.col("period_start").is_between("_first", "_last")
    wanted = have.join(every, on=cell, nulls_equal=True).filter(within)
    usual = pl.col("_have") >= USUAL_SHARE * pl.len().over("location_id", *cell)
    return wanted.filter(usual).select(_GRID)


def _lost_days(rows: pl.DataFrame) -> pl.DataFrame:
    """Periods on days without any row at all, where a location usually works on that weekday."""
    if rows.is_empty():
        return rows.select(_GRID)
    day, place = pl.col("period_start").dt.date().alias("_day"), ["location_id", "shift"]
    mine = rows.select(*place, "period_start", day).unique([*place, "_day"]).sort("_day")
    low, high = mine.select(pl.col("_day").min().alias("low"), pl.col("_day").max()).row(0)
    every = pl.date_range(low, high, eager=True).alias("_day").to_frame()
    lost = every.join(mine, on="_day", how="anti")
    weekday = pl.col("_day").dt.weekday().alias("_weekday")
    weeks = every.group_by(weekday).agg(pl.len().alias("_weeks"))
    usual = mine.group_by(*place, weekday).len().join(weeks, on="_weekday")
    usual = usual.filter(pl.col("len") >= USUAL_SHARE * pl.col("_weeks"))
    wanted = lost.with_columns(weekday).join(usual, on="_weekday").sort("_day")
    clock = pl.col("period_start").dt.time().alias("_clock")
    found = wanted.with_columns(pl.col("shift").fill_null("")).join_asof(
        mine.with_columns(clock, pl.col("shift").fill_null("")).select(*place, "_day", "_clock"),
        on="_day",
        by=place,
        check_sortedness=False,
    )
    at = pl.col("_day").dt.combine(pl.col("_clock")).dt.replace_time_zone("UTC")
    named = pl.when(pl.col("shift") != "").then(pl.col("shift")).alias("shift")
    return found.select("location_id", at.alias("period_start"), named).drop_nulls("period_start")


def _within(gaps: pl.DataFrame, rows: pl.DataFrame, longest_days: float) -> pl.DataFrame:
    """``gaps`` of which the series has a row before and one after that are not too far apart."""
    have = rows.select(KEY).sort("period_start").with_columns(pl.col("period_start").alias("_at"))
    found = gaps.sort("period_start")
    for strategy, name in (("backward", "_before"), ("forward", "_after")):
        found = found.join_asof(
            have.rename({"_at": name}),
            on="period_start",
            by=_SERIES,
            strategy=strategy,  # type: ignore[arg-type] # a literal of the tuple above
            check_sortedness=False,
        )
    gap = pl.col("_after") - pl.col("_before")
    return found.filter(gap <= pl.duration(microseconds=round(longest_days * 86_400_000_000)))


def _new_rows(gaps: pl.DataFrame, rows: pl.DataFrame, mean: str) -> pl.DataFrame:
    """Rows of the gaps; minutes and stops are the line's where another part has the period."""
    line = rows.group_by("location_id", "period_start").agg(
        pl.col("starved_minutes", "stopped_minutes").max()
    )
    made = gaps.select(_GRID[0], "part_id", *_GRID[1:]).join(
        line, on=["location_id", "period_start"], how="left"
    )
    amount = 0 if mean == "zero" else None
    starved = pl.col("starved_minutes").fill_null(0)
    said = "no row for this period: " + ("none used" if mean == "zero" else "not observed")
    return made.with_columns(
        starved,
        pl.col("stopped_minutes").fill_null(0),
        pl.lit(amount, dtype=pl.Int64).alias("consumed"),
        pl.lit(None, dtype=pl.Float64).alias("rate"),
        pl.when(starved == 0).then(pl.lit(amount, dtype=pl.Float64)).alias("demand"),
        pl.lit(said).alias(WHY),
    ).select(*DEMAND_SCHEMA.names(), WHY)
