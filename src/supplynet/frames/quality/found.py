"""What a rule found: places, how many units they are, and of how many."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from supplynet.frames.tables import MOMENT

SERIES = ("location_id", "part_id")
FINDINGS_SCHEMA = pl.Schema(
    {
        "rule": pl.String(),
        "location_id": pl.String(),
        "part_id": pl.String(),
        "period_start": MOMENT,
        "period_end": MOMENT,
        "value": pl.Float64(),
        "detail": pl.String(),
    }
)
"""One row per finding. A single row of the data has ``period_end`` null; a stretch is ``[start,
end)``; a whole series has neither. ``value`` is the amount, length or factor that ``detail`` or the
rule's sentence speaks of."""
PLACE_SCHEMA = pl.Schema(
    {name: dtype for name, dtype in FINDINGS_SCHEMA.items() if name != "rule"}
    | {"units": pl.UInt32()}
)
"""Findings of one rule; ``units`` is how many rows or periods the finding is about."""


def no_places() -> pl.DataFrame:
    """No findings."""
    return pl.DataFrame(schema=PLACE_SCHEMA)


def places(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` as findings: what it lacks of ``PLACE_SCHEMA`` is null, ``units`` is 1."""
    made = frame if "units" in frame.columns else frame.with_columns(units=pl.lit(1))
    return made.select(
        (pl.col(name) if name in made.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in PLACE_SCHEMA.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Findings of one rule.

    Attributes:
        total: Units looked at: rows, periods, series, ...
        places: ``PLACE_SCHEMA``, in the order in which examples are to be named.
        note: What more there is to say, after the share; "" = nothing.
        rows: Indices of the rows in the table as given, where findings are single rows.
    """

    total: int
    places: pl.DataFrame = field(default_factory=no_places)
    note: str = ""
    rows: pl.Series | None = None
