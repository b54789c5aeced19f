"""Sales by warehouse, SKU and day, as the guide's services take them, from what a workspace has."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from supplynet.services import history
from supplynet.services.books import open_books, plant_of
from supplynet.services.importing import read_file

COLUMNS = ("warehouse_id", "sku_id", "date", "units_sold")


def sales_of(folder: Path, file: Path | None = None) -> pl.DataFrame:
    """The history of a workspace, or a file, by the plant's days; columns ``COLUMNS``.

    A shift counts to the day on which it starts. What was not observed is left out.

    Raises:
        InvalidInput: There is no history, or the file cannot be read.
    """
    zone = "UTC"
    if file is not None:
        frame = read_file(file, workspace=folder)
    else:
        books = open_books(folder)
        frame, plant = history.history_frame(books), plant_of(books)
        zone = zone if plant is None else plant.time_zone
    return (
        frame.filter(pl.col("demand").is_not_null())
        .group_by(
            pl.col("location_id").cast(pl.String).alias("warehouse_id"),
            pl.col("part_id").cast(pl.String).alias("sku_id"),
            pl.col("period_start").dt.convert_time_zone(zone).dt.date().alias("date"),
        )
        .agg(pl.col("demand").sum().alias("units_sold"))
        .sort(COLUMNS[:3])
    )


def last_days(sales: pl.DataFrame, warehouse_id: str, days: int) -> pl.DataFrame:
    """The last days of the sales of one warehouse."""
    own = sales.filter(pl.col("warehouse_id") == warehouse_id)
    newest = pl.col("date").max()
    return own.filter(pl.col("date") > newest - timedelta(days=days))
