"""What is usual, by medians: for judging single rows, which means and sums would follow."""

from __future__ import annotations

import polars as pl

from supplynet.frames.cleaning.evidence import is_counted

LEAST_ROWS = 4
"""A cell of shift and weekday with fewer rows leans on its shift."""
FAST = 2.0
"""Series whose median is below this many parts are judged by the size of their uses alone."""
LEAST_PARTS = 3
"""A line's common factor is known from at least this many parts."""
KEYS = ("_series", "_line")
"""Numbers of series and lines: grouping by them is several times faster than by their names."""
_MOMENT = ["_line", "period_start"]


def with_usual(work: pl.DataFrame, half: int, *, without: pl.Series | None = None) -> pl.DataFrame:
    """``work`` with what each counted amount may be compared with.

    Adds ``_series`` and ``_line`` (numbers), ``_amount`` (demand where it was counted, else null),
    ``_usual`` (a rolling median x the profile by shift and weekday x the line's common factor; for
    slow series the median of the amounts above 0) and ``_fast`` (whether it is the former).

    Args:
        work: Sorted by the key.
        half: Rows that the rolling median looks to each side (``half_window``).
        without: Rows that say nothing of what is usual, shape (row,).
    """
    made = work.with_columns(
        pl.struct("location_id", "part_id").rle_id().alias("_series"),
        pl.col("location_id").rle_id().alias("_line"),
    )
    counted = is_counted("_line")
    made = made.with_columns(pl.when(counted).then(pl.col("demand")).alias("_amount"))
    known = pl.lit(True) if without is None else ~without
    made = made.with_columns(pl.when(known).then(pl.col("_amount")).alias("_known"))
    made = made.with_columns(_profile(made))
    flat = pl.col("_known") / pl.col("_profile")
    made = made.with_columns(_rolling(flat, half).alias("_level"))
    made = made.with_columns((pl.col("_level") * pl.col("_profile")).alias("_usual"))
    fast = (pl.col("_level").median().over("_series") >= FAST).fill_null(False)
    made = made.with_columns(fast.alias("_fast"))
    size = pl.when(pl.col("_known") > 0).then(pl.col("_known")).median().over("_series")
    usual = pl.when("_fast").then(pl.col("_usual") * _pace()).otherwise(size)
    return made.with_columns(usual.alias("_usual")).drop("_profile", "_level", "_known")


def half_window(work: pl.DataFrame, days: float) -> int:
    """Rows of a series in ``days``, by the usual time between two rows; at least 3.

    Args:
        work: Sorted by the key.
        days: How far to look.
    """
    same = pl.struct("location_id", "part_id").rle_id().diff() == 0
    step = pl.col("period_start").diff().filter(same).median()
    found = work.select(step.dt.total_seconds().cast(pl.Float64)).item() or 86_400.0
    return max(3, round(days * 86_400.0 / max(float(found), 1.0)))


def _profile(made: pl.DataFrame) -> pl.Series:
    """Median of shift and weekday over the median of the series, at least 0.05."""
    weekday = pl.col("period_start").dt.weekday().cast(pl.UInt32)
    cells = made.select(
        "_series",
        "_known",
        (pl.col("_series") * 8 + weekday).alias("_day"),
        pl.col("shift").fill_null("").rank("dense").alias("_shift"),
    )
    amount = pl.col("_known")

    def median(*by: str) -> pl.Expr:
        enough = amount.count().over(*by) >= LEAST_ROWS
        return pl.when(enough).then(amount.median().over(*by))

    whole = amount.median().over("_series")
    best = pl.coalesce(median("_day", "_shift"), median("_series", "_shift"), whole)
    ratio = pl.when(whole > 0).then(best / whole).otherwise(1.0).fill_null(1.0)
    return cells.select(ratio.clip(lower_bound=0.05).alias("_profile")).to_series()


def _rolling(flat: pl.Expr, half: int) -> pl.Expr:
    """Median of the rows around; of the whole series where they are too few."""
    size = 2 * half + 1
    near = flat.rolling_median(size, min_samples=LEAST_ROWS, center=True).over("_series")
    return pl.coalesce(near, flat.median().over("_series"))


def _pace() -> pl.Expr:
    """By how much all parts of the line are above their usual in the period, by their median."""
    judged = pl.col("_fast") & (pl.col("_usual") > 0)
    ratio = pl.when(judged).then(pl.col("_known") / pl.col("_usual"))
    known = ratio.count().over(_MOMENT) >= LEAST_PARTS
    common = pl.when(known).then(ratio.median().over(_MOMENT)).fill_null(1.0)
    return common.clip(0.05, 20.0)
