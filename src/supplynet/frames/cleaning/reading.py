"""The door: any table becomes rows of a demand frame, with a note of every unreadable cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from supplynet.errors import InvalidInput
from supplynet.frames.aliases import ORDER_ID, rename_aliases, to_polars
from supplynet.frames.cleaning.change import CONTENT, LOG_SCHEMA, ROW, WHY, Change, Context
from supplynet.frames.cleaning.settings import NoSettings
from supplynet.frames.demand import DEMAND_SCHEMA, KEY, cast_demand

LARGEST = 1e12
"""No amount of parts: beyond it, floats and sums lose whole numbers."""
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""No time of a plant: beyond them it is a slip, and calendars have an end."""
_TEXT = (pl.String, pl.Categorical, pl.Enum)
_NUMBERS = [n for n, dtype in DEMAND_SCHEMA.items() if dtype.is_numeric()]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """Rows as they came.

    Attributes:
        frame: ``WORK_SCHEMA``, in the input's order; cells that cannot be read are null (minutes:
            0). It need not conform.
        unreadable: Log rows of those cells, without a step.
        orders: Whether the rows are orders or sales, of which a key may have several: they have an
            order's id, or an amount under none of our own names.
    """

    frame: pl.DataFrame
    unreadable: pl.DataFrame
    orders: bool


def read(data: object) -> Reading:
    """Read a table under any known names; see ``frames.demand.cast_demand`` for what is filled.

    Raises:
        InvalidInput: It is no table, or the key or the amount is missing as a column.
    """
    try:
        given = _table(data)
        raw = rename_aliases(given)
        typed = cast_demand(_with_numbers(raw), strict=False)
        possible = pl.col("period_start").is_between(EARLIEST, LATEST)
        typed = typed.with_columns(pl.when(possible).then(pl.col("period_start")))
        content = raw.hash_rows(seed=0)
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"the table cannot be read: {str(error).splitlines()[0]}") from error
    frame = typed.with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW), content.alias(CONTENT)
    )
    orders = ORDER_ID in raw.columns or not {"consumed", "demand"} & set(given.columns)
    return Reading(frame=frame, unreadable=_unreadable(raw, frame), orders=orders)


def types(work: pl.DataFrame, _settings: NoSettings, _context: Context) -> Change | None:
    """Take out rows without a place, a part or a time. Unreadable cells are empty since reading."""
    bare = pl.any_horizontal(pl.col(KEY).is_null())
    drop = work.select(bare.alias("drop")).to_series()
    if not drop.any():
        return None
    lacking = [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in KEY]
    why = pl.lit("the row has no ") + pl.concat_str(lacking, separator=", ", ignore_nulls=True)
    return Change(frame=work.with_columns(pl.when(drop).then(why).alias(WHY)), drop=drop)


def _table(data: object) -> pl.DataFrame:
    """A polars frame; columns that mix kinds (numbers and words) are taken as text."""
    try:
        return to_polars(data)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        columns: Any = data
        if not isinstance(data, Mapping) and not hasattr(data, "columns"):
            raise InvalidInput(f"the table cannot be read: {error}") from error
        names = list(columns) if isinstance(data, Mapping) else list(columns.columns)
        try:
            return pl.DataFrame([_column(str(name), list(columns[name])) for name in names])
        except (TypeError, ValueError, pl.exceptions.PolarsError) as again:
            raise InvalidInput(f"the table cannot be read: {again}") from again


def _column(name: str, values: list[object]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1:
        return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
    return pl.Series(name, values)


def _with_numbers(raw: pl.DataFrame) -> pl.DataFrame:
    """``raw`` with amounts and minutes as numbers; what is none, is null."""
    return raw.with_columns(
        _number(pl.col(name), raw.schema[name]).alias(name)
        for name in _NUMBERS
        if name in raw.columns
    )


def _number(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_integer():
        number = column
    elif isinstance(dtype, _TEXT):
        number = column.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    elif dtype.is_numeric() or dtype == pl.Boolean:
        number = column.cast(pl.Float64, strict=False)
    else:
        return pl.lit(None, dtype=pl.Float64)
    return pl.when(number.is_between(-LARGEST, LARGEST)).then(number)


def _unreadable(raw: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """One log row for every cell that held something which could not be taken over."""
    logs = [pl.DataFrame(schema=LOG_SCHEMA)]
    for name, dtype in DEMAND_SCHEMA.items():
        if name not in raw.columns or raw.schema[name] == pl.Null:
            continue
        lost = frame[name].is_null() & raw[name].is_not_null()
        if name in _NUMBERS:
            lost = _lost_number(raw, frame, name)
        if lost.any():
            logs.append(_log_of(raw, frame, name, dtype, lost))
    return pl.concat(logs)


def _lost_number(raw: pl.DataFrame, frame: pl.DataFrame, name: str) -> pl.Series:
    """Where a number is not the one that was given; NaN says that nothing was."""
    dtype = raw.schema[name]
    given = raw[name].fill_nan(None) if dtype.is_float() else raw[name]
    number = raw.select(_number(pl.col(name), dtype)).to_series().cast(pl.Float64)
    # A literal has no length of its own: nothing in such a column is a number.
    number = number.new_from_index(0, raw.height) if len(number) != raw.height else number
    return given.is_not_null() & (number.is_null() | (number != frame[name].cast(pl.Float64)))


def _log_of(
    raw: pl.DataFrame, frame: pl.DataFrame, name: str, dtype: pl.DataType, lost: pl.Series
) -> pl.DataFrame:
    kind = {"shift": "a name", "period_start": "a time"}.get(name, "a number of parts")
    kind = "whole minutes" if name.endswith("_minutes") else kind
    cells = frame.filter(lost).with_columns(_old=_texts(raw[name].filter(lost)))
    return cells.select(
        pl.lit(None, dtype=pl.String).alias("step"),
        pl.col(ROW).alias("row"),
        *KEY,
        pl.lit(name).alias("column"),
        pl.col("_old").alias("old"),
        pl.col(name).cast(pl.String).alias("new")
        if not isinstance(dtype, pl.Datetime)
        else pl.lit(None, dtype=pl.String).alias("new"),
        (pl.lit("cannot be read as ") + pl.lit(kind)).alias("why"),
    )


def _texts(column: pl.Series) -> pl.Series:
    """Cells as they came; Python's own text for what polars has none."""
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError:
        pass
    return pl.Series([None if value is None else str(value) for value in column], dtype=pl.String)
