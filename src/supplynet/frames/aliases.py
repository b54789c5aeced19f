"""The door: other libraries' frames and other people's column names come in here, and only here.

Inside, names are fixed (``location_id, part_id, period_start, demand``). Case, spaces and dashes of
a column name do not matter: ``Units Sold`` is ``units_sold``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from supplynet.errors import InvalidInput

DEFAULT_LOCATION = "default"
"""Location of series whose ``unique_id`` names only a part; left out again on the way out."""

ORDER_ID = "order_id"
"""Rows of a table that has it are orders: of one day and part there may be several."""

ALIASES: dict[str, tuple[str, ...]] = {
    "location_id": (
        *("warehouse_id", "warehouse", "store_id", "store", "line_id", "line", "location"),
        *("showroom_id", "showroom", "site_id", "site", "shop_id"),
    ),
    "part_id": (
        *("sku_id", "sku", "item_id", "item", "product_id", "product_code", "part", "part_no"),
        *("part_number", "material", "article", "dept_id", "product"),
    ),
    "period_start": ("date", "ds", "day", "order_date", "timestamp", "week", "month"),
    "demand": ("units_sold", "y", "units", "quantity", "qty", "order_demand", "sales", "value"),
    "consumed": ("consumption", "used"),
    "shift": ("shift_name",),
    "on_hand": ("stock", "stock_on_hand", "quantity_on_hand", "qoh", "quantity", "qty", "units"),
    "counted_at": ("count_date", "counted", "date", "timestamp"),
}
"""Names that are recognised for each of ours."""

WEAK = frozenset(
    {
        *("day", "week", "month", "timestamp", "value", "sales", "units", "used", "count_date"),
        *("line", "location", "site", "store", "product", "part", "item"),
    }
)
"""Aliases so general that they count only where no other alias of the same name is there."""


AUGMENTED = "augmented"
"""Column that marks made-up rows with the method that made them; null = a real row."""


def to_polars(data: object) -> pl.DataFrame:
    """A polars frame of any table: polars, pandas, Arrow (C stream), or a dict of columns.

    Neither pandas nor pyarrow is imported: a frame from there brings its own library along.

    Raises:
        InvalidInput: It is none of these, or has augmented rows.
    """
    frame = _table(data)
    refuse_augmented(frame)
    return frame


def _table(data: object) -> pl.DataFrame:
    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "columns"):
        table: Any = data
        return pl.DataFrame([_pandas_column(str(name), table[name]) for name in table.columns])
    if hasattr(data, "__arrow_c_stream__") or isinstance(data, Mapping):
        return pl.DataFrame(data)
    raise InvalidInput(
        f"{type(data).__name__} is not a table; pass a polars, pandas or Arrow table, or a dict"
    )


def _pandas_column(name: str, column: Any) -> pl.Series:
    """One pandas column; what pandas holds as objects goes through Python values."""
    if getattr(column.dtype, "kind", "O") in "iufb" and "numpy" in type(column.dtype).__module__:
        return pl.Series(name, column.to_numpy())
    if str(column.dtype).startswith("datetime64[") and "," not in str(column.dtype):
        return pl.Series(name, column.to_numpy())
    return pl.Series(name, column.astype(object).where(column.notna(), None).tolist())


def refuse_augmented(frame: pl.DataFrame) -> None:
    """Keep made-up rows out of everything that judges, stores or shows what happened.

    Raises:
        InvalidInput: The frame has rows that ``frames.augmentation`` made.
    """
    if frame.schema.get(AUGMENTED) != pl.String:
        return
    made = frame.height - frame[AUGMENTED].null_count()
    if made:
        raise InvalidInput(
            f"{made} of {frame.height} rows are augmented, they did not happen; pass "
            "without_augmented(frame), or fit on the Augmented object itself"
        )


def match_columns(columns: Iterable[str], targets: Sequence[str]) -> dict[str, str]:
    """Which of ``columns`` holds each of ``targets``; targets that are not there are left out.

    Our own name wins over its aliases.

    Raises:
        InvalidInput: Two columns are aliases of the same target.
    """
    by_name: dict[str, list[str]] = {}
    for column in columns:
        by_name.setdefault(_plain(column), []).append(column)
    matched: dict[str, str] = {}
    for target in targets:
        aliases = [alias for alias in ALIASES.get(target, ()) if alias in by_name]
        names = [target] if target in by_name else [a for a in aliases if a not in WEAK] or aliases
        found = [column for name in names for column in by_name[name]]
        if len(found) > 1:
            raise InvalidInput(
                f"columns {', '.join(found)} can all be {target}; say which, or drop the others"
            )
        if found:
            matched[target] = found[0]
    return matched


def rename_aliases(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame under our names; ``unique_id`` is taken apart at its first ``/``.

    Columns that mean nothing to us keep their names.

    Raises:
        InvalidInput: Two columns are aliases of the same name.
    """
    unique_id = match_columns(frame.columns, ["unique_id"]).get("unique_id")
    if unique_id is not None and "location_id" not in frame.columns:
        frame = split_unique_id(frame, unique_id)
    targets = ["location_id", "part_id", "period_start", "demand", "consumed", "shift"]
    matched = match_columns(frame.columns, targets)
    if "consumed" in matched and matched.get("demand") != "demand":
        # What was counted is named: a column such as ``value`` beside it is something else.
        matched.pop("demand", None)
    return frame.rename({column: target for target, column in matched.items()})


def split_unique_id(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """``column`` replaced by ``location_id`` and ``part_id``: before and after its first ``/``.

    Without a ``/`` it is the part, at ``DEFAULT_LOCATION``.
    """
    pieces = pl.col(column).cast(pl.String).str.splitn("/", 2).struct
    first, second = pieces.field("field_0"), pieces.field("field_1")
    location = pl.when(second.is_null()).then(pl.lit(DEFAULT_LOCATION)).otherwise(first)
    return frame.with_columns(
        location.alias("location_id"), pl.coalesce(second, first).alias("part_id")
    ).drop(column)


def to_nixtla(frame: pl.DataFrame) -> pl.DataFrame:
    """A demand frame as ``unique_id, ds, y``: ``location_id/part_id``, naive UTC, demand.

    Raises:
        InvalidInput: Rows are augmented.
    """
    refuse_augmented(frame)
    series = pl.concat_str("location_id", "part_id", separator="/")
    alone = pl.col("location_id") == DEFAULT_LOCATION
    return frame.select(
        pl.when(alone).then("part_id").otherwise(series).alias("unique_id"),
        pl.col("period_start").dt.replace_time_zone(None).alias("ds"),
        pl.col("demand").alias("y"),
    )


def to_guide(frame: pl.DataFrame) -> pl.DataFrame:
    """Daily demand as ``warehouse_id, sku_id, date, units_sold``; periods of a day are summed.

    A day of which any period was not observed has ``units_sold`` null.

    Raises:
        InvalidInput: Rows are augmented.
    """
    refuse_augmented(frame)
    day = pl.col("period_start").dt.date().alias("date")
    whole = pl.when(pl.col("demand").is_null().any()).then(None).otherwise(pl.col("demand").sum())
    return (
        frame.group_by("location_id", "part_id", day)
        .agg(whole.round().cast(pl.Int64).alias("units_sold"))
        .rename({"location_id": "warehouse_id", "part_id": "sku_id"})
        .sort("warehouse_id", "sku_id", "date")
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.strip().lower())
