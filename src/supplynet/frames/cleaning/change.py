"""What a step is given and what it gives back; the log that follows from it.

The log is not written by the steps: it is the difference between the rows before and after one, so
nothing can be changed silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from supplynet.core.network import Plant
from supplynet.frames.demand import DEMAND_SCHEMA, KEY

ROW, CONTENT, WHY = "_row", "_content", "why"
WORK_SCHEMA = pl.Schema({**DEMAND_SCHEMA, ROW: pl.Int64(), CONTENT: pl.UInt64()})
"""A demand frame on its way: ``_row`` is the place in the input (added rows count on from there),
``_content`` a hash of all cells of the input's row, those of other columns too."""
LOG_SCHEMA = pl.Schema(
    {
        "step": pl.String(),
        "row": pl.Int64(),
        "location_id": pl.String(),
        "part_id": pl.String(),
        "period_start": pl.Datetime("us", "UTC"),
        "column": pl.String(),
        "old": pl.String(),
        "new": pl.String(),
        "why": pl.String(),
    }
)
"""One row per changed cell, in the order of the changes; key and ``old`` are as they were before.

``row`` is the place in the input, from 0. ``column`` null is a whole row: dropped where ``new`` is
null, added where ``old`` is; its cells are one JSON object.
"""
MOMENT_TEXT = "%Y-%m-%dT%H:%M:%S%.fZ"


@dataclass(frozen=True, kw_only=True)
class Context:
    """What steps may know beside the rows.

    Attributes:
        plant: The network, None when it is not known.
        now: Aware moment after which nothing can have happened, or None.
        orders: Whether rows are orders, of which a key may have several.
        lines: Locations that changed since the step last found nothing more to do; a step that
            judges every line by itself need not look at others. None = all.
        anomalies: Key and reason of odd values that a person has confirmed; None = none.
    """

    plant: Plant | None = None
    now: datetime | None = None
    orders: bool = False
    lines: frozenset[str | None] | None = None
    anomalies: pl.DataFrame | None = None

    def of_lines(self, work: pl.DataFrame) -> pl.DataFrame:
        """The rows of ``lines``."""
        if self.lines is None:
            return work
        return work.filter(pl.col("location_id").is_in(self.lines, nulls_equal=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class Change:
    """Outcome of a step.

    Attributes:
        frame: The step's input, same rows in the same order, with new cells and a column ``why``;
            a row that has no ``why`` is as it was.
        drop: Rows to take out, shape (row,); they need a ``why`` too. None = none.
        added: New rows, demand columns and ``why``. None = none.
    """

    frame: pl.DataFrame
    drop: pl.Series | None = None
    added: pl.DataFrame | None = None


def apply(
    step: str, before: pl.DataFrame, change: Change, first_new: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows after a step, and its part of the log; added rows count from ``first_new``."""
    after = change.frame
    logs = [_changed(step, before, after)]
    if change.drop is not None and change.drop.any():
        logs.append(_dropped(step, after.filter(change.drop)))
        after = after.filter(~change.drop)
    after = after.select(WORK_SCHEMA.names())
    if change.added is not None and change.added.height:
        added = change.added.with_row_index(ROW, offset=first_new).with_columns(
            pl.lit(None, dtype=pl.UInt64).alias(CONTENT), pl.col(ROW).cast(pl.Int64)
        )
        logs.append(_added(step, added))
        after = pl.concat([after, added.select(WORK_SCHEMA.names())])
    return after, pl.concat(logs)


def as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Cells as the log writes them: plain numbers, times in UTC with a Z."""
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime(MOMENT_TEXT)
    return column.cast(pl.String)


def from_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The reverse of ``as_text``."""
    if isinstance(dtype, pl.Datetime):
        return column.str.to_datetime(MOMENT_TEXT, time_unit="us", time_zone="UTC")
    return column.cast(dtype)


def _changed(step: str, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """One log row per cell that differs."""
    logs = [pl.DataFrame(schema=LOG_SCHEMA)]
    for name, dtype in DEMAND_SCHEMA.items():
        differs = before[name].ne_missing(after[name])
        if not differs.any():
            continue
        rows = before.filter(differs).with_columns(
            _new=after[name].filter(differs), _why=after[WHY].filter(differs)
        )
        logs.append(
            rows.select(
                pl.lit(step).alias("step"),
                pl.col(ROW).alias("row"),
                *KEY,
                pl.lit(name).alias("column"),
                as_text(pl.col(name), dtype).alias("old"),
                as_text(pl.col("_new"), dtype).alias("new"),
                pl.col("_why").alias("why"),
            )
        )
    return pl.concat(logs).sort("row", maintain_order=True)


def _dropped(step: str, rows: pl.DataFrame) -> pl.DataFrame:
    return _whole_rows(step, rows, _as_json(), pl.lit(None, dtype=pl.String))


def _added(step: str, rows: pl.DataFrame) -> pl.DataFrame:
    return _whole_rows(step, rows, pl.lit(None, dtype=pl.String), _as_json())


def _whole_rows(step: str, rows: pl.DataFrame, old: pl.Expr, new: pl.Expr) -> pl.DataFrame:
    return rows.select(
        pl.lit(step).alias("step"),
        pl.col(ROW).alias("row"),
        *KEY,
        pl.lit(None, dtype=pl.String).alias("column"),
        old.alias("old"),
        new.alias("new"),
        pl.col(WHY),
    )


def _as_json() -> pl.Expr:
    cells = [as_text(pl.col(name), dtype).alias(name) for name, dtype in DEMAND_SCHEMA.items()]
    return pl.struct(cells).struct.json_encode()
