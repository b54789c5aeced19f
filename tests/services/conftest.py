"""Workspaces: an empty one, and one with sales."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from supplynet.services import setup
from supplynet.services.importing import ImportRequest, SupplyTermsGiven, import_table

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty workspace."""
    return setup.init(tmp_path / "workspace").folder


@pytest.fixture
def sales_file(tmp_path: Path) -> Path:
    """Two parts of one warehouse, sold every day of four weeks from 2026-01-01 on."""
    rows = [
        f"W1,{sku},{JANUARY + timedelta(days=n):%Y-%m-%d},{10 + n % 7}"
        for sku in ("bolt", "nut")
        for n in range(28)
    ]
    file = tmp_path / "sales.csv"
    file.write_text("\n".join(["warehouse_id,sku_id,date,units_sold", *rows]) + "\n")
    return file


@pytest.fixture
def sold(folder: Path, sales_file: Path) -> Path:
    """A workspace whose history is that of ``sales_file``."""
    terms = SupplyTermsGiven(lead_time_days=2, container_size=10)
    import_table(folder, ImportRequest(file=sales_file, terms=terms))
    return folder
