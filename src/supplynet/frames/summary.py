"""What a demand frame holds, in a few numbers and one row per series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl


@dataclass(frozen=True, kw_only=True, eq=False)
class DemandSummary:
    """A demand frame in short.

    Attributes:
        rows, series, locations, parts, periods: How many of each.
        first, last: Start of the first and last period; None without rows.
        total: Parts consumed.
        zero_share: Share of the observed rows with demand 0.
        censored_share: Share of the rows whose demand was not observed.
        by_series: One row per (location_id, part_id): ``rows, first, last, mean, cv, zero_share,
            censored_share``; mean and cv (standard deviation over mean) of observed demand.
    """

    rows: int
    series: int
    locations: int
    parts: int
    periods: int
    first: datetime | None
    last: datetime | None
    total: int
    zero_share: float
    censored_share: float
    by_series: pl.DataFrame


def summarise(frame: pl.DataFrame) -> DemandSummary:
    """The summary of a conforming demand frame."""
    start, demand = pl.col("period_start"), pl.col("demand")
    by_series = (
        frame.group_by("location_id", "part_id")
        .agg(
            pl.len().alias("rows"),
            start.min().alias("first"),
            start.max().alias("last"),
            demand.mean().alias("mean"),
            (demand.std() / demand.mean()).fill_nan(None).alias("cv"),
            (demand == 0).mean().alias("zero_share"),
            demand.is_null().mean().alias("censored_share"),
        )
        .sort("location_id", "part_id")
    )
    observed = frame["demand"].drop_nulls()
    times = frame["period_start"]
    return DemandSummary(
        rows=frame.height,
        series=by_series.height,
        locations=frame["location_id"].n_unique(),
        parts=frame["part_id"].n_unique(),
        periods=times.n_unique(),
        first=times.dt.min() if frame.height else None,  # type: ignore[arg-type] # aware datetime
        last=times.dt.max() if frame.height else None,  # type: ignore[arg-type] # aware datetime
        total=int(frame["consumed"].sum()),
        zero_share=_share(int((observed == 0).sum()), len(observed)),
        censored_share=_share(frame["demand"].null_count(), frame.height),
        by_series=by_series,
    )


def _share(count: int, total: int) -> float:
    return count / total if total else 0.0
