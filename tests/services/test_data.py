"""The guide's data service: its snippets as they are written, and what each of them rests on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import supplynet
from supplynet.errors import InvalidInput, NotFound
from supplynet.services import data, generating
from supplynet.services.data import DataService

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
FIELDS = ["date", "warehouse_id", "sku_id", "units_sold"]


@pytest.fixture
def data_service(tmp_path: Path) -> DataService:
    return DataService(tmp_path, clock=lambda: NOW)


def test_the_public_name_is_the_guides() -> None:
    assert supplynet.DataService is DataService


def test_the_synthetic_training_data_are_as_many_as_asked_and_end_yesterday(
    data_service: DataService,
) -> None:
    synthetic_data = data_service.generate_synthetic_training_data(
        warehouse_count=5, sku_count=20, days=365
    )
    assert synthetic_data.height == 5 * 20 * 365
    assert synthetic_data.columns[:4] == FIELDS
    assert {"order_id", "client_id", "location_lat", "location_lng"} <= set(synthetic_data.columns)
    assert synthetic_data["date"].max() == date(2026, 2, 28)


def test_the_quality_report_of_clean_data_is_a_high_score_and_no_error(
    data_service: DataService,
) -> None:
    sales_data = data_service.generate_synthetic_training_data(2, 5, 120)
    quality_report = data_service.validate_data_quality(sales_data)
    assert 90 <= quality_report["quality_score"] <= 100
    assert quality_report["errors"] == []
    assert isinstance(quality_report["issues"], list)


def test_too_little_data_is_named_with_how_much_and_what_to_do(data_service: DataService) -> None:
    sales_data = data_service.generate_synthetic_training_data(1, 1, 41)
    issues = " ".join(data_service.validate_data_quality(sales_data)["issues"])
    assert "Insufficient data for training: series WH001/SKU-001 has 41 days" in issues
    assert "needs 100" in issues


def test_market_data_come_from_the_files_of_the_workspace(
    data_service: DataService, tmp_path: Path
) -> None:
    (tmp_path / "signals").mkdir()
    days = [date(2026, 2, 1) + timedelta(days=n) for n in range(28)]
    for symbol in ("AAPL", "MSFT", "GOOGL"):
        prices = pl.DataFrame({"date": days, "close": [100.0 + n for n in range(28)]})
        prices.write_csv(tmp_path / "signals" / f"{symbol}.csv")
    market_data = data_service.get_external_market_data(
        symbols=["AAPL", "MSFT", "GOOGL"], period="1y"
    )
    assert market_data.columns[:2] == ["date", "symbol"]
    assert market_data.group_by("symbol").len().sort("symbol").rows() == [
        ("AAPL", 28),
        ("GOOGL", 28),
        ("MSFT", 28),
    ]


def test_without_any_source_market_data_name_the_file_that_would_do(
    data_service: DataService,
) -> None:
    with pytest.raises(InvalidInput, match=r"put AAPL\.csv into .*signals"):
        data_service.get_external_market_data(["AAPL"], provider="csv")


def test_a_file_is_taken_with_the_options_of_the_import(folder: Path, sales_file: Path) -> None:
    service = DataService(folder)
    outcome = service.import_file(sales_file, lead_time_days=2, gaps="missing")
    assert (outcome.accepted, outcome.series) == (56, 2)
    with pytest.raises(InvalidInput, match="gap"):
        service.import_file(sales_file, lead_time_days=2, gap="missing")


def test_cleaning_gives_a_copy_and_says_what_it_changed(data_service: DataService) -> None:
    sales = data_service.generate_synthetic_training_data(1, 3, 120)
    doubled = pl.concat([sales, sales.head(2)])
    cleaned = data_service.clean(doubled, ["duplicates"])
    assert cleaned.frame.height == sales.height
    assert set(cleaned.log["step"]) == {"duplicates"}
    assert doubled.height == sales.height + 2


def test_a_page_can_be_made_of_a_table_a_file_or_the_workspace(
    sold: Path, sales_file: Path
) -> None:
    service = DataService(sold, clock=lambda: NOW)
    pages = [
        service.explore().to_html(),
        service.explore(pl.read_csv(sales_file, try_parse_dates=True)).to_html(),
        data.exploration(sold, sales_file).to_html(),
    ]
    assert all("bolt" in page and "<svg" in page for page in pages)


def test_the_workspaces_page_knows_the_deliveries_of_a_generated_world(folder: Path) -> None:
    generating.generate_world("medium", workspace=folder, days=30)
    sentence = data.exploration(folder).sections["lead_times"].sentence
    assert "deliveries" in sentence
    assert "import" not in sentence


def test_a_file_is_checked_as_it_stands_before_it_is_imported(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    rows = ["W1,bolt,2026-01-01,10", "W1,bolt,2026-01-01,10", "W1,bolt,2026-01-02,ten"]
    file.write_text("\n".join([",".join(FIELDS[1:3] + FIELDS[:1] + FIELDS[3:]), *rows]) + "\n")
    found = data.quality(folder, file)
    assert found.score < 100
    said = " ".join(found.issues)
    assert "1 exact twin" in said
    assert "'ten'" in said


def test_a_workspace_without_history_is_told_what_to_run(folder: Path, tmp_path: Path) -> None:
    for look in (data.quality, data.exploration):
        with pytest.raises(InvalidInput, match="supplynet import"):
            look(folder)
        with pytest.raises(NotFound):
            look(tmp_path / "nowhere")


@pytest.mark.parametrize("wrong", [{"days": 10**9}, {"days": 1.5}, {"sku_count": "5"}])
def test_a_count_that_cannot_be_is_refused(
    data_service: DataService, wrong: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        data_service.generate_synthetic_training_data(**wrong)  # type: ignore[arg-type]


def test_orders_of_one_day_are_cleaned_without_losing_any(data_service: DataService) -> None:
    day = {"date": ["2026-01-01"] * 2, "warehouse_id": ["W"] * 2, "sku_id": ["P"] * 2}
    orders = {**day, "units_sold": [5, 7], "order_id": ["1", "2"]}
    assert data_service.clean(orders).frame["demand"].to_list() == [12]
