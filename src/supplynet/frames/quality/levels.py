"""Lasting changes of level: no mistake, but worth knowing before a model is trained."""

from __future__ import annotations

import math

import polars as pl

from supplynet.frames.quality.expected import NORMAL
from supplynet.frames.quality.weeks import BUSY_PARTS

WEEKS = 4
LEAST = math.log(4 / 3)
MOST = math.log(20)  # beyond, a part has begun or ended
TIMES_NOISE = 4.0


def shifts_of_level(weeks: pl.DataFrame) -> pl.DataFrame:
    """Weeks after which the level is another one for good.

    The median of the four weeks from a week on is compared, as a logarithm, with that of the four
    before; the change must be the largest within four weeks and still be there after eight. What
    most series of the line do in the same week is a season and not counted.

    Args:
        weeks: ``series, line, at, level, rows`` of every week, by series and time.

    Returns:
        ``series, period_start, value`` (factor).
    """
    level = pl.col("level").fill_nan(None)
    rows = weeks.with_columns(log=(level + 0.5).log(), counting=1 / (level * pl.col("rows") + 1))
    log = pl.col("log")
    rows = rows.with_columns(
        after=log.rolling_median(WEEKS).shift(1 - WEEKS).over("series"),
        before=log.rolling_median(WEEKS).shift(1).over("series"),
        later=log.rolling_median(WEEKS).shift(1 - 2 * WEEKS).over("series"),
        noise=((log - log.shift(1)).abs().median() * NORMAL / math.sqrt(2)).over("series"),
        counting=pl.col("counting").median().sqrt().over("series"),
    ).with_columns(change=pl.col("after") - pl.col("before"))
    together = ["line", pl.col("at").dt.truncate("1w")]
    enough = pl.col("change").count().over(together) >= BUSY_PARTS
    season = pl.when(enough).then(pl.col("change").median().over(together)).otherwise(0.0)
    rows = rows.with_columns(change=pl.col("change") - season, season=season)
    change = pl.col("change")
    largest = change.abs() >= change.abs().rolling_max(
        2 * WEEKS + 1, center=True, min_samples=1
    ).over("series")
    noise = pl.max_horizontal("noise", "counting")
    stays = (pl.col("later") - pl.col("before") - pl.col("season")) / change >= 0.7
    found = rows.filter(
        largest
        & change.is_between(-MOST, MOST)
        & (change.abs() > LEAST)
        & (change.abs() > TIMES_NOISE * noise)
        & stays
    )
    return found.select("series", pl.col("at").alias("period_start"), change.exp().alias("value"))
