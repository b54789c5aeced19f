"""What a table of deliveries told at a moment: which orders were open, and how long one takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.learning.windows import Index

LEAD_ORDERS = 10
"""The last orders of a series from which its lead time is told."""
_SERIES = ["location_id", "part_id"]
_MINUTE = 60_000_000  # microseconds


@dataclass(frozen=True, kw_only=True, eq=False)
class OpenOrders:
    """One entry per moment and order that was open at it.

    Attributes:
        row, moment: Series and moment, as places.
        due: When it was to come, microseconds since 1970.
        quantity: Parts.
        total: Sum of what was open, shape (series, moment).
    """

    row: Index
    moment: Index
    due: Index
    quantity: FloatArray
    total: FloatArray


def open_orders(
    orders: pl.DataFrame, series: Sequence[tuple[str, str]], moments: Index, lead: FloatArray
) -> OpenOrders:
    """Orders placed before a moment and not received before it.

    What is ordered or received at the moment itself belongs to what follows. An order without a
    promise is due after the lead time that was known at the moment; one without that is left out.

    Args:
        orders: ``DELIVERIES_SCHEMA``.
        series: Of the result; other orders are left out.
        moments: Microseconds, ascending.
        lead: Known lead time in minutes, shape (series, moment).
    """
    rows = _of_series(orders, series).drop_nulls(["ordered_at", "quantity"])
    placed, due, received = (
        _microseconds(rows[name]) for name in ("ordered_at", "due_at", "received_at")
    )
    first = np.searchsorted(moments, placed, side="right")
    last = np.where(
        rows["received_at"].is_null().to_numpy(),
        len(moments),
        np.searchsorted(moments, received, side="right"),
    )
    count = np.maximum(last - first, 0)
    order = np.repeat(np.arange(len(count)), count)
    moment = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count) + first[order]
    row = rows["row"].to_numpy()[order]
    takes = lead[row, moment] * _MINUTE
    promised = ~rows["due_at"].is_null().to_numpy()[order]
    when = np.where(promised, due[order], placed[order] + np.nan_to_num(takes))
    known = promised | ~np.isnan(takes)
    quantity = rows["quantity"].to_numpy().astype(float)[order]
    total = np.zeros((len(series), len(moments)))
    np.add.at(total, (row[known], moment[known]), quantity[known])
    return OpenOrders(
        row=row[known],
        moment=moment[known],
        due=when[known].astype(np.int64),
        quantity=quantity[known],
        total=total,
    )


def known_lead_minutes(
    orders: pl.DataFrame, series: Sequence[tuple[str, str]], moments: Index
) -> FloatArray:
    """Median of the last ten lead times of a series known before each moment; NaN without any.

    A promise is known from the order on, an observed lead time from the receipt on.

    Args:
        orders: ``DELIVERIES_SCHEMA``.
        series: Rows of the result.
        moments: Microseconds.

    Returns:
        Minutes, shape (series, moment).
    """
    told = pl.coalesce("due_at", "received_at")
    rows = (
        _of_series(orders, series)
        .with_columns(
            minutes=(told - pl.col("ordered_at")).dt.total_microseconds() / _MINUTE,
            known_at=pl.when(pl.col("due_at").is_null())
            .then("received_at")
            .otherwise("ordered_at"),
        )
        .drop_nulls(["minutes", "known_at"])
        .filter(pl.col("minutes") >= 0)
        .sort("row", "known_at")
        .with_columns(
            pl.col("minutes").rolling_median(LEAD_ORDERS, min_samples=1).over("row"),
        )
    )
    row, known_at = rows["row"].to_numpy(), _microseconds(rows["known_at"])
    found = np.full((len(series), len(moments)), np.nan)
    if not rows.height:
        return found
    bounds = np.searchsorted(row, np.arange(len(series) + 1))
    minutes = rows["minutes"].to_numpy()
    for place in range(len(series)):
        own = slice(bounds[place], bounds[place + 1])
        newest = np.searchsorted(known_at[own], moments, side="left") - 1
        told_before = newest >= 0
        found[place, told_before] = minutes[own][newest[told_before]]
    return found


def _of_series(orders: pl.DataFrame, series: Sequence[tuple[str, str]]) -> pl.DataFrame:
    names = pl.DataFrame(
        {"location_id": [s[0] for s in series], "part_id": [s[1] for s in series]},
        schema={"location_id": pl.String, "part_id": pl.String},
    ).with_row_index("row")
    return orders.join(names.cast({"row": pl.Int64}), on=_SERIES)


def _microseconds(column: pl.Series) -> Index:
    return column.to_physical().fill_null(0).to_numpy().astype(np.int64)
