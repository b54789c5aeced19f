"""Stretches that are counted in another unit: a pack as a piece, or the reverse."""

from __future__ import annotations

import numpy as np
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import NotFound
from supplynet.frames.quality.expected import Expected, stabilise
from supplynet.frames.quality.found import SERIES, Found, places
from supplynet.frames.quality.prepared import Prepared
from supplynet.frames.quality.weeks import BoolArray

FACTOR = 2.5  # of a running median; the stretch as a whole needs more:
MEAN_FACTOR = 3.0
LEAST_ROWS = 4
FAR = 8.0  # standard deviations of the stretch as a whole
WINDOW = 5  # rows of the running median, which keeps the edges of longer steps
BESIDE = 14  # rows on each side of a stretch that its factor is taken from
EDGE = 3  # rows from an edge in which the running median is past it
LEAST_BASE = 6.0  # parts a row; below, a pack less cannot be told from nothing
MOST_SPREAD = 1.0  # beyond, a series has no level that could jump
MOST_ZEROS = 0.8  # beyond, nothing is counted at all
ABRUPT = 0.6  # share of the jump that happens at once
CONTAINER_MATCH = 0.2


def jumps(chunk: pl.DataFrame, expected: Expected) -> pl.DataFrame:
    """Stretches at another level by a factor of three or more, from one row to the next.

    The level is compared with that of the three months around, and with that of the whole series,
    which also shows longer stretches; of two that overlap the longer one is meant.

    Returns:
        ``series, period_start, period_end, units`` (rows), ``factor`` (usual level over the
        stretch's, below 1 where the stretch is higher), ``first, last`` (places in the chunk).
    """
    found = pl.concat(
        [_jumps_from(chunk, expected, base) for base in (expected.nearby, expected.base)]
    ).sort("units", descending=True, maintain_order=True)
    taken, kept = np.zeros(chunk.height, dtype=np.bool_), []
    for first, last in found.select("first", "last").iter_rows():
        kept.append(not taken[first : last + 1].any())
        taken[first : last + 1] = True
    return found.filter(pl.Series(kept, dtype=pl.Boolean))


def _jumps_from(chunk: pl.DataFrame, expected: Expected, base: FloatArray) -> pl.DataFrame:
    """Jumps away from ``base``, the usual level of each row."""
    rows = _smoothed(chunk, expected, base)
    rows = rows.with_columns(
        state=pl.when("far").then(pl.col("smooth").sign()).otherwise(0.0),
        before=pl.col("smooth").shift(EDGE).over("series"),
        after=pl.col("smooth").shift(-EDGE).over("series"),
    ).with_columns(run=pl.struct("series", "state").rle_id())
    runs = rows.filter(pl.col("state") != 0).group_by("run", maintain_order=True)
    return runs.agg(_facts_of_run()).filter(_is_jump()).drop("run")


def _smoothed(chunk: pl.DataFrame, expected: Expected, base: FloatArray) -> pl.DataFrame:
    """Rows that can show a jump: log ratio to ``base``, smooth, and deviation from it, ``off``."""
    amount = chunk["amount"].to_numpy()
    level = ~expected.slow & (expected.spread <= MOST_SPREAD)
    usable = chunk["calm"].to_numpy() & (base >= LEAST_BASE) & level
    with np.errstate(all="ignore"):
        ratio = np.log((np.maximum(amount, 0) + 0.5) / (base + 0.5))
        off = expected.shown - stabilise(base, expected.spread, expected.lump)
        off /= expected.scale
    rows = chunk.select(
        "series",
        "start",
        "amount",
        pl.int_range(pl.len()).alias("place"),
        pl.Series("steady", expected.base),
        pl.Series("ratio", ratio),
        pl.Series("off", off),
        pl.col("start").shift(-1).over("series").alias("following"),
    ).filter(pl.Series(usable))
    smooth = pl.col("ratio").rolling_median(WINDOW, center=True, min_samples=1)
    rows = rows.with_columns(smooth=smooth.over("series"))
    rows = rows.with_columns(far=pl.col("smooth").abs() > np.log(FACTOR))
    rows = rows.filter(pl.col("far").any().over("series"))  # most series are done with here
    steady = ((pl.col("amount") + 0.5) / (pl.col("steady") + 0.5)).log()
    lately = steady.rolling_median(BESIDE, min_samples=EDGE)
    return rows.with_columns(
        just_before=lately.shift(1).over("series"),
        just_after=lately.shift(-BESIDE).over("series"),
    )


def _facts_of_run() -> list[pl.Expr]:
    smooth = pl.col("smooth")
    # The usual level may be somewhat off; the rows on both sides show by how much.
    beside = pl.mean_horizontal(pl.col("just_before").first(), pl.col("just_after").last())
    return [
        pl.col("series").first(),
        pl.len().alias("units"),
        pl.col("start").first().alias("period_start"),
        pl.col("following").last().alias("period_end"),
        pl.col("place").first().alias("first"),
        pl.col("place").last().alias("last"),
        (pl.col("steady").sum() / pl.col("amount").sum() * beside.exp()).alias("factor"),
        (pl.col("off").sum().abs() / pl.len().sqrt()).alias("together"),
        (pl.col("amount") == 0).mean().alias("zeros"),
        smooth.median().alias("depth"),
        smooth.head(EDGE).mean().alias("head"),
        smooth.tail(EDGE).mean().alias("tail"),
        pl.col("before").first(),
        pl.col("after").last(),
    ]


def _is_jump() -> pl.Expr:
    """Long, deep and sure enough, and its ends are steps; the series' own ends are not."""
    depth = pl.col("depth")
    enters = (pl.col("head") - pl.col("before")) / depth >= ABRUPT
    leaves = (pl.col("tail") - pl.col("after")) / depth >= ABRUPT
    steps = enters.fill_null(True) & leaves.fill_null(True) & (enters | leaves).fill_null(False)
    returns = ((pl.col("before") - pl.col("after")) / depth).abs() <= 1 - ABRUPT
    factor = pl.col("factor")
    deep = (
        factor.is_finite()
        & (pl.col("zeros") <= MOST_ZEROS)
        & (factor.log().abs() > np.log(MEAN_FACTOR))
    )
    long = (pl.col("units") >= LEAST_ROWS) & (pl.col("together") > FAR)
    return pl.all_horizontal(steps, returns.fill_null(True), deep, long)


def without_stuck(jumps: pl.DataFrame, stuck: pl.DataFrame) -> pl.DataFrame:
    """Jumps that do not overlap a stuck stretch of their series: that has another reason."""
    other = stuck.select("series", begin="period_start", end="period_end")
    starts_before = pl.col("end").is_null() | (pl.col("period_start") < pl.col("end"))
    ends_after = pl.col("period_end").is_null() | (pl.col("begin") < pl.col("period_end"))
    both = jumps.join(other, on="series").filter(starts_before & ends_after)
    return jumps.join(both, on=["series", "first"], how="anti", maintain_order="left")


def inside(runs: pl.DataFrame, height: int) -> BoolArray:
    """Rows of a chunk that lie in one of its ``runs``."""
    edges = np.zeros(height + 1, dtype=np.int64)
    np.add.at(edges, runs["first"].to_numpy(), 1)
    np.add.at(edges, runs["last"].to_numpy() + 1, -1)
    made: BoolArray = np.cumsum(edges[:-1]) > 0
    return made


def unit_jumps(prepared: Prepared, runs: pl.DataFrame, plant: Plant | None) -> Found:
    """Jumps with the container size or whole factor that explains them.

    ``value`` is the factor that brings the stretch to the series' usual level: 12 where packs of 12
    were counted as pieces, 1/12 for the reverse.
    """
    found = prepared.of_series(runs.sort("units", descending=True, maintain_order=True))
    words, factors = [], []
    for location, part, factor in found.select(*SERIES, "factor").iter_rows():
        low = factor >= 1
        times = factor if low else 1 / factor
        size = _container(plant, location, part)
        fits = size is not None and abs(times / size - 1) <= CONTAINER_MATCH
        whole = size if fits and size is not None else round(times)
        words.append(
            f"{times:.1f} times too {'low' if low else 'high'}"
            + (f", container size {size}" if fits else "")
        )
        factors.append(float(whole) if low else 1 / whole)
    made = found.with_columns(
        detail=pl.Series(words, dtype=pl.String), value=pl.Series(factors, dtype=pl.Float64)
    )
    return Found(total=prepared.rows.height, places=places(made))


def _container(plant: Plant | None, location_id: str, part_id: str) -> int | None:
    if plant is None:
        return None
    try:
        rule = plant.supply_rule.get((plant.stock_point_of(location_id), part_id))
    except NotFound:
        return None
    return rule.container_size if rule is not None and rule.container_size > 1 else None
