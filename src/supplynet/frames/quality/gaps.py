"""Gaps in the calendar: periods that a line worked (``slots``) and a series does not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.quality.found import Found, no_places, places
from supplynet.frames.quality.prepared import Prepared
from supplynet.frames.quality.slots import Slots, slots_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gaps:
    """What is missing: findings, periods wanted and days of each series, and closed days."""

    missing: Found
    wanted: pl.Series
    days: pl.Series
    closed: Found


def missing_periods(prepared: Prepared, plant: Plant | None) -> Gaps:
    """Periods between a series' first and last row in which it has none."""
    slots, closed = slots_of(prepared, plant)
    looks = [_look(prepared, chunk, slots) for chunk in prepared.chunks()]
    spans = pl.concat([look.spans for look in looks]) if looks else _NO_SPANS
    holes = pl.concat([look.holes for look in looks]) if looks else no_places()
    holes = holes.sort("units", descending=True, maintain_order=True)
    wanted = spans.select(pl.max_horizontal("wanted", "rows").cast(pl.Int64)).to_series()
    return Gaps(
        missing=Found(total=int(wanted.sum()), places=holes),
        wanted=wanted,
        days=spans["days"],
        closed=closed,
    )


class _Look(NamedTuple):
    """Of a chunk: missing periods, and per series ``rows, days, wanted`` (null without slots)."""

    holes: pl.DataFrame
    spans: pl.DataFrame


_NO_SPANS = pl.DataFrame(schema={"rows": pl.UInt32, "days": pl.UInt32, "wanted": pl.UInt32})


def _look(prepared: Prepared, chunk: pl.DataFrame, slots: Slots) -> _Look:
    placed = chunk.select("series", "line", "at", "start").join(
        slots, on=["line", "at"], how="left", maintain_order="left"
    )
    if prepared.is_shifted:
        placed = placed.sort("series", "at", maintain_order=True)
    day, slot, series = pl.col("at").dt.date(), pl.col("slot"), pl.col("series")
    new_day = ((day != day.shift(1)) | (series != series.shift(1))).fill_null(True)
    spans = (
        placed.with_columns(new_day=new_day)
        .group_by("series", maintain_order=True)
        .agg(
            pl.len().alias("rows"),
            pl.col("new_day").sum().alias("days"),
            (slot.max() - slot.min() + 1).alias("wanted"),
        )
    )
    return _Look(
        _holes(prepared, placed.drop_nulls("slot"), slots), spans.select(_NO_SPANS.columns)
    )


def _holes(prepared: Prepared, ordered: pl.DataFrame, slots: Slots) -> pl.DataFrame:
    """One finding per run of missing periods."""
    before = pl.col("slot").shift(1)
    step = (pl.col("slot").cast(pl.Int64) - before - 1).alias("units")
    same = pl.col("series") == pl.col("series").shift(1)
    holes = ordered.with_columns(step, first=before + 1).filter(same & (pl.col("units") > 0))
    found = holes.with_columns(
        period_start=slots["at"].gather(holes["first"]),
        period_end=pl.col("at"),
        value=pl.col("units").cast(pl.Float64),
    )
    return places(prepared.of_series(found))
