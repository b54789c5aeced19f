"""Steps that fill demand which was not observed with an estimate: ``impute`` and ``censored``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.cleaning.change import ROW, WHY, Change, Context
from supplynet.frames.cleaning.evidence import line_starved
from supplynet.frames.cleaning.periods import period_minutes
from supplynet.frames.cleaning.settings import CensoredSettings
from supplynet.frames.cleaning.uncensor import Hidden, hidden_demand
from supplynet.frames.demand import DEMAND_SCHEMA, KEY

DECIMALS = 3
"""Estimates are rounded: what is beyond says nothing, and a log is read by people."""
APART = 0.501


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """What a step estimated.

    Attributes:
        keys: ``location_id, part_id, period_start`` of each row, and its number in the input.
        hidden: The distribution of their demand, in the same order.
        doubted: What the books say that was consumed, where it is no evidence; else NaN.
    """

    keys: pl.DataFrame
    hidden: Hidden
    doubted: FloatArray

    @property
    def demand(self) -> FloatArray:
        """The estimates, rounded; never below what a starved shift consumed.

        A demand that equals what was consumed reads as counted, so an estimate for a doubted
        booking keeps half a part away from it.
        """
        rounded: FloatArray = np.round(self.hidden.demand, DECIMALS)
        side = np.where((rounded < self.doubted) & (self.doubted > 0), -APART, APART)
        near = np.abs(rounded - self.doubted) < APART
        return np.where(near, self.doubted + side, rounded)

    def draw(self, rng: np.random.Generator) -> pl.DataFrame:
        """The key and one possible ``demand``."""
        drawn = pl.Series("demand", self.hidden.draw(rng), nan_to_null=True)
        return self.keys.drop(ROW).with_columns(drawn)


def estimate_missing(work: pl.DataFrame, context: Context) -> Estimate | None:
    """Demand of the periods in which the line was not starved and nothing is known."""
    return _estimate(work, context, pl.col("demand").is_null() & ~line_starved())


def estimate_censored(
    work: pl.DataFrame, settings: CensoredSettings, context: Context
) -> Estimate | None:
    """Demand of the periods in which the line was starved."""
    unknown = pl.col("demand").is_null()
    if not settings.trust_given:
        unknown |= pl.col("demand") == pl.col("consumed")
    return _estimate(work, context, unknown & line_starved())


def filled(work: pl.DataFrame, found: Estimate, said: str) -> Change:
    """The rows with the estimates in ``demand``; a row whose series was never seen stays."""
    error = pl.Series("_error", found.hidden.standard_error, nan_to_null=True)
    estimate = pl.Series("_estimate", found.demand, nan_to_null=True)
    table = found.keys.with_columns(estimate, error)
    made = work.join(table.drop(KEY), on=ROW, how="left", maintain_order="left")
    new = pl.coalesce("_estimate", "demand")
    why = pl.concat_str(
        pl.lit(said), pl.lit(", standard error "), pl.col("_error").round(2).cast(pl.String)
    )
    changed = pl.col("_estimate").is_not_null() & new.ne_missing(pl.col("demand"))
    return Change(
        frame=made.with_columns(new.alias("demand"), pl.when(changed).then(why).alias(WHY))
    )


def _estimate(work: pl.DataFrame, context: Context, wanted: pl.Expr) -> Estimate | None:
    work = work.drop_nulls(list(KEY))
    if work.is_empty():
        return None
    rows = work.select(wanted.fill_null(False).alias("wanted"))["wanted"]
    places = np.flatnonzero(rows.to_numpy()).astype(np.int64)
    if not places.size:
        return None
    frame = work.select(DEMAND_SCHEMA.names())
    hidden = hidden_demand(frame, period_minutes(frame, context.plant), places)
    doubted = pl.when(~line_starved()).then(pl.col("consumed")).cast(pl.Float64)
    booked = work.select(doubted.fill_null(np.nan).alias("booked"))["booked"].to_numpy()[places]
    return Estimate(keys=work.select(*KEY, ROW)[places], hidden=hidden, doubted=booked)
