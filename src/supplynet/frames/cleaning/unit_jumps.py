"""Stretches in which packs were counted as pieces are multiplied back by the pack size.

A stretch is several rows in a row of one series that all lie far below the series' own weeks around
it, while the line's other parts do not. Its ratio to them must be a pack size: one that the plant
has for that part, or one of a list of common ones. Where several of the list fit, the stretch is
not guessed at: its demand becomes not observed. A drop by no pack size is a real one and stays.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple

import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.cleaning.change import ROW, WHY, WORK_SCHEMA, Change, Context
from supplynet.frames.cleaning.settings import UnitJumpsSettings
from supplynet.frames.cleaning.usual import half_window, with_usual

REACH_DAYS = 45.0
"""A stretch is shorter than this; a longer one is taken for the series' own level."""
LOW = 0.4
"""Amounts below this share of the usual may be packs."""
SMOOTHED_ROWS = 5
NEAR = 0.08
"""A ratio this near to a size on the log scale fits, also where it seems surer than that."""
ERRORS = 2.5
"""And so does one that is this many of its standard errors away ..."""
WIDEST = 0.25
"""... unless it is so uncertain that nearly any size would fit: slow parts are not judged."""


class _Run(NamedTuple):
    """A stretch: its sum over the usual sum, the standard error of the log of that, its place."""

    run: int
    location_id: str
    part_id: str
    share: float
    error: float
    rows: int
    enclosed: bool


def unit_jumps(work: pl.DataFrame, settings: UnitJumpsSettings, context: Context) -> Change | None:
    """Multiply the amounts of such stretches by their pack size."""
    if work.height < settings.least_rows:
        return None
    made = _with_runs(context.of_lines(work), half_window(work, REACH_DAYS), settings.least_rows)
    packs = _packs(context.plant)
    found = []
    for each in map(_Run._make, _low_runs(made).iter_rows()):
        if each.rows >= settings.least_rows and each.share > 0:
            of_part = packs.get(each.part_id, ())
            size = _size(each, of_part, settings.pack_sizes)
            if size is not None:
                found.append((each.run, size or None, 1 / each.share))
    if not found:
        return None
    schema = {"_run": pl.UInt32(), "_size": pl.Int64(), "_ratio": pl.Float64()}
    table = pl.DataFrame(found, schema=schema, orient="row").with_columns(_hit=True)
    hits = made.join(table, on="_run").select(ROW, "_size", "_ratio", "_hit")
    return Change(frame=_multiplied(work.join(hits, on=ROW, how="left", maintain_order="left")))


def _with_runs(work: pl.DataFrame, half: int, least_rows: int) -> pl.DataFrame:
    """Rows of the lines with stretches, as ``_shared`` has them.

    Found stretches drag the medians around them down, so what is usual is taken again without.
    """
    made = _shared(with_usual(work, half))
    long = (pl.len() >= least_rows) & (pl.col("_amount").sum() > 0)
    runs = made.filter("_low").group_by("_run").agg(pl.col("_line").first(), long.alias("_long"))
    lines = runs.filter("_long")["_line"].unique()
    made = made.filter(pl.col("_line").is_in(lines.implode()))
    return _shared(with_usual(made.select(work.columns), half, without=made["_low"]))


def _shared(made: pl.DataFrame) -> pl.DataFrame:
    """``_share`` of the usual, ``_low`` where it stays far below 1, ``_run`` of equal ``_low``."""
    share = pl.when(pl.col("_fast") & (pl.col("_usual") > 0)).then(
        pl.col("_amount") / pl.col("_usual")
    )
    made = made.with_columns(share.alias("_share"))
    smooth = pl.col("_share").rolling_median(SMOOTHED_ROWS, min_samples=3, center=True)
    low = (smooth.over("_series") < LOW).fill_null(False)
    made = made.with_columns(low.alias("_low"))
    return made.with_columns(pl.struct("_series", "_low").rle_id().alias("_run"))


def _low_runs(made: pl.DataFrame) -> pl.DataFrame:
    """One row per low run, as ``_Run`` has it.

    What is usual is a median; sums are compared with sums, so it is scaled to the mean first.
    """
    seen = pl.col("_share").is_not_null()
    total = pl.col("_amount").filter(seen).sum() / pl.col("_usual").filter(seen).sum()
    high = seen & ~pl.col("_low")
    scale = pl.col("_amount").filter(high).sum() / pl.col("_usual").filter(high).sum()
    made = made.with_columns(scale.over("_series").alias("_scale"))
    mean = total / pl.col("_scale").first()
    runs = made.group_by("_run", maintain_order=True).agg(
        *(pl.col(name).first() for name in ("_series", "location_id", "part_id", "_low")),
        mean.alias("_mean"),
        pl.col("_share").std().fill_null(1.0).alias("_std"),
        seen.sum().alias("_rows"),
    )
    place = pl.int_range(pl.len()).over("_series")
    enclosed = (place > 0) & (place < pl.len().over("_series") - 1)
    error = pl.col("_std") / pl.col("_mean") / pl.col("_rows").sqrt()
    runs = runs.with_columns(enclosed.alias("_enclosed"), error.alias("_error"))
    low = runs.filter(pl.col("_low") & pl.col("_mean").is_finite())
    return low.select("_run", "location_id", "part_id", "_mean", "_error", "_rows", "_enclosed")


def _packs(plant: Plant | None) -> dict[str, tuple[int, ...]]:
    """Container sizes of every part by the plant's supply and purchase rules."""
    sizes: dict[str, set[int]] = {}
    for rule in () if plant is None else plant.supply_rules:
        sizes.setdefault(rule.part_id, set()).add(rule.container_size)
    for purchase in () if plant is None else plant.purchase_rules:
        sizes.setdefault(purchase.part_id, set()).add(purchase.multiple)
    return {part: tuple(sorted(s for s in found if s >= 3)) for part, found in sizes.items()}


def _size(run: _Run, of_part: Collection[int], common: Collection[int]) -> int | None:
    """Pack size of a stretch; 0 when several fit equally well; None when it is no unit jump.

    A stretch at an end of the series may be a part that is phased in or out: only a size of the
    part itself is taken there.
    """
    fits = _fitting(run, of_part)
    if fits:
        return fits[0]
    fits = _fitting(run, common) if run.enclosed else []
    if not fits:
        return None
    return fits[0] if len(fits) == 1 else 0


def _fitting(run: _Run, sizes: Collection[int]) -> list[int]:
    """Sizes that the ratio may be, the nearest first."""
    allowed = max(NEAR, ERRORS * run.error)
    if allowed > WIDEST:
        return []
    away = sorted((abs(math.log(run.share * size)), size) for size in sizes)
    return [size for distance, size in away if distance <= allowed]


def _multiplied(made: pl.DataFrame) -> pl.DataFrame:
    hit, size = pl.col("_hit").fill_null(False), pl.col("_size")
    ratio = pl.col("_ratio").round(1).cast(pl.String)
    about = pl.concat_str(pl.lit("about 1/"), ratio, pl.lit(" of the weeks around it: "))
    packs = pl.concat_str(about, pl.lit("packs of "), size.cast(pl.String))
    unsure = pl.concat_str(about, pl.lit("packs of a size that cannot be told, not observed"))
    why = pl.when(hit & size.is_not_null()).then(packs).when(hit).then(unsure)
    cells = [
        pl.when(hit & size.is_not_null())
        .then(pl.col(name) * size)
        .otherwise(pl.col(name))
        .alias(name)
        for name in ("consumed", "rate", "demand")
    ]
    made = made.with_columns(why.alias(WHY), *cells)
    unknown = pl.when(~(hit & size.is_null())).then(pl.col("demand")).alias("demand")
    return made.with_columns(unknown).select(*WORK_SCHEMA.names(), WHY)
