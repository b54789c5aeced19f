"""Workspaces: an empty one, and one with sales."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from supplynet.config import Settings
from supplynet.connectors.plant_folder import write_plant
from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    PurchaseRule,
    Requirement,
    SupplyRule,
)
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.services.books import Books
from supplynet.services.importing import ImportRequest, SupplyTermsGiven, import_table
from supplynet.storage import Store, Workspace

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(empty_workspace: Path) -> Path:
    """An empty workspace."""
    return empty_workspace


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


def _warehouse_and_line() -> Plant:
    """ACME sells bolts to WH1, which fills SR1, from which line SR1.A draws."""
    return Plant(
        plant_id="small",
        time_zone="Europe/Berlin",
        parts=(Part(part_id="bolt"), Part(part_id="nut")),
        locations=(
            Location(location_id="ACME", kind=LocationKind.SUPPLIER),
            Location(location_id="WH1", kind=LocationKind.WAREHOUSE, holds_stock=True),
            Location(location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True),
            Location(location_id="SR1.A", kind=LocationKind.LINE, parent_id="SR1"),
        ),
        requirements=(Requirement(line_id="SR1.A", part_id="bolt", quantity=Decimal(1)),),
        lanes=(
            Lane(
                lane_id="WH1-SR1",
                from_location="WH1",
                to_location="SR1",
                departures=(time(5), time(17)),
                cutoff_minutes=60,
                transit=Duration(low=60, mode=60, high=60),
            ),
        ),
        supply_rules=(
            SupplyRule(
                stock_point_id="SR1", part_id="bolt", lane_ids=("WH1-SR1",), container_size=10
            ),
        ),
        purchase_rules=(
            PurchaseRule(
                warehouse_id="WH1",
                part_id="bolt",
                supplier_id="ACME",
                lead_time=Duration(low=2880, mode=2880, high=2880),
                reorder_point=500,
                order_up_to_level=1000,
            ),
        ),
        calendars=(
            ShiftCalendar(
                calendar_id="site",
                time_zone="Europe/Berlin",
                patterns=(
                    ShiftPattern(name="day", start=time(6), end=time(18)),
                    ShiftPattern(name="night", start=time(18), end=time(6)),
                ),
            ),
        ),
    )


NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def small_books(store: Store, folder: Path) -> Books:
    """A small plant with empty books, on SQLite and then on PostgreSQL; it is noon there."""
    workspace = Workspace(folder)
    write_plant(_warehouse_and_line(), workspace.plant)
    settings = Settings(drop_folder="drop")
    return Books(workspace=workspace, settings=settings, store=store, wall_clock=lambda: NOON)
