"""Single rows far from what their series usually shows, by shift and weekday.

An amount is judged on a log scale against the median of its surroundings (``usual``). Its scale is
1.4826 x the median absolute deviation of the series (Rousseeuw and Croux, "Alternatives to the
median absolute deviation", 1993), at least 0.1 and at least what counting alone makes: the log of a
Poisson count of mean m has a standard deviation of about 1 / sqrt(m).

Only ``demand`` is changed. ``consumed`` is what the books say and what the stock was reduced by; it
is doubted here as a sign of demand, and a wrong booking is mended in the ledger, by a reversal.
"""

from __future__ import annotations

import polars as pl

from supplynet.frames.cleaning.change import ROW, WHY, Change, Context
from supplynet.frames.cleaning.settings import OutliersSettings
from supplynet.frames.cleaning.usual import half_window, with_usual

REACH_DAYS = 21.0
LEAST_SPREAD = 0.1
LEAST_ROWS = 8
"""Series with fewer counted rows say nothing about what is usual."""


def outliers(work: pl.DataFrame, settings: OutliersSettings, context: Context) -> Change | None:
    """Demand far from the usual becomes not observed, or the last value that is not too far."""
    if work.height < LEAST_ROWS:
        return None
    half = half_window(work, REACH_DAYS)
    made = with_usual(context.of_lines(work), half)
    far = _distance()
    made = made.with_columns(far.alias("_far"))
    spread = 1.4826 * pl.col("_far").abs().median().over("_series")
    counting = 1 / (pl.col("_usual") + 1).sqrt()
    limit = settings.spreads * pl.max_horizontal(spread, counting, pl.lit(LEAST_SPREAD))
    made = made.with_columns(limit.alias("_limit"))
    made = made.with_columns(_is_outlier(settings).alias("_odd"))
    run = pl.len().over("_run") <= settings.longest_run
    made = made.with_columns(
        pl.struct("_series", "_odd", pl.col("_far") > 0).rle_id().alias("_run")
    )
    made = made.with_columns((pl.col("_odd") & run).alias("_odd"))
    if not made["_odd"].any():
        return None
    found = made.filter("_odd").select(
        ROW, _replaced(settings.replace).alias("_new"), _why(settings.replace).alias(WHY)
    )
    made = work.join(found, on=ROW, how="left", maintain_order="left")
    hit = pl.col(WHY).is_not_null()
    return Change(
        frame=made.with_columns(pl.when(~hit).then("demand").otherwise("_new").alias("demand"))
    )


def _distance() -> pl.Expr:
    """Log of amount over usual, both plus 1 so that 0 has one; zeros are never judged."""
    judged = pl.when(pl.col("_amount") > 0).then(pl.col("_amount"))
    return judged.log1p() - pl.col("_usual").log1p()


def _is_outlier(settings: OutliersSettings) -> pl.Expr:
    ratio = pl.col("_amount") / pl.col("_usual")
    beyond = (ratio >= settings.least_ratio) | (ratio <= 1 / settings.least_ratio)
    enough = pl.col("_far").count().over("_series") >= LEAST_ROWS
    # A line that was stopped for a part of the shift is low for a good reason.
    whole = (pl.col("stopped_minutes") == 0) | (pl.col("_far") > 0)
    found = (pl.col("_far").abs() > pl.col("_limit")) & beyond & enough & whole
    return found.fill_null(False)


def _replaced(replace: str) -> pl.Expr:
    if replace == "null":
        return pl.lit(None, dtype=pl.Float64)
    edge = pl.col("_usual").log1p() + pl.col("_far").sign() * pl.col("_limit")
    return (edge.exp() - 1).round().clip(lower_bound=0.0)


def _why(replace: str) -> pl.Expr:
    became = "not observed" if replace == "null" else "clipped"
    usual = pl.col("_usual").round(1).cast(pl.String)
    return pl.concat_str(
        pl.col("_amount").cast(pl.String),
        pl.lit(" where about "),
        usual,
        pl.lit(f" is usual: {became}"),
    )
