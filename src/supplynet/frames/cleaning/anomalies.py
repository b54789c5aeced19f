"""Odd values that a person has looked at become not observed; nobody else decides about them.

What a detector flags is an offer. It comes here as a table that somebody hands over, and each row
of it is logged with the detector's own sentence. As with outliers only ``demand`` is changed:
``consumed`` is in the books.
"""

from __future__ import annotations

import polars as pl

from supplynet.errors import InvalidInput
from supplynet.frames.aliases import rename_aliases, to_polars
from supplynet.frames.cleaning.change import WHY, Change, Context
from supplynet.frames.cleaning.settings import NoSettings
from supplynet.frames.demand import KEY, cast_moment

DROP, KEEP = "drop", "keep"
_SAID = "said to be odd"


def confirmed(data: object) -> pl.DataFrame:
    """The rows of a table of odd values that may go.

    With a column ``use`` (``supplynet detect --review FILE``) those in which a person wrote
    ``drop``; with ``is_anomaly`` (``AnomalyDetector.score``) those that are; else all.

    Returns:
        ``KEY`` and ``why``, each key once.

    Raises:
        InvalidInput: It is no table, has no place, part or time, or ``use`` has another word.
    """
    table = rename_aliases(to_polars(data))
    if missing := [name for name in KEY if name not in table.columns]:
        raise InvalidInput(f"odd values need {', '.join(missing)}; see supplynet detect --review")
    if "use" in table.columns:
        use = table["use"].cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
        other = use.filter(~use.is_in([DROP, KEEP, ""]))
        if len(other):
            raise InvalidInput(f"use is {other[0]!r} in {len(other)} rows; write {DROP} or {KEEP}")
        table = table.filter(use == DROP)
    elif "is_anomaly" in table.columns:
        table = table.filter(pl.col("is_anomaly").fill_null(False))
    said = [pl.col(name).cast(pl.String) for name in ("sentence", "kind") if name in table.columns]
    made = table.with_columns(
        pl.col("location_id", "part_id").cast(pl.String),
        cast_moment(table["period_start"]),
        pl.coalesce(*said, pl.lit(_SAID)).alias(WHY),
    )
    return made.select(*KEY, WHY).unique(KEY, keep="first", maintain_order=True)


def anomalies(work: pl.DataFrame, settings: NoSettings, context: Context) -> Change | None:  # noqa: ARG001
    """Demand of confirmed rows becomes not observed."""
    if context.anomalies is None or context.anomalies.is_empty():
        return None
    why = pl.concat_str(pl.col(WHY), pl.lit(" (confirmed: not observed)"))
    told = context.anomalies.with_columns(why.alias(WHY))
    made = work.join(told, on=list(KEY), how="left", maintain_order="left")
    hit = pl.col(WHY).is_not_null() & pl.col("demand").is_not_null()
    if not made.select(hit.any()).item():
        return None
    return Change(
        frame=made.with_columns(
            pl.when(hit).then(None).otherwise("demand").alias("demand"),
            pl.when(hit).then(WHY).alias(WHY),
        )
    )


def not_found(work: pl.DataFrame, told: pl.DataFrame) -> int:
    """How many of the confirmed rows the table does not have."""
    return told.join(work, on=list(KEY), how="anti").height
