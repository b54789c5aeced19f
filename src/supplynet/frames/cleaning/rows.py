"""Steps that look at a row and its key alone: duplicates, negatives, the future."""

from __future__ import annotations

import polars as pl

from supplynet.frames.cleaning.change import CONTENT, ROW, WHY, Change, Context
from supplynet.frames.cleaning.settings import (
    DuplicatesSettings,
    NegativesSettings,
    NoSettings,
)
from supplynet.frames.demand import DEMAND_SCHEMA, KEY

_AMOUNTS = ("consumed", "rate", "demand")
_MINUTES = ("starved_minutes", "stopped_minutes")


def duplicates(work: pl.DataFrame, settings: DuplicatesSettings, context: Context) -> Change | None:
    """One row per key: twins are dropped, of others the last one wins or their sum stays."""
    auto = "sum" if context.orders else "last"
    same_key = auto if settings.same_key == "auto" else settings.same_key
    whole = pl.all_horizontal(pl.col(KEY).is_not_null())
    repeated = work.select(pl.struct(KEY).is_duplicated() & whole).to_series()
    if not repeated.any():
        return None
    rows = work.filter(repeated).sort(*KEY, ROW)
    marked = _summed(rows) if same_key == "sum" else _last(rows)
    return _merge(work, marked)


def _last(rows: pl.DataFrame) -> pl.DataFrame:
    """Every row but the last of its key is marked to go."""
    last, winner = pl.col(ROW).is_last_distinct(), pl.col(ROW).last()
    last = pl.col(ROW) == winner.over(KEY)
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).last().over(KEY)) for name in DEMAND_SCHEMA
    )
    said = (
        pl.when(same)
        .then(pl.lit("same as row "))
        .otherwise(pl.lit("same place, part and time as row "))
    )
    after = pl.when(same).then(pl.lit("")).otherwise(pl.lit(", which came later and counts"))
    why = pl.concat_str(said, winner.over(KEY).cast(pl.String), after)
    return rows.with_columns(pl.when(~last).then(why).alias(WHY), (~last).alias("_drop"))


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    """The first row of every key gets the sum of its different rows; the others go.

    A row all of whose cells, also those of columns that a demand frame does not have, are in an
    earlier row is sent twice and not summed. A sum with an unknown part is unknown.
    """
    twin = ~pl.struct(*KEY, CONTENT).is_first_distinct() & pl.col(CONTENT).is_not_null()
    rows = rows.with_columns(twin.alias("_twin"))
    first = (pl.col(ROW) == pl.col(ROW).min().over(KEY)).alias("_first")
    count = (~pl.col("_twin")).sum().over(KEY)
    sums = [_sum(name).alias(name) for name in _AMOUNTS]
    longest = [pl.col(name).max().over(KEY).alias(name) for name in _MINUTES]
    made = rows.with_columns(first, count.alias("_count"), *sums, *longest)
    kept = pl.col("_first")
    cells = [
        pl.when(kept).then(made[name]).otherwise(rows[name]).alias(name)
        for name in (*_AMOUNTS, *_MINUTES)
    ]
    head = pl.col(ROW).min().over(KEY).cast(pl.String)
    why = (
        pl.when(kept & (pl.col("_count") > 1))
        .then(pl.concat_str(pl.lit("sum of "), pl.col("_count").cast(pl.String), pl.lit(" rows")))
        .when(~kept & pl.col("_twin"))
        .then(pl.concat_str(pl.lit("same as an earlier row; row "), head, pl.lit(" stays")))
        .when(~kept)
        .then(pl.concat_str(pl.lit("added to row "), head))
    )
    return made.with_columns(*cells, why.alias(WHY), (~kept).alias("_drop"))


def _sum(name: str) -> pl.Expr:
    value = pl.when(~pl.col("_twin")).then(pl.col(name))
    unknown = (pl.col(name).is_null() & ~pl.col("_twin")).any().over(KEY)
    return pl.when(~unknown).then(value.sum().over(KEY))


def _merge(work: pl.DataFrame, marked: pl.DataFrame) -> Change:
    """``marked`` rows laid back among the others."""
    names = [name for name in work.columns if name != ROW]
    wanted = marked.select(ROW, *(pl.col(name).alias(f"_{name}_") for name in names), WHY, "_drop")
    made = work.join(wanted, on=ROW, how="left", maintain_order="left")
    touched = pl.col("_drop").is_not_null()
    cells = [
        pl.when(touched).then(pl.col(f"_{name}_")).otherwise(pl.col(name)).alias(name)
        for name in names
    ]
    made = made.with_columns(*cells, pl.col("_drop").fill_null(False))
    return Change(frame=made.select(*work.columns, WHY), drop=made["_drop"])


def negatives(work: pl.DataFrame, settings: NegativesSettings, _context: Context) -> Change | None:
    """Amounts below 0 are returns or slips: how much was used is not known from them."""
    new = None if settings.become == "null" else 0
    wrong = {name: pl.col(name) < 0 for name in (*_AMOUNTS, *_MINUTES)}
    found = pl.any_horizontal(wrong.values()).fill_null(False)
    if not work.select(found.any()).item():
        return None
    cells = [
        pl.when(wrong[name])
        .then(pl.lit(0 if name in _MINUTES else new, dtype=DEMAND_SCHEMA[name]))
        .otherwise(pl.col(name))
        .alias(name)
        for name in wrong
    ]
    why = pl.when(found).then(pl.lit("below 0: a return or a slip, not what the period used"))
    return Change(frame=work.with_columns(why.alias(WHY), *cells))


def future(work: pl.DataFrame, _settings: NoSettings, context: Context) -> Change | None:
    """Rows that start after ``now`` cannot have happened."""
    if context.now is None:
        return None
    later = work.select((pl.col("period_start") > context.now).fill_null(False)).to_series()
    if not later.any():
        return None
    said = f"starts after {context.now:%Y-%m-%dT%H:%M:%SZ}"
    return Change(frame=work.with_columns(pl.when(later).then(pl.lit(said)).alias(WHY)), drop=later)
