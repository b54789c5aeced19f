"""The other tables of the house beside demand: plan, stock, deliveries, drivers, and their columns.

All are long polars frames; moments are aware UTC, quantities whole numbers of the part's unit.
"""

from __future__ import annotations

import polars as pl

from supplynet.errors import InvalidInput

MOMENT = pl.Datetime("us", "UTC")
PLAN_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "product": pl.String(),
        "period_start": MOMENT,
        "shift": pl.String(),
        "units": pl.Int64(),
        "takt_seconds": pl.Float64(),
        "recorded_at": MOMENT,
    }
)
"""Units of a product that a line is to build in a period, as said at ``recorded_at``.

A later ``recorded_at`` replaces an earlier one. ``takt_seconds`` is the time per unit, or null.
"""
STOCK_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "part_id": pl.String(),
        "period_start": MOMENT,
        "on_hand": pl.Int64(),
        "on_order": pl.Int64(),
        "reorder_point": pl.Int64(),
    }
)
"""Stock and threshold at the start of a period, same key as demand."""
DELIVERIES_SCHEMA = pl.Schema(
    {
        "order_id": pl.String(),
        "from_location": pl.String(),
        "location_id": pl.String(),
        "part_id": pl.String(),
        "quantity": pl.Int64(),
        "ordered_at": MOMENT,
        "due_at": MOMENT,
        "received_at": MOMENT,
    }
)
"""One row per order line; ``received_at`` null = still open, ``due_at`` null = not promised."""
DRIVERS_SCHEMA = pl.Schema(
    {
        "driver": pl.String(),
        "location_id": pl.String(),
        "part_id": pl.String(),
        "at": MOMENT,
        "value": pl.Float64(),
        "known_at": MOMENT,
    }
)
"""Values that move demand: prices, weather, indices, events.

``at`` is the moment from which a value holds, ``known_at`` when it could first be known (before
``at`` for what is announced, after it for what is published late). ``location_id`` and ``part_id``
null = everywhere, every part.
"""


def conform_table(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The columns of ``schema`` in order and in their types; what is not there is null.

    Raises:
        InvalidInput: A cell cannot be read in its type.
    """
    try:
        made = frame.with_columns(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in schema.items()
        )
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(str(error).splitlines()[0]) from error
    return made.select(schema.names())
