"""Series as a whole and stretches of them: short, ended, dead, stuck at one value."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.quality.found import SERIES, Found, places
from supplynet.frames.quality.prepared import Prepared

STUCK_ROWS = 7
STUCK_MARGIN = 5.0  # false alarms of a whole frame: about exp(-5)
FADED = ((20, 0.35), (60, 0.6))
"""Rows, and the share of its mean so far below which a part has sunk before it ends."""
ZERO_ROWS = 60
LINE_RUNS = 0.3  # of its usual level; below, zeros say nothing of the part
ENDED = timedelta(days=28)
ENDED_SHARE = 0.1
USUAL_END = 0.999
"""Share of the rows before the moment that counts as the end of the frame."""


def short_series(prepared: Prepared, days: pl.Series, minimum_days: int) -> Found:
    """Series with rows on fewer than ``minimum_days`` days, the shortest first."""
    table = prepared.series.with_columns(days=days)
    short = table.filter(pl.col("days") < minimum_days).sort("days", *SERIES)
    plural = pl.when(pl.col("days") == 1).then(pl.lit("day")).otherwise(pl.lit("days"))
    detail = pl.format("{} {}", pl.col("days"), plural)
    found = short.with_columns(value=pl.col("days").cast(pl.Float64), detail=detail)
    return Found(total=table.height, places=places(found))


def ended_series(prepared: Prepared) -> pl.DataFrame:
    """Series whose last row lies well before the end of the whole frame."""
    rows = prepared.rows
    # A few rows with a date far ahead must not make all other series look ended.
    low, high = rows["at"].min(), rows["at"].quantile(USUAL_END, "higher")
    if not isinstance(low, datetime) or not isinstance(high, datetime):
        return places(rows.clear())
    limit = high - max(ENDED, ENDED_SHARE * (high - low))
    last = rows.group_by("series", maintain_order=True).agg(
        pl.col("at").max().alias("last"), pl.len().alias("rows")
    )
    ended = (pl.col("last") < limit) & (pl.col("rows") >= STUCK_ROWS)
    gone = prepared.of_series(last.filter(ended)).with_columns(
        period_start=pl.col("last"), detail=pl.lit("no row after this")
    )
    return places(gone)


def stuck(chunk: pl.DataFrame, line: FloatArray, rows_of_all: int) -> pl.DataFrame:
    """Runs of one value that chance does not explain.

    A value with chance p repeats n times in a row with probability p^(n-1); it is stuck where that
    is below ``exp(-5) / rows_of_all``. p is the largest of: its share among the series' other
    rows; the share of zeros before the run, for zeros; about what a Poisson count of that mean has.

    Args:
        chunk: Rows of ``Prepared``.
        line: How the line moved in each row's period; nothing is said of a line that stood still.
        rows_of_all: Rows of the whole frame.

    Returns:
        ``series, amount, units`` (rows), ``period_start, period_end, whole`` (the series has no
        other value), ``begins``, ``last`` (it is the beginning or the end of the series), ``faded``
        (before it the level had sunk already).
    """
    runs = _equal_runs(chunk.filter(pl.Series(line > LINE_RUNS)))
    key = ["series", "amount"]
    totals = runs.select(
        *key,
        pl.col("units").sum().over("series").alias("rows"),
        pl.col("units").sum().over(key).alias("equal"),
    )
    runs = runs.with_columns(totals["rows"], totals["equal"]).filter(pl.col("units") >= STUCK_ROWS)
    units, rows = pl.col("units").cast(pl.Float64), pl.col("rows").cast(pl.Float64)
    share = (pl.col("equal") - units + 0.5) / (rows - units + 1)
    counting = 0.4 / (pl.col("amount").clip(lower_bound=0) + 1).sqrt()
    before = pl.when(pl.col("amount") == 0).then("zeros").otherwise(0.0)
    log_chance = (units - 1) * pl.max_horizontal(share, counting, before).log()
    limit = -np.log(max(1, rows_of_all)) - STUCK_MARGIN
    whole = pl.col("units") == pl.col("rows")
    return runs.filter(whole | (log_chance < limit)).with_columns(
        whole=whole, last=pl.col("period_end").is_null()
    )


def _equal_runs(chunk: pl.DataFrame) -> pl.DataFrame:
    """Runs of equal observed amounts, with what the rows before them were like."""
    amount = pl.col("amount")
    mean = amount.cum_sum().shift(1) / pl.int_range(pl.len())
    faded = pl.any_horizontal(
        amount.rolling_mean(rows, min_samples=1).shift(1) < share * mean for rows, share in FADED
    )
    zeros = (amount == 0).cast(pl.Float64).rolling_mean(ZERO_ROWS, min_samples=1).shift(1)
    seen = chunk.select("series", "start", "amount").filter(amount.is_not_null())
    seen = seen.with_columns(
        run=pl.struct("series", "amount").rle_id(),
        following=pl.col("start").shift(-1).over("series"),
        begins=pl.int_range(pl.len()).over("series") == 0,
        faded=faded.over("series").fill_null(False),
        zeros=zeros.over("series").fill_null(0),
    )
    return seen.group_by("run", maintain_order=True).agg(
        pl.col("series", "amount", "begins", "faded", "zeros").first(),
        pl.len().alias("units"),
        pl.col("start").first().alias("period_start"),
        pl.col("following").last().alias("period_end"),
    )


def constant_series(prepared: Prepared, runs: pl.DataFrame) -> Found:
    """Stuck runs that are no zeros at the beginning or the end, the longest first."""
    inner = ~pl.col("begins") & ~pl.col("last")
    kept = runs.filter(pl.col("whole") | (pl.col("amount") != 0) | inner)
    kept = kept.sort("units", descending=True, maintain_order=True)
    amount = pl.col("amount").cast(pl.String).str.strip_suffix(".0")
    shown = pl.format("{} in {} rows", amount, pl.col("units"))
    detail = pl.when("whole").then(pl.lit("always ") + shown).otherwise(shown)
    stretch = [pl.when(~pl.col("whole")).then(n).alias(n) for n in ("period_start", "period_end")]
    found = prepared.of_series(kept).with_columns(*stretch, detail=detail, value=pl.col("amount"))
    return Found(total=prepared.series.height, places=places(found))


def dead_series(prepared: Prepared, runs: pl.DataFrame) -> Found:
    """Series that end in zeros, or have ended."""
    at_end = ~pl.col("whole") & ~pl.col("faded") & pl.col("last")
    zeros = runs.filter(at_end & (pl.col("amount") == 0))
    detail = pl.format("0 in the last {} rows", pl.col("units"))
    found = places(
        prepared.of_series(zeros).with_columns(detail=detail, value=pl.lit(0.0)).drop("period_end")
    )
    return Found(total=prepared.series.height, places=pl.concat([found, ended_series(prepared)]))
