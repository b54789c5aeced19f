"""Data in: checked cell by cell, all of it or nothing, and real files the whole way to a plan."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from supplynet.connectors.table_import import check_source
from supplynet.core.orders import OrderKind
from supplynet.errors import InvalidInput, StoreError
from supplynet.services import champion, forecasting, importing, planning, setup
from supplynet.services.books import Books, open_books
from supplynet.services.importing import ImportRequest, SupplyTermsGiven
from supplynet.storage import ledger
from supplynet.storage.history import read_history
from supplynet.storage.table_files import read_table

TERMS = SupplyTermsGiven(lead_time_days=2, container_size=10)
DAY = timedelta(days=1)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


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


def imported(folder: Path, file: Path, **said: object) -> importing.ImportOutcome:
    return importing.import_table(folder, ImportRequest(file=file, terms=TERMS, **said))  # type: ignore[arg-type]


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
        importing.import_table(folder, request)
    assert contents(folder) == {}


def test_daily_figures_do_not_fit_a_plant_of_shifts(demo_workspace: Path, tmp_path: Path) -> None:
    """They would make every forecast fail from then on."""
    before = contents(demo_workspace)
    file = tmp_path / "s.csv"
    file.write_text("location_id,part_id,date,quantity\nSR1.ST1.A,P-001,2025-05-01,10\n")
    with pytest.raises(InvalidInput, match="daily figures need a plant with daily periods"):
        importing.import_table(demo_workspace, ImportRequest(file=file))
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
    dry = importing.import_table(folder, replace(request, dry_run=True))
    taken = importing.import_table(folder, request)
    assert (dry.accepted, dry.written) == (taken.accepted, 0)
    assert taken.written > 0
    books = open_books(folder)
    trained = forecasting.train(books, ["shift_mean"])
    assert trained["champion"] == "shift_mean"
    result = champion.forecast(folder, horizon=7)
    assert len(result.wide) == 7 * taken.series
    file = folder / "stock.csv"
    keys = books.plant.requirements
    rows = "".join(f"{row.line_id},{row.part_id},0\n" for row in keys)
    file.write_text("location_id,part_id,on_hand\n" + rows)
    importing.import_table(folder, ImportRequest(file=file, kind="stock"))
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
        options={"duplicates": "sum"},
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


def test_the_same_file_changes_nothing_and_a_corrected_one_its_days(
    folder: Path, tmp_path: Path
) -> None:
    first = imported(folder, sales(tmp_path / "s.csv"))
    assert (first.new, first.changed, first.unchanged, first.written) == (56, 0, 0, 56)
    before = contents(folder)
    again = imported(folder, sales(tmp_path / "s.csv"))
    assert (again.new, again.changed, again.unchanged, again.written) == (0, 0, 56, 0)
    assert contents(folder) == before
    corrected = sales(tmp_path / "s.csv", 30)
    text = corrected.read_text()
    corrected.write_text(text.replace("bolt,2026-01-03,12", "bolt,2026-01-03,99"))
    dry = imported(folder, corrected, dry_run=True)
    assert (dry.new, dry.changed, dry.unchanged, dry.written) == (4, 1, 55, 0)
    assert contents(folder) == before
    taken = imported(folder, corrected)
    assert (taken.new, taken.changed, taken.unchanged) == (4, 1, 55)
    bolt = read_history(folder / "history").filter(part_id="bolt")
    assert bolt["consumed"].to_list()[:4] == [10, 11, 99, 13]


def test_an_import_that_does_not_fit_into_memory_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are put aside in the workspace, and nothing of it stays."""
    file = sales(tmp_path / "s.csv", 70)
    folders = [setup.init(tmp_path / name).folder for name in ("inside", "outside")]
    imported(folders[0], file)
    monkeypatch.setattr("supplynet.connectors.table_spool.MOST_ROWS", 10)
    imported(folders[1], file)
    inside, outside = (read_history(each / "history") for each in folders)
    assert inside.equals(outside)
    assert not list(folders[1].glob(".import-*"))


def test_every_problem_is_written_to_a_file(folder: Path, tmp_path: Path) -> None:
    file = sales(tmp_path / "s.csv", 1, 10, *("W1,bolt,soon,1" for _ in range(150)))
    problems = tmp_path / "problems.csv"
    outcome = imported(folder, file, dry_run=True, problems=problems, options={"duplicates": "sum"})
    assert outcome.refused
    assert len(outcome.mistakes) == 100
    assert pl.read_csv(problems).height == outcome.total == 150
    assert f"150 problems written to {problems}" in outcome.lines()
    with pytest.raises(InvalidInput, match="problems are written as csv"):
        imported(folder, file, problems=tmp_path / "problems.doc")


def test_a_layout_is_recognised_and_says_what_it_did(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "Product_Code,Warehouse,Product_Category,Date,Order_Demand\n"
        "P1,Whse_J,C,2012/7/27,100\nP1,Whse_J,C,2012/7/27,100\nP1,Whse_J,C,2012/7/29,(30)\n"
    )
    outcome = imported(folder, file)
    assert outcome.lines() == [
        "orders.csv: took 3 of 3 rows as 1 series; no mistakes",
        "recognised as Historical Product Demand (--profile historical-product-demand)",
        "1 rows repeat an earlier one in every cell and were all counted",
        "1 rows below 0 were taken off their day as returns",
        "1 days had more returned than used: demand 0",
        "1 days without a row count as days without demand",
        "days: 3 new, 0 changed, 0 as before",
    ]
    without = imported(folder, file, profile="none", dry_run=True)
    assert without.counts == {"duplicate": 1, "bracketed": 1}
    with pytest.raises(InvalidInput, match="historical-product-demand is of demand, not of stock"):
        imported(folder, file, profile="historical-product-demand", kind="stock")


def test_a_saved_profile_reads_the_next_file_without_options(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("Artikelnr;Tag;Anzahl\nbolt;01/02/2026;5\nbolt;03/02/2026;6\n")
    first = imported(
        folder,
        file,
        columns={"part_id": "Artikelnr", "date": "Tag", "quantity": "Anzahl"},
        constants={"location_id": "W1"},
        options={"date_order": "dmy", "gaps": "missing"},
        save_profile="weekly",
    )
    assert first.saved_profile == folder / "profiles" / "weekly.toml"
    file.write_text("Artikelnr;Tag;Anzahl\nbolt;04/02/2026;7\n")
    second = imported(folder, file)
    assert (second.profile, second.new) == ("weekly", 1)
    assert importing.profiles(folder)[0].name == "weekly"
    assert read_history(folder / "history")["consumed"].to_list() == [5, 6, 7]


def test_deliveries_are_kept_by_order_place_and_part(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    head = "Order,Supplier,Plant,Material,Ordered,Promised,Received,Quantity\n"
    file.write_text(head + "1,Acme,W1,BOLT,2026-01-02,2026-01-09,,500\n")
    assert imported(folder, file).written == 1
    assert imported(folder, file).unchanged == 1
    file.write_text(head + "1,Acme,W1,BOLT,2026-01-02,2026-01-09,2026-01-10 06:00,500\n")
    assert imported(folder, file).changed == 1
    table = read_table(folder / "tables", "deliveries")
    assert table["received_at"].to_list() == [datetime(2026, 1, 10, 6, tzinfo=UTC)]


def plan(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["location_id,product,date,shift,units,takt_seconds", *rows]) + "\n")
    return path


def test_a_plan_by_day_and_shift_starts_where_the_site_says(
    demo_workspace: Path, tmp_path: Path
) -> None:
    """The same plan again is no news; a corrected one is kept beside the first."""
    books = open_books(demo_workspace)
    line = books.plant.lines[0].location_id
    calendar = books.plant.calendar_of(line)
    day = date(2026, 3, 4)
    name = calendar.shift_names[0]
    file = plan(tmp_path / "plan.csv", f"{line},bike,{day},{name},240,120")
    assert imported(demo_workspace, file).new == 1
    assert imported(demo_workspace, file).unchanged == 1
    plan(file, f"{line},bike,{day},{name},200,120")
    table = read_table(demo_workspace / "tables", "plan").filter(pl.col("product") == "bike")
    assert table["period_start"].to_list() == [calendar.shifts_of(day)[0].start]
    assert table["recorded_at"].null_count() == 0
    plan(file, f"{line},bike,{day},late,1,", f"nowhere,bike,{day},{name},1,")
    wrong = imported(demo_workspace, file, kind="plan")
    assert sorted((m.row, m.column, m.kind) for m in wrong.mistakes) == [
        (2, "shift", "bad_shift"),
        (3, "location_id", "unknown_id"),
    ]


def test_consumption_by_shift_goes_into_a_plant_of_shifts(
    demo_workspace: Path, tmp_path: Path
) -> None:
    """What the history holds can be written to a file, corrected and taken again."""
    before = read_history(demo_workspace / "history", kind="imported")
    file = tmp_path / "history.parquet"
    before.write_parquet(file)
    again = imported(demo_workspace, file)
    assert again.recognised_as == "consumption by shift, as SupplyNet keeps it"
    assert (again.unchanged, again.new, again.changed) == (before.height, 0, 0)
    before.head(1).with_columns(consumed=pl.lit(7)).drop("demand").write_csv(tmp_path / "one.csv")
    assert imported(demo_workspace, tmp_path / "one.csv").changed == 1


def test_consumption_by_shift_needs_shifts(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("location_id,part_id,period_start,consumed\nL1,P,2026-01-01T06:00Z,4\n")
    with pytest.raises(InvalidInput, match="needs the plant's shifts"):
        imported(folder, file)


def test_a_file_can_be_read_without_a_workspace(tmp_path: Path) -> None:
    frame = importing.read_file(sales(tmp_path / "s.csv", 28, 10, "W1,bolt,never,1"))
    assert frame.height == 56
    (tmp_path / "stock.csv").write_text("location_id,part_id,on_hand,counted_at\nW,P,1,\n")
    with pytest.raises(InvalidInput, match=r"stock.csv holds stock, not consumption"):
        importing.read_file(tmp_path / "stock.csv")


def test_a_workspace_that_cannot_be_written_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("supplynet.connectors.table_spool.MOST_ROWS", 10)
    monkeypatch.setattr(pl.DataFrame, "write_ipc", full)
    with pytest.raises(StoreError, match="No space left on device; make room"):
        imported(folder, sales(tmp_path / "s.csv"))
    assert contents(folder) == {}
    assert not list(folder.glob(".import-*"))


def test_what_a_killed_import_left_behind_goes(folder: Path, tmp_path: Path) -> None:
    """Two days later; another import may be running until then."""
    now = open_books(folder).wall_clock().timestamp()
    for name, age in ((".import-old", 3 * 86_400), (".import-new", 3600)):
        (folder / name).mkdir()
        os.utime(folder / name, (now - age, now - age))
    imported(folder, sales(tmp_path / "s.csv"), dry_run=True)
    assert [path.name for path in folder.glob(".import-*")] == [".import-new"]


def test_a_file_that_changes_while_it_is_read_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sales(tmp_path / "s.csv")
    check = check_source

    def slowly(*args: object, **more: object) -> object:
        found = check(*args, **more)  # type: ignore[arg-type]
        sales(file, 7)
        return found

    monkeypatch.setattr(importing, "check_source", slowly)
    before = contents(folder)
    with pytest.raises(InvalidInput, match="was changed while it was read"):
        imported(folder, file)
    assert contents(folder) == before


def test_a_figure_that_starts_no_shift_is_named_by_its_row(
    demo_workspace: Path, tmp_path: Path
) -> None:
    """One wrong stamp of many is a mistake like any other: the rest can be taken."""
    rows = read_history(demo_workspace / "history", kind="imported").head(3)
    late = pl.when(pl.int_range(pl.len()) == 1).then(pl.duration(minutes=30))
    file = tmp_path / "s.parquet"
    moved = pl.col("period_start") + late.otherwise(pl.duration())
    rows.with_columns(moved.alias("period_start")).write_parquet(file)
    wrong = imported(demo_workspace, file, dry_run=True)
    assert [(m.row, m.column, m.kind) for m in wrong.mistakes] == [(3, "period_start", "no_shift")]
    rest = imported(demo_workspace, file, options={"on_error": "skip"})
    assert (rest.accepted, rest.unchanged) == (2, 2)


def test_a_column_that_nobody_filled_in_hides_no_demand(
    demo_workspace: Path, tmp_path: Path
) -> None:
    rows = read_history(demo_workspace / "history", kind="imported").head(2)
    rows = rows.with_columns(consumed=pl.lit(7), starved_minutes=pl.Series([0, 60]))
    empty = rows.with_columns(demand=pl.lit(None, dtype=pl.Float64))
    empty.write_csv(tmp_path / "s.csv")
    imported(demo_workspace, tmp_path / "s.csv")
    history = read_history(demo_workspace / "history", kind="imported")
    assert history["demand"][:2].to_list() == [7.0, None]


def test_a_dry_run_refuses_stock_where_none_is_held(demo_workspace: Path, tmp_path: Path) -> None:
    line = open_books(demo_workspace).plant.lines[0].location_id
    file = tmp_path / "stock.csv"
    file.write_text(f"location_id,part_id,on_hand,counted_at\n{line},P-001,5,\n")
    with pytest.raises(InvalidInput, match="which holds none; name SR1"):
        imported(demo_workspace, file, kind="stock", dry_run=True)


@pytest.mark.parametrize("name", ["../evil", ""])
def test_a_profile_that_cannot_be_saved_is_refused_before_anything_is_taken(
    folder: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InvalidInput, match="cannot name a profile"):
        imported(folder, sales(tmp_path / "s.csv"), save_profile=name)
    assert contents(folder) == {}
