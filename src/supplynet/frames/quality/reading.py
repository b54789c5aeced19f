"""The door of the report: any table, read cell by cell; what cannot be read is kept as a finding.

Nothing is refused here but what is no table at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.errors import InvalidInput
from supplynet.frames.aliases import rename_aliases, to_polars
from supplynet.frames.demand import DEMAND_SCHEMA, KEY, cast_demand
from supplynet.frames.quality.found import SERIES, Found, places

COLUMNS = tuple(name for name in DEMAND_SCHEMA if name != "rate")
AMOUNTS = ("demand", "consumed")
EMPTY = ("", "nan", "null", "none", "na", "n/a", "-")
"""Text cells that say: nothing here."""
_OPAQUE = (pl.Object, pl.Binary, pl.Duration, pl.Time)
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """A table as it was read.

    Attributes:
        given: The table under our names.
        names: Our column name to the one that the table came with.
        frame: Demand columns in their types, rows as given; without rows when ``problems``.
        bad_cells: One row per cell that cannot be read: ``row`` u32, ``column``, ``value`` as text.
        problems: Why nothing can be checked, as sentences; usually none.
    """

    given: pl.DataFrame
    names: dict[str, str]
    frame: pl.DataFrame
    bad_cells: pl.DataFrame
    problems: tuple[str, ...] = field(default=())

    @property
    def has_bad_cell(self) -> BoolArray:
        """Of each row."""
        mask = np.zeros(self.frame.height, dtype=np.bool_)
        mask[self.bad_cells["row"].to_numpy()] = True
        return mask


def read(data: object) -> Reading:
    """Read any table.

    Raises:
        InvalidInput: It is no table, or has augmented rows.
    """
    table = _table(data)
    try:
        given = rename_aliases(table)
    except (InvalidInput, pl.exceptions.PolarsError) as error:
        return _unusable(table, (f"The columns cannot be told apart: {error}.",))
    problems = _problems(given)
    if problems:
        return _unusable(given, problems)
    same_width = len(table.columns) == len(given.columns)
    names = dict(zip(given.columns, table.columns, strict=True)) if same_width else {}
    readable, opaque = _plain(given)
    frame = _finite(cast_demand(_with_consumed(readable), strict=False).select(COLUMNS))
    bad = [*opaque, *(_bad_cells(column, frame[column.name]) for column in readable)]
    return Reading(given=given, names=names, frame=frame, bad_cells=pl.concat(bad))


def schema_and_types(reading: Reading) -> Found:
    """Rows with cells that cannot be read, each with its column and value."""
    frame, bad = reading.frame, reading.bad_cells
    named = pl.col("column").replace(reading.names) + " " + pl.col("value")
    rows = bad.group_by("row", maintain_order=True).agg(named.str.join(", ").alias("detail"))
    where = frame.select(KEY)[rows["row"]].with_columns(rows["detail"])
    return Found(total=frame.height, places=places(where))


def _table(data: object) -> pl.DataFrame:
    try:
        return to_polars(data)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInput(f"{type(data).__name__} is not a table: {reason}") from error


def _unusable(given: pl.DataFrame, problems: tuple[str, ...]) -> Reading:
    frame = pl.DataFrame(schema=DEMAND_SCHEMA)
    bad = pl.DataFrame(schema={"row": pl.UInt32, "column": pl.String, "value": pl.String})
    return Reading(given=given, names={}, frame=frame, bad_cells=bad, problems=problems)


def _problems(given: pl.DataFrame) -> tuple[str, ...]:
    missing = [name for name in KEY if name not in given.columns]
    if not any(name in given.columns for name in AMOUNTS):
        missing.append("demand")
    if missing:
        there = ", ".join(repr(name) for name in given.columns[:20]) or "no columns at all"
        count = f"{len(missing)} column" + ("s" if len(missing) > 1 else "")
        hint = f"(--map {missing[0]}=YOUR_COLUMN)"
        problem = (
            f"Nothing can be checked: {count} of 4 missing ({', '.join(missing)}); the table has "
            f"{there}; rename them, or name them in the import {hint}."
        )
        return (problem,)
    if given.is_empty():
        return ("Insufficient data for training: there are no rows; import or generate some.",)
    return ()


def _plain(given: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The columns that matter in types that can be cast, and the cells of those that cannot be."""
    columns, opaque = [], []
    for column in (given[name] for name in COLUMNS if name in given.columns):
        dtype = column.dtype
        if isinstance(dtype, pl.Categorical | pl.Enum):
            columns.append(column.cast(pl.String))
        elif dtype.is_nested() or isinstance(dtype, _OPAQUE):
            none = pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, len(column))
            shown = pl.Series(column.name, [str(dtype)]).new_from_index(0, len(column))
            opaque.append(_bad_cells(shown.set(column.is_null(), None), none))
            columns.append(none)
        else:
            columns.append(column)
    return pl.DataFrame(columns), opaque


def _with_consumed(frame: pl.DataFrame) -> pl.DataFrame:
    """With whole numbers beside ``demand`` where they can be: it may be larger than they go."""
    if "consumed" in frame.columns:
        return frame
    amount = pl.col("demand").cast(pl.Float64, strict=False)
    return frame.with_columns(consumed=amount.round().cast(pl.Int64, strict=False))


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Infinity is no amount (text may have brought it, or NaN, in), and "" is no id."""
    demand = pl.col("demand")
    ids = [
        pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)).alias(name)
        for name in SERIES
        if frame[name].str.len_bytes().min() == 0 or frame[name].str.starts_with(" ").any()
    ]
    return frame.with_columns(pl.when(demand.is_finite()).then(demand).alias("demand"), *ids)


def _bad_cells(given: pl.Series, made: pl.Series) -> pl.DataFrame:
    """Cells that were there and are not any more."""
    there = given.is_not_null()
    if given.dtype.is_float():
        there &= given.is_not_nan()
    lost = (there & _is_lost(given, made)).arg_true()
    value = given.gather(lost).cast(pl.String)
    return pl.DataFrame(
        {"row": lost.cast(pl.UInt32), "column": [given.name] * len(lost), "value": value},
        schema={"row": pl.UInt32, "column": pl.String, "value": pl.String},
    ).with_columns(pl.format("'{}'", pl.col("value").str.slice(0, 40)).alias("value"))


def _is_lost(given: pl.Series, made: pl.Series) -> pl.Series:
    """Minutes that are missing are read as 0, so they are read once more."""
    if made.name.endswith("_minutes") and given.dtype != made.dtype:
        made = given.cast(pl.Float64, strict=False)
    if given.dtype == pl.String and made.null_count():
        return made.is_null() & ~given.str.strip_chars().str.to_lowercase().is_in(EMPTY)
    return made.is_null()
