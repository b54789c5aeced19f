"""What a workspace knows beside its history: the production plan and outside signals."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import polars as pl

from supplynet.connectors.signals.store import read_drivers
from supplynet.errors import InvalidInput, StoreError
from supplynet.frames.drivers import conform_drivers
from supplynet.frames.features.plan_book import conform_plan
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Period
from supplynet.frames.tables import conform_table
from supplynet.services import signals
from supplynet.services.books import Books
from supplynet.services.generating import WORLD
from supplynet.storage.table_files import TABLES, read_table

log = logging.getLogger(__name__)


def table_of(books: Books, name: str) -> pl.DataFrame:
    """What was imported of a table; else what a generated world holds.

    Raises:
        StoreError: It cannot be read.
    """
    found = read_table(books.workspace.tables, name)
    made = books.workspace.folder / WORLD / name
    if not found.is_empty() or not made.is_dir():
        return found
    try:
        return conform_table(pl.read_parquet(made), TABLES[name][0])
    except (pl.exceptions.PolarsError, OSError, InvalidInput) as error:
        raise StoreError(f"{made} cannot be read; generate the scenario again") from error


def inputs_of(books: Books, periods: Sequence[Period]) -> FeatureInputs | None:
    """Plan and drivers for the models; None when there are none.

    A table that is damaged or says something impossible is left out, and the log says so: no plan
    must keep a plant from being forecast.

    Args:
        books: The workspace.
        periods: The calendar; plan rows that start none of them are left out.
    """
    plan, drivers = _plan(books, periods), _drivers(books)
    if plan is None and drivers is None:
        return None
    return FeatureInputs(plan=plan, drivers=drivers)


def written_at(books: Books) -> int:
    """When one of the tables was last written, in nanoseconds; 0 before that."""
    files = [*books.workspace.tables.glob("*.parquet"), books.workspace.folder / WORLD / "plan"]
    return max((file.stat().st_mtime_ns for file in files if file.exists()), default=0)


def _plan(books: Books, periods: Sequence[Period]) -> pl.DataFrame | None:
    lines = [place.location_id for place in books.plant.lines]
    try:
        made = conform_plan(table_of(books, "plan"))
    except (StoreError, InvalidInput) as error:
        log.warning("forecasts do without the production plan: %s", error)
        return None
    starts = pl.Series([period.start for period in periods], dtype=made.schema["period_start"])
    fits = pl.col("period_start").is_in(starts.implode())
    ours = made.filter(pl.col("location_id").is_in(lines))
    found = ours.filter(fits)
    if strange := ours.height - found.height:
        log.warning("%d of %d plan rows start no shift and are left out", strange, ours.height)
    return None if found.is_empty() else found


def _drivers(books: Books) -> pl.DataFrame | None:
    try:
        found = conform_drivers(read_drivers(signals.drivers_file(books.workspace)))
    except (StoreError, InvalidInput) as error:
        log.warning("forecasts do without outside signals: %s", error)
        return None
    return None if found.is_empty() else found
