"""The level of every week of every series: robust, and free of the pattern within the week.

It is the median of the week after dividing by the usual ratio of each shift and weekday. Slow parts
(often 0 in weeks in which they are used at all) have no useful weekly median: theirs is the mean of
nine weeks, with single amounts cut at a few times the usual one. A shift and weekday that is always
0, such as a Sunday without work, is closed: its ratio is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray

DAY_US = 86_400_000_000
SLOW_MEDIAN = 3.0  # parts a row; a part below it is slow,
SLOW_ZEROS = 0.3  # and so is one with more zeros than this
SLOW_WEEKS = 9
NEARBY_WEEKS = 13
WEEK_ROWS = 3  # a week with fewer has no level of its own
SLOW_CUT = 4.0  # times the median positive amount
SLOT_ROWS = 4  # fewer rows of a shift and weekday take the shift's ratio
CLOSED_ZEROS = 0.9  # of a slot, when of the whole series it is less than:
OPEN_ZEROS = 0.6
BUSY_PARTS = 4  # of a line, to know its common movement
BUSY_LEVEL = 3.0
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """Of every row of a chunk, arrays of shape (row,).

    Attributes:
        ratio: Usual share of the week's level that the row's shift and weekday have.
        own: Level of its week.
        low, high: Lowest and highest level of its week and its neighbours.
        nearby: Median level of the three months around, weeks without use left out, moved with
            the weeks' levels of the line's other parts.
        usual: The same for all weeks of the series.
    """

    ratio: FloatArray
    own: FloatArray
    low: FloatArray
    high: FloatArray
    nearby: FloatArray
    usual: FloatArray


def slots_of(chunk: pl.DataFrame) -> pl.DataFrame:
    """``place`` of the series, ``week``, ``slot`` (shift or hour, and weekday), amount if calm."""
    day = (pl.col("at").dt.timestamp("us") // DAY_US).cast(pl.Int32)
    named = chunk["shift"].max() or 0
    kind = pl.col("shift") if named else pl.col("at").dt.hour().cast(pl.UInt32)
    rows = chunk.select(
        pl.col("series").rle_id().alias("place"),
        "line",
        "at",
        ((day + 3) // 7).alias("week"),  # day 0 was a Thursday: weeks begin on Monday
        ((day + 3) % 7).cast(pl.UInt32).alias("weekday"),
        kind.alias("kind"),
        pl.when("calm").then("amount").alias("calm_amount"),
    )
    rows = rows.with_columns(
        block=pl.struct("place", "week").rle_id(),
        shift_key=pl.col("place").cast(pl.UInt64) * 4096 + pl.col("kind"),
        slot_key=(pl.col("place").cast(pl.UInt64) * 4096 + pl.col("kind")) * 7 + pl.col("weekday"),
    )
    return _used(rows)


def _used(rows: pl.DataFrame) -> pl.DataFrame:
    """With ``active`` (its week has any use) and ``closed`` (its slot is always 0)."""
    rows = rows.with_columns(
        active=(pl.col("calm_amount").max().over("block") > 0).fill_null(False)
    )
    zero = pl.when("active").then(pl.col("calm_amount") == 0)
    closed = (zero.mean().over("slot_key") >= CLOSED_ZEROS) & (
        zero.mean().over("place") < OPEN_ZEROS
    )
    return rows.with_columns(closed=closed.fill_null(False))


def facts_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each series: ``slow``, ``lump`` (in which it is used; 1 unless slow), ``most_spread``.

    The last bounds the spread of slow series: their variance beyond counting over the squared mean.
    """
    amount = pl.col("calm_amount").filter(pl.col("active") & ~pl.col("closed"))
    positive = amount.filter(amount > 0)
    cut = pl.min_horizontal(amount, SLOW_CUT * positive.median())
    facts = rows.group_by("place", maintain_order=True).agg(
        amount.median().alias("median"),
        (amount == 0).mean().alias("zeros"),
        positive.quantile(0.25, "lower").alias("quarter"),
        cut.mean().alias("mean"),
        cut.var().alias("variance"),
    )
    slow = (pl.col("median").fill_null(0) < SLOW_MEDIAN) | (pl.col("zeros") > SLOW_ZEROS)
    facts = facts.with_columns(slow=slow.fill_null(True))
    lump = pl.when("slow").then(pl.col("quarter").clip(lower_bound=1)).fill_null(1.0)
    facts = facts.with_columns(lump=lump.fill_null(1.0).cast(pl.Float64))
    beyond = (pl.col("variance") - pl.col("lump") * pl.col("mean")) / pl.col("mean") ** 2
    most = pl.when("slow").then(beyond.fill_nan(None)).fill_null(float("inf"))
    return facts.with_columns(most_spread=most)


def levels_of(rows: pl.DataFrame, slow: BoolArray) -> Levels:
    """The levels of every row; ``slow`` says which rows belong to slow series."""
    amount = rows["calm_amount"]
    first = _median_of_block(rows, amount)[rows["block"].to_numpy()]
    with np.errstate(all="ignore"):
        share = pl.Series(np.where(first > 0, amount.to_numpy() / first, np.nan)).fill_nan(None)
    ratio = _ratios(rows, share)
    ratio[slow] = 1.0
    ratio[rows["closed"].to_numpy() & ~slow] = 0.0
    with np.errstate(all="ignore"):
        flat = pl.Series(np.where(ratio > 0.05, amount.to_numpy() / ratio, np.nan)).fill_nan(None)
    blocks = (
        rows.with_columns(slow=pl.Series(slow))
        .group_by("block", maintain_order=True)
        .agg(
            pl.col("place", "line", "week", "active", "slow").first(),
            pl.col("calm_amount").count().alias("n"),
        )
    )
    level = _sparse_levels(blocks, _median_of_block(rows, flat))
    level = _slow_levels(rows, level, slow)
    return _around(rows, blocks, level, ratio)


def _sparse_levels(blocks: pl.DataFrame, level: FloatArray) -> FloatArray:
    """The weekly levels; a week of one or two rows takes the median of the three months around.

    Otherwise a row would be its own level, and nothing could be far from it.
    """
    own = pl.Series("own", level).fill_nan(None)
    months = pl.col("own").rolling_median(NEARBY_WEEKS, center=True, min_samples=1).over("place")
    made = blocks.select("place", "n", own).select(
        pl.when(pl.col("n") < WEEK_ROWS).then(months).otherwise("own")
    )
    return made.to_series().cast(pl.Float64).to_numpy()


def _around(
    rows: pl.DataFrame, blocks: pl.DataFrame, level: FloatArray, ratio: FloatArray
) -> Levels:
    """Levels of the weeks before and after, and of the months around, for every row."""
    around = blocks.with_columns(level=pl.Series(level).fill_nan(None)).with_columns(
        pl.col("level").forward_fill().backward_fill().over("place")
    )
    near = [pl.col("level").shift(n).over("place") for n in (-1, 0, 1)]
    used = pl.when("active").then("level")
    months = used.rolling_median(NEARBY_WEEKS, center=True, min_samples=1)
    made = around.with_columns(
        own=pl.col("level"),
        low=pl.min_horizontal(near),
        high=pl.max_horizontal(near),
        nearby=months.over("place"),
        usual=used.median().over("place"),
    )
    made = made.with_columns(_with_the_line(name) for name in ("nearby", "usual"))
    of_row = rows["block"].to_numpy()
    names = ("own", "low", "high", "nearby", "usual")
    return Levels(ratio=ratio, **{name: made[name].to_numpy()[of_row] for name in names})


def _with_the_line(name: str) -> pl.Expr:
    """A level times how the line's busy parts moved against theirs in that week (median)."""
    busy = pl.col("active") & ~pl.col("slow") & (pl.col(name) >= BUSY_LEVEL)
    share = pl.when(busy).then(pl.col("own") / pl.col(name))
    key = ["line", "week"]
    moved = pl.when(share.count().over(key) >= BUSY_PARTS).then(share.median().over(key))
    return (pl.col(name) * moved.fill_null(1.0)).alias(name)


def _median_of_block(rows: pl.DataFrame, values: pl.Series) -> FloatArray:
    made = pl.DataFrame({"block": rows["block"], "v": values})
    medians = made.group_by("block", maintain_order=True).agg(pl.col("v").median())["v"]
    return medians.cast(pl.Float64).to_numpy()


def _ratios(rows: pl.DataFrame, share: pl.Series) -> FloatArray:
    """Median share of the slot; of its shift where the slot has few rows, or its median is 0."""
    made = rows.select("slot_key", "shift_key").with_columns(share=share)
    known, middle = pl.col("share").count(), pl.col("share").median()
    slots = made.group_by("slot_key").agg(
        pl.col("shift_key").first(), known.alias("n"), middle.alias("ratio")
    )
    shifts = made.group_by("shift_key").agg(middle.alias("of_shift"))
    few = (pl.col("n") < SLOT_ROWS) | (pl.col("ratio") <= 0)
    table = slots.join(shifts, on="shift_key").select(
        "slot_key", pl.when(few).then("of_shift").otherwise("ratio").fill_null(1.0).alias("ratio")
    )
    joined = made.select("slot_key").join(table, on="slot_key", how="left", maintain_order="left")
    ratio = joined["ratio"].to_numpy().copy()
    ratio[~(ratio > 0)] = 1.0
    return ratio


def _slow_levels(rows: pl.DataFrame, level: FloatArray, slow: BoolArray) -> FloatArray:
    """The weekly levels, with the mean of nine weeks of cut amounts for slow series."""
    if not slow.any():
        return level
    amount = pl.col("calm_amount")
    usual = amount.filter(amount > 0).median().over("place")
    cut = rows.filter(pl.Series(slow)).with_columns(
        pl.min_horizontal(amount, SLOW_CUT * usual).alias("calm_amount")
    )
    weekly = cut.group_by("block", maintain_order=True).agg(
        pl.col("place").first(), amount.sum().alias("sum"), amount.count().alias("n")
    )
    total, count = (
        pl.col(name)
        .cast(pl.Float64)
        .rolling_sum(SLOW_WEEKS, center=True, min_samples=1)
        .over("place")
        for name in ("sum", "n")
    )
    means = weekly.select("block", (total / count).alias("mean"))
    made = level.copy()
    made[means["block"].to_numpy()] = means["mean"].to_numpy()
    return made


def weeks_of(rows: pl.DataFrame, series: pl.Series, level: FloatArray) -> pl.DataFrame:
    """``series, line, at`` (first row), ``level, rows`` (calm) of every week."""
    made = rows.select("block", "line", "at", "calm_amount").with_columns(
        series, level=pl.Series(level)
    )
    return (
        made.group_by("block", maintain_order=True)
        .agg(
            pl.col("series", "line", "at", "level").first(),
            pl.col("calm_amount").count().alias("rows"),
        )
        .drop("block")
    )
