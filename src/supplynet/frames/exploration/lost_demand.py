"""What halts took away: how long each lasted, and the demand that was not met."""

from __future__ import annotations

import polars as pl


def halts_of(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per halt: a contiguous starvation of one location, over however many shifts.

    Args:
        rows: A demand frame with ``day``.

    Returns:
        ``location_id, start`` (of the first starved period), ``day, shift, minutes, periods``.
    """
    periods = (
        rows.group_by("location_id", "period_start")
        .agg(
            pl.col("starved_minutes").max().cast(pl.Int64).alias("minutes"),
            pl.col("day", "shift").first(),
        )
        .sort("location_id", "period_start")
        .with_columns((pl.col("minutes") > 0).alias("starved"))
    )
    begins = pl.col("starved") & ~pl.col("starved").shift(1, fill_value=False).over("location_id")
    return (
        periods.with_columns(begins.cum_sum().over("location_id").alias("halt"))
        .filter("starved")
        .group_by("location_id", "halt")
        .agg(
            pl.col("period_start").min().alias("start"),
            pl.col("day", "shift").first(),
            pl.col("minutes").sum(),
            pl.len().alias("periods"),
        )
        .drop("halt")
        .sort("start", "location_id")
    )


def lost_demand(rows: pl.DataFrame) -> pl.DataFrame:
    """Estimated demand that halts left unmet, one row per starved series and period.

    ``lost = rate x starved_minutes / 60`` with the rate of the rest of the period; where the line
    did not run at all, or the frame has no rates, the series' median rate in that shift; where
    there is none, the mean of its observed periods of that shift less what was consumed.

    Args:
        rows: A demand frame with ``day`` and ``taken`` (consumed, as a float).

    Returns:
        ``location_id, part_id, period_start, day, shift, starved_minutes, lost``.
    """
    place = ["location_id", "period_start"]
    starved = (
        rows.group_by(place)
        .agg(pl.col("starved_minutes").max().alias("starved"))
        .filter(pl.col("starved") > 0)
    )
    usual = (
        rows.filter(pl.col("demand").is_not_null())
        .group_by("location_id", "part_id", "shift")
        .agg(
            pl.col("rate").filter(pl.col("rate").is_finite()).median().alias("usual_rate"),
            pl.col("demand").mean().alias("usual_demand"),
        )
    )
    rate = pl.when(pl.col("rate").is_finite()).then("rate")
    hours = pl.col("starved") / 60.0
    by_rate = pl.coalesce(rate, "usual_rate") * hours
    by_mean = (pl.col("usual_demand") - pl.col("taken")).clip(lower_bound=0.0)
    return (
        rows.join(starved, on=place)
        .join(usual, on=["location_id", "part_id", "shift"], how="left", nulls_equal=True)
        .select(
            "location_id",
            "part_id",
            "period_start",
            "day",
            "shift",
            pl.col("starved").alias("starved_minutes"),
            pl.coalesce(by_rate, by_mean, pl.lit(0.0)).alias("lost"),
        )
        .sort("location_id", "part_id", "period_start")
    )
