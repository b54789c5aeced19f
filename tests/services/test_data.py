"""Data in: checked cell by cell, all of it or nothing, and real files the whole way to a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from supplynet import cycle
from supplynet.core.events import Event, EventType
from supplynet.core.orders import OrderKind
from supplynet.errors import InvalidInput
from supplynet.services import data, forecasting, planning, setup
from supplynet.services.books import Books, open_books
from supplynet.services.data import ImportRequest, SupplyTermsGiven
from supplynet.storage import ledger
from supplynet.storage.history import read_history

TERMS = SupplyTermsGiven(lead_time_days=2, container_size=10)
DAY = timedelta(days=1)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty workspace."""
    return setup.init(tmp_path / "workspace").folder


def sales(path: Path, days: int = 28, units: int = 10, *more: str) -> Path:
    """Two parts of one warehouse, sold every day of ``days``."""
    rows = [
        f"W1,{sku},{JANUARY + n * DAY:%Y-%m-%d},{units + n % 7}"
        for sku in ("bolt", "nut")
        for n in range(days)
    ]
    path.write_text("\n".join(["warehouse_id,sku_id,date,units_sold", *rows, *more]) + "\n")
    return path


def stock(path: Path, quantity: int, counted_at: str = "") -> Path:
    rows = [f"W1,{sku},{quantity},{counted_at}" for sku in ("bolt", "nut")]
    path.write_text("\n".join(["warehouse_id,sku_id,on_hand,counted_at", *rows]) + "\n")
    return path


def imported(folder: Path, file: Path, **said: object) -> data.ImportOutcome:
    return data.import_table(folder, ImportRequest(file=file, terms=TERMS, **said))  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of plant and history."""
    found = [file for name in ("plant", "history") for file in (folder / name).rglob("*")]
    return {str(file): file.read_bytes() for file in found if file.is_file()}


def at(books: Books, now: datetime) -> Books:
    return replace(books, wall_clock=lambda: now)


def test_a_nasty_file_names_its_cells_and_leaves_everything_as_it_was(
    folder: Path, tmp_path: Path
) -> None:
    imported(folder, sales(tmp_path / "good.csv"))
    before = contents(folder)
    nasty = tmp_path / "nasty.csv"
    sales(
        nasty,
        28,
        10,
        "W1,bolt,2026-02-30,10",
        "W1,bolt,2026-02-01,ten",
        "W1,,2026-02-01,10",
        "W1,new part,2026-02-01,10",
        "W1,bolt,2026-02-02,-4",
        "W2,screw,2026-02-03,1.5",
    )
    outcome = imported(folder, nasty)
    assert outcome.refused
    assert (outcome.rows, outcome.accepted, outcome.written) == (62, 0, 0)
    cells = {(mistake.row, mistake.column) for mistake in outcome.mistakes}
    assert cells >= {(58, "date"), (59, "units_sold"), (60, "sku_id"), (62, "units_sold")}
    assert contents(folder) == before


def test_a_dry_run_takes_nothing_and_says_what_it_would(folder: Path, tmp_path: Path) -> None:
    outcome = imported(folder, sales(tmp_path / "s.csv"), dry_run=True)
    assert (outcome.accepted, outcome.written, outcome.series) == (56, 0, 2)
    assert contents(folder) == {}


def test_sales_without_terms_of_supply_are_refused_before_anything_is_written(
    folder: Path, tmp_path: Path
) -> None:
    request = ImportRequest(file=sales(tmp_path / "s.csv"))
    with pytest.raises(InvalidInput, match="consumption says nothing of supply"):
        data.import_table(folder, request)
    assert contents(folder) == {}


def test_daily_figures_do_not_fit_a_plant_of_shifts(demo_workspace: Path, tmp_path: Path) -> None:
    """They would make every forecast fail from then on."""
    before = contents(demo_workspace)
    file = tmp_path / "s.csv"
    file.write_text("location_id,part_id,date,quantity\nSR1.ST1.A,P-001,2025-05-01,10\n")
    with pytest.raises(InvalidInput, match="daily figures need a plant with daily periods"):
        data.import_table(demo_workspace, ImportRequest(file=file))
    assert contents(demo_workspace) == before


def test_the_same_stock_file_counts_once_and_a_corrected_one_again(
    folder: Path, tmp_path: Path
) -> None:
    """Even at the same moment: data of long ago stand still at their end."""
    imported(folder, sales(tmp_path / "s.csv"))
    file = tmp_path / "stock.csv"
    for quantity, new, held in ((50, 2, 50), (50, 0, 50), (60, 2, 60), (50, 2, 50)):
        outcome = imported(folder, stock(file, quantity), kind="stock")
        assert outcome.written == new
        with open_books(folder).store.read() as tx:
            assert ledger.on_hand(tx) == {("W1", "bolt"): held, ("W1", "nut"): held}


def test_made_up_days_never_replace_real_ones(folder: Path, tmp_path: Path) -> None:
    imported(folder, sales(tmp_path / "s.csv"))
    before = contents(folder)
    with pytest.raises(InvalidInput, match="was not generated"):
        data.generate(folder, days=30, start=date(2026, 1, 1))
    assert contents(folder) == before


def test_generating_twice_gives_the_same_days(folder: Path) -> None:
    for _ in range(2):
        made = data.generate(folder, days=7, start=date(2026, 1, 5), seed=3)
        assert made.rows == read_history(folder / "history").height
    assert data.quality(folder).score > 50


def test_a_workspace_stands_where_its_history_ends_until_its_lines_report(
    folder: Path, tmp_path: Path
) -> None:
    imported(folder, sales(tmp_path / "s.csv"))
    end = JANUARY + 28 * DAY
    books = open_books(folder)
    assert data.as_of(at(books, end + 2 * DAY)) == end + 2 * DAY
    assert data.as_of(at(books, end + 9 * DAY)) == end
    used = Event(
        source="plc-1",
        event_id="1",
        type=EventType.CONSUMED,
        occurred_at=end + 9 * DAY,
        location_id="W1",
        part_id="bolt",
        quantity=3,
    )
    cycle.take_in(books.store, books.plant, [used], actor="plc-1", now=end + 9 * DAY)
    holidays_over = end + 20 * DAY
    assert data.as_of(at(books, holidays_over)) == holidays_over


def test_imported_sales_are_planned_day_after_day_without_zeros_between(
    folder: Path, tmp_path: Path
) -> None:
    """The ledger of this workspace knows counts, and no use at all."""
    imported(folder, sales(tmp_path / "s.csv"))
    imported(folder, stock(tmp_path / "stock.csv", 20), kind="stock")
    books = at(open_books(folder), JANUARY + 28 * DAY)
    forecasting.train(books, ["shift_mean"])
    before = read_history(folder / "history")
    for later in (0.0, 0.6, 1.0, 1.6):
        now = JANUARY + (28 + later) * DAY
        made = planning.plan_now(at(books, now), actor="test")
        assert made.as_of == now
        observed = made.plan.snapshot.observed
        assert observed.running is None or bool((observed.running != observed.running).all())
        first = made.plan.forecast.filter(pl.col("quantile") == 0.5, pl.col("step") >= 1)
        assert first["demand"].min() >= 8.0  # type: ignore[operator]
    assert read_history(folder / "history").equals(before)


def from_file_to_plan(folder: Path, request: ImportRequest) -> planning.PlanOutcome:
    """Dry run, import, train, forecast, count stock, plan: what a data scientist types."""
    dry = data.import_table(folder, replace(request, dry_run=True))
    taken = data.import_table(folder, request)
    assert (dry.accepted, dry.written) == (taken.accepted, 0)
    assert taken.written > 0
    books = open_books(folder)
    trained = forecasting.train(books, ["shift_mean"])
    assert trained["champion"] == "shift_mean"
    result = forecasting.forecast(folder, horizon=7)
    assert len(result.wide) == 7 * taken.series
    file = folder / "stock.csv"
    keys = books.plant.requirements
    rows = "".join(f"{row.line_id},{row.part_id},0\n" for row in keys)
    file.write_text("location_id,part_id,on_hand\n" + rows)
    data.import_table(folder, ImportRequest(file=file, kind="stock"))
    return planning.plan_in(folder, actor="test")


def test_real_orders_go_the_whole_way_to_a_plan(
    folder: Path, tmp_path: Path, shared_data: Path
) -> None:
    """948 products of three warehouses; one of these warehouses, to be quick."""
    orders = pl.read_parquet(shared_data / "product_demand_head" / "orders.parquet")
    file = tmp_path / "orders.parquet"
    orders.filter(pl.col("warehouse") == "Whse_C").write_parquet(file)
    request = ImportRequest(
        file=file,
        columns={
            "location_id": "warehouse",
            "part_id": "product_code",
            "date": "date",
            "quantity": "order_demand",
        },
        terms=TERMS,
        options=data.ImportOptions(duplicates="sum"),
    )
    made = from_file_to_plan(folder, request)
    assert made.historical
    assert made.as_of.year in {2012, 2013}
    assert {order.kind for order in made.committed.new} == {OrderKind.PURCHASE}
    assert made.committed.new[0].quantity % 10 == 0


def test_real_sales_go_the_whole_way_to_a_plan(
    folder: Path, tmp_path: Path, shared_data: Path
) -> None:
    """The last year of the seventy series of ten stores."""
    units = pl.read_parquet(shared_data / "m5_walmart" / "store_dept_daily.parquet")
    file = tmp_path / "sales.parquet"
    units.filter(pl.col("date") > date(2015, 4, 24)).write_parquet(file)
    made = from_file_to_plan(folder, ImportRequest(file=file, terms=TERMS))
    assert made.as_of == datetime(2016, 4, 25, tzinfo=UTC)
    assert len(made.committed.new) == 70
    again = planning.plan_in(folder, actor="test")
    assert (again.committed.new, len(again.committed.confirmed)) == ((), 70)
