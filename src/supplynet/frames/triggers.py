"""When a refill was due: labels from stock and thresholds, to be learned and to be checked.

A refill is triggered where the inventory position is at or below the reorder point (the (s, nQ)
rule: Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains, chapter 6).
"""

from __future__ import annotations

import polars as pl

from supplynet.errors import InvalidInput
from supplynet.frames.aliases import to_polars
from supplynet.frames.demand import KEY
from supplynet.frames.tables import DELIVERIES_SCHEMA, STOCK_SCHEMA, conform_table

_SERIES = ["location_id", "part_id"]


def refill_triggers(stock: object, deliveries: object = None) -> pl.DataFrame:
    """Which rows of ``stock`` call for a refill, and of how much.

    Args:
        stock: A table with the columns of ``STOCK_SCHEMA``, in any order of rows.
        deliveries: The orders that were really placed, ``DELIVERIES_SCHEMA``; None = not known.

    Returns:
        The key, sorted; ``triggered`` (on hand + on order <= reorder point; null where one of them
        is not known); ``required_quantity`` (parts that lift the position above the reorder point,
        0 where it is above, null where that is not known); with ``deliveries`` also
        ``ordered_quantity`` (parts ordered from the row's moment until the series' next row).

    Raises:
        InvalidInput: A column is missing or cannot be read, or a key is null or there twice.
    """
    rows = _read(stock, STOCK_SCHEMA, "a stock table").sort(KEY)
    unclear = rows.filter(pl.any_horizontal(pl.col(KEY).is_null()) | pl.struct(KEY).is_duplicated())
    if unclear.height:
        raise InvalidInput(
            f"{unclear.height} of {rows.height} rows of stock have no key or share one; "
            "keep one row per location, part and moment"
        )
    lacks = pl.col("reorder_point") + 1 - pl.col("on_hand") - pl.col("on_order")
    made = rows.select(
        *KEY,
        triggered=lacks > 0,
        required_quantity=lacks.clip(lower_bound=0),
    )
    return made if deliveries is None else _with_orders(made, deliveries)


def _with_orders(made: pl.DataFrame, deliveries: object) -> pl.DataFrame:
    orders = _read(deliveries, DELIVERIES_SCHEMA, "a table of deliveries", but=("received_at",))
    orders = orders.drop_nulls([*_SERIES, "ordered_at"]).sort("ordered_at")
    starts = made.select(KEY).sort("period_start")
    placed = orders.join_asof(
        starts, left_on="ordered_at", right_on="period_start", by=_SERIES, check_sortedness=False
    )
    total = placed.group_by(KEY).agg(ordered_quantity=pl.col("quantity").sum())
    return made.join(total, on=KEY, how="left", maintain_order="left").with_columns(
        pl.col("ordered_quantity").fill_null(0)
    )


def _read(data: object, schema: pl.Schema, what: str, but: tuple[str, ...] = ()) -> pl.DataFrame:
    frame = to_polars(data)
    optional = {"order_id", "from_location", "due_at", *but}
    missing = [name for name in schema if name not in frame.columns and name not in optional]
    if missing:
        raise InvalidInput(
            f"{what} needs {', '.join(missing)}; it has {', '.join(frame.columns) or 'no columns'}"
        )
    return conform_table(frame, schema)
