"""The truth about a made-up world: what was put in on purpose, where, when, and how strong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

import polars as pl

from supplynet.frames.tables import MOMENT

EffectRow: TypeAlias = tuple[
    str, str | None, str | None, datetime | None, datetime | None, float | None, str | None
]
"""One effect before it is in a frame: the columns of ``EFFECTS_SCHEMA`` in order."""

EFFECTS_SCHEMA = pl.Schema(
    {
        "kind": pl.String(),
        "location_id": pl.String(),
        "part_id": pl.String(),
        "period_start": MOMENT,
        "period_end": MOMENT,
        "strength": pl.Float64(),
        "detail": pl.String(),
    }
)
"""One row per effect. ``part_id`` null = every part of the line; ``period_end`` null = that one
period, or lasting where ``detail`` says so; ``strength`` as in ``KINDS``."""

KINDS: dict[str, str] = {
    "holiday": "not worked, or worked less; strength = factor on units",
    "level_shift": "lasting change of level from here on; strength = factor",
    "ramp_up": "a new part grows from 0 to its level; strength = 1",
    "run_out": "a part fades to 0; strength = 0",
    "campaign": "more units for some days; strength = factor",
    "product_shock": "shared by the lines of a product, when beyond two deviations; factor",
    "stop": "planned stop; strength = minutes",
    "halt": "the line starved; strength = minutes; part_id names the missing part when it is known",
    "late_truck": "what was ordered here came late; strength = periods late, detail = order_id",
    "missing_rows": "rows left out from start to end; strength = rows, detail = their amounts",
    "nulls": "the amount was left out; strength = true amount",
    "duplicate": "the row is there twice; strength = number of extra rows",
    "negative": "the amount was turned negative; strength = true amount",
    "future": "a further row after the end of the history",
    "outlier": "the amount was multiplied; strength = factor, detail = what it was",
    "miscount": "too much here and too little in the next period, or the reverse; strength = parts "
    "too much here, detail = the next period",
    "unit_jump": "packs were counted as pieces from start to end; strength = pack size, detail = "
    "true amounts",
    "time_shift": "stamps are off from start to end; strength = hours",
    "shift_name": "the shift is spelt otherwise; detail = what it was",
    "unknown_id": "the part or line has a name that the plant does not know, given here as it is "
    "written; detail = the true line/part",
    "constant": "the series repeats one value from start to end; strength = the value, detail = "
    "true amounts",
    "dead": "the series shows 0 from start on although it is used; detail = true amounts",
    "late_event": "the event came late; strength = minutes, detail = event_id",
    "duplicate_event": "the event came twice; strength = minutes between, detail = event_id",
}
"""Every kind of effect, and what its strength means."""


def no_effects() -> pl.DataFrame:
    """An effects frame without rows."""
    return pl.DataFrame(schema=EFFECTS_SCHEMA)


def effects_frame(rows: Iterable[EffectRow]) -> pl.DataFrame:
    """The rows as an effects frame, sorted by place, part, time and kind."""
    frame = pl.DataFrame(list(rows), schema=EFFECTS_SCHEMA, orient="row")
    return frame.sort("location_id", "part_id", "period_start", "kind")


def effects_of(kind: str, columns: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Effects of one kind from whole columns; what is left out is null."""
    frame = pl.DataFrame({name: columns[name] for name in EFFECTS_SCHEMA if name in columns})
    rest = [
        pl.lit(kind if name == "kind" else None).alias(name)
        for name in EFFECTS_SCHEMA
        if name not in columns
    ]
    return frame.with_columns(rest).select(EFFECTS_SCHEMA.names()).cast(EFFECTS_SCHEMA)
