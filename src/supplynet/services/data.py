"""``DataService``: everything before a model sees a number, as one object. ``quality eda``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from supplynet.config import load_settings
from supplynet.connectors.signals.store import read_drivers
from supplynet.connectors.table_rows import rows_as_they_are
from supplynet.core.network import Plant
from supplynet.errors import InvalidInput
from supplynet.frames.augmentation import Augmented, augment
from supplynet.frames.cleaning import Cleaned, clean
from supplynet.frames.demand import sum_rows
from supplynet.frames.exploration import Exploration, explore
from supplynet.frames.quality import QualityReport, check_quality
from supplynet.frames.synthetic import sales_training_data
from supplynet.services import beside, signals
from supplynet.services.books import Books, open_books, plant_of, system_now
from supplynet.services.history import history_frame
from supplynet.services.importing import (
    ImportOutcome,
    ImportRequest,
    SupplyTermsGiven,
    import_table,
    read_file,
    source_of,
)

MOST_DAYS = 3660
"""Of made-up sales."""
Clock = Callable[[], datetime]


class DataService:
    """Data in, checked, mended and looked at; the face for notebooks and scripts.

    Nothing is read or written until a method is called; those that take ``data`` need no workspace.

    Args:
        workspace: Folder; default: the current one.
        clock: The real time; for tests.
    """

    def __init__(self, workspace: Path | str = ".", *, clock: Clock = system_now) -> None:
        self.workspace = Path(workspace)
        self._clock = clock

    def generate_synthetic_training_data(
        self,
        warehouse_count: int = 5,
        sku_count: int = 20,
        days: int = 365,
        *,
        start: date | None = None,
        seed: int | None = None,
    ) -> pl.DataFrame:
        """Daily sales of made-up warehouses, one row per day, warehouse and SKU.

        Args:
            warehouse_count: How many warehouses, ``WH001`` and on.
            sku_count: How many SKUs, ``SKU-001`` and on; every warehouse sells every one.
            days: How many days.
            start: First day; None = so that it ends yesterday.
            seed: Same seed and start, same table; None = the workspace's, or 1.

        Returns:
            ``date, warehouse_id, sku_id, units_sold, order_id, client_id, location_lat,
            location_lng``.

        Raises:
            InvalidInput: A count is no whole number from 1 on, or there are too many days.
        """
        counts = {"warehouse_count": warehouse_count, "sku_count": sku_count, "days": days}
        for name, count in counts.items():
            if not hasattr(count, "__index__"):
                raise InvalidInput(f"{name} is {count!r}; give a whole number")
        if days > MOST_DAYS:
            raise InvalidInput(f"{days:,} days are too many; give at most {MOST_DAYS:,}")
        first = start or self._clock().date() - timedelta(days=max(days, 1))
        seed = load_settings(self.workspace).seed if seed is None else seed
        return sales_training_data(warehouse_count, sku_count, days, seed, start=first)

    def validate_data_quality(self, data: object, *, plant: Plant | None = None) -> QualityReport:
        """How far a table can be trusted; see ``docs/quality.md`` for the rules.

        Args:
            data: Consumption or sales: polars, pandas, Arrow, or a dict of columns.
            plant: Says which ids and shifts there are; None = as the rows tell.

        Returns:
            A report that reads like a dict: ``report["quality_score"]`` 0 to 100,
            ``report["issues"]`` sentences, ``report["errors"]``, ``report["series"]``.

        Raises:
            InvalidInput: It is no table.
        """
        return check_quality(data, now=self._clock(), plant=plant)

    def get_external_market_data(
        self, symbols: Sequence[str], period: str = "1y", *, provider: str | None = None
    ) -> pl.DataFrame:
        """Daily prices: ``date, symbol, open, high, low, close, volume``.

        From the files in the workspace's folder ``signals``, else from the services in the setting
        ``market_providers``.

        Raises:
            InvalidInput: A symbol cannot be had; says why, and which file would do.
            ConnectorError: A service does not answer and no file is there; says which.
        """
        return signals.market_data(self.workspace, symbols, period, provider, self._clock())

    def import_file(
        self,
        file: Path | str,
        *,
        columns: dict[str, str] | None = None,
        kind: str | None = None,
        lead_time_days: float | None = None,
        container_size: int = 1,
        dry_run: bool = False,
        **options: Any,
    ) -> ImportOutcome:
        """Take a file into the workspace, all or nothing; see ``docs/import.md``.

        Args:
            file: CSV, TSV, Parquet or Excel, also gzipped.
            columns: Our column to theirs; what is left out is recognised.
            kind: ``demand``, ``consumption``, ``stock``, ``plan`` or ``deliveries``; None = as the
                layout says.
            lead_time_days: Supply of new locations; sales do not tell it.
            container_size: Parts per container of new locations.
            dry_run: Check everything, take nothing.
            options: Fields of ``ImportOptions``; they win over what the layout says.

        Raises:
            InvalidInput: The file or an option cannot be used.
        """
        terms = None
        if lead_time_days is not None:
            terms = SupplyTermsGiven(lead_time_days=lead_time_days, container_size=container_size)
        request = ImportRequest(
            file=Path(file),
            kind=kind,
            columns=columns or {},
            dry_run=dry_run,
            terms=terms,
            options=options,
        )
        return import_table(self.workspace, request)

    def clean(
        self,
        data: object,
        steps: Sequence[str] | None = None,
        *,
        anomalies: object = None,
        **settings: Any,
    ) -> Cleaned:
        """A mended copy of a table and the log of every cell that differs; ``docs/cleaning.md``.

        Args:
            data: As for ``validate_data_quality``.
            steps: See ``frames.cleaning.clean``.
            anomalies: Odd values that you have looked at: the file of ``supplynet detect --review``
                with your words in it, or a table; see ``frames.cleaning.anomalies.confirmed``.
            settings: Of ``frames.cleaning.clean``.
        """
        if isinstance(anomalies, str | Path):
            anomalies = pl.read_csv(anomalies, infer_schema=False)
        return clean(data, steps, now=self._clock(), anomalies=anomalies, **settings)

    def augment(self, data: object, **settings: Any) -> Augmented:
        """A longer history for training, its made-up rows marked; ``docs/cleaning.md``."""
        return augment(data, **settings)

    def explore(self, data: object | None = None, **tables: Any) -> Exploration:
        """Look at a table, or at the workspace's history, from all sides.

        Args:
            data: As for ``validate_data_quality``; rows of one day and series are added up. None =
                the workspace.
            tables: Of ``frames.exploration.explore``: plant, deliveries, drivers, plan, costs.
        """
        if data is None:
            return exploration(self.workspace)
        return explore(sum_rows(data), now=self._clock(), **tables)


def quality(folder: Path, file: Path | None = None) -> QualityReport:
    """Check the workspace's history, or a file before it is taken.

    Raises:
        InvalidInput: There is no history, or the file cannot be read.
    """
    if file is None:
        return quality_of(open_books(folder))
    return check_quality(rows_as_they_are(*source_of(file)), now=system_now())


def quality_of(books: Books) -> QualityReport:
    """Check the history of an opened workspace.

    Raises:
        InvalidInput: There is no history.
    """
    return check_quality(history_frame(books), now=books.now(), plant=plant_of(books))


def exploration(folder: Path, file: Path | None = None) -> Exploration:
    """Look at the workspace's history with all that is known beside it, or at a file.

    Raises:
        InvalidInput: There is no history, or the file cannot be read.
    """
    if file is None:
        return exploration_of(open_books(folder))
    findings = check_quality(rows_as_they_are(*source_of(file)), now=system_now()).findings
    frame = read_file(file, gaps="missing", duplicates="sum")
    return explore(frame, findings=findings, now=system_now(), title=file.name)


def exploration_of(books: Books) -> Exploration:
    """Look at the history of an opened workspace with all that is known beside it.

    Raises:
        InvalidInput: There is no history.
    """
    frame, plant = history_frame(books), plant_of(books)
    return explore(
        frame,
        plant=plant,
        findings=check_quality(frame, now=books.now(), plant=plant).findings,
        now=books.now(),
        deliveries=beside.table_of(books, "deliveries"),
        plan=beside.table_of(books, "plan"),
        drivers=read_drivers(signals.drivers_file(books.workspace)),
    )
