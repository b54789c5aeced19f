"""The guide's forecasting service: its snippets as they are written, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import supplynet
from supplynet.errors import ConfigError, InsufficientData, InvalidInput, ModelError, NotFound
from supplynet.forecast import registry
from supplynet.forecast.metrics import METRICS
from supplynet.learning.artifacts import load_metrics
from supplynet.learning.manifest import read_manifest
from supplynet.services.data import DataService
from supplynet.services.model_index import INDEX
from supplynet.services.sales_models import ForecastingService

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAYS, WAREHOUSES, SKUS = 130, 2, 5


@pytest.fixture(scope="module")
def sales_data() -> pl.DataFrame:
    service = DataService(clock=lambda: NOW)
    return service.generate_synthetic_training_data(WAREHOUSES, SKUS, DAYS, seed=1)


def service_in(folder: Path) -> ForecastingService:
    return ForecastingService(folder, model="shift_mean", clock=lambda: NOW)


@pytest.fixture
def forecasting_service(tmp_path: Path) -> ForecastingService:
    return service_in(tmp_path)


def part_of(sales: pl.DataFrame, sku: str, days: int) -> pl.DataFrame:
    """All series, one of them with its last ``days`` days only."""
    last = sales["date"].max()
    assert isinstance(last, date)
    short = pl.col("date") > last - timedelta(days=days)
    return sales.filter((pl.col("sku_id") != sku) | (pl.col("warehouse_id") != "WH001") | short)


def test_the_public_name_is_the_guides() -> None:
    assert supplynet.ForecastingService is ForecastingService


def test_the_guides_snippets_run_as_written(
    forecasting_service: ForecastingService, sales_data: pl.DataFrame
) -> None:
    forecast_result = forecasting_service.train_model(
        warehouse_id="WH001", sku_id="SKU-001", sales_data=sales_data
    )
    assert forecast_result["model_key"] == "WH001_SKU-001"
    assert set(forecast_result["metrics"]) == set(METRICS)
    assert set(forecast_result["baselines"]) == {"seasonal_naive"}

    forecast_results = forecasting_service.retrain_all_models(sales_data)
    assert len(forecast_results) == WAREHOUSES * SKUS

    performance = forecasting_service.get_model_performance_summary()
    assert performance["total_models"] == WAREHOUSES * SKUS
    assert performance["average_mape"] > 0
    best, worst = performance["best_performing"], performance["worst_performing"]
    assert best["mape"] <= performance["median_mape"] <= worst["mape"]
    assert best["model_key"] in forecast_results
    assert all(" series have so little noise" in told for told in performance["noise"].values())
    assert len(performance["noise"]) == 1  # the global model serves them all

    forecast = forecasting_service.generate_forecast(
        warehouse_id="WH001", sku_id="SKU-001", horizon_days=7
    )
    days = [row["date"] for row in forecast["forecast"]]
    assert days == [date(2026, 3, 1) + timedelta(days=n) for n in range(7)]
    for row in forecast["forecast"]:
        order = [row[k] for k in ("lower_98", "lower_80", "median", "upper_80", "upper_98")]
        assert order == sorted(order)


def test_a_model_of_its_own_serves_its_series_and_no_other(
    forecasting_service: ForecastingService, sales_data: pl.DataFrame
) -> None:
    forecasting_service.retrain_all_models(sales_data)
    own = forecasting_service.train_model("WH001", "SKU-001", sales_data)["model_version"]
    serves = {
        key: forecasting_service.generate_forecast(*key)["model_version"]
        for key in (("WH001", "SKU-001"), ("WH001", "SKU-002"))
    }
    assert serves["WH001", "SKU-001"] == own
    assert serves["WH001", "SKU-002"] != own


def test_another_process_forecasts_the_same(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    first = service_in(tmp_path)
    first.retrain_all_models(sales_data)
    second = service_in(tmp_path)
    assert first.generate_forecast("WH002", "SKU-003") == second.generate_forecast(
        "WH002", "SKU-003"
    )


def test_orders_of_one_day_are_added_up(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    half = sales_data.with_columns(pl.col("units_sold") // 2)
    rest = sales_data.with_columns(pl.col("units_sold") - pl.col("units_sold") // 2)
    found = []
    for name, table in (("whole", sales_data), ("halves", pl.concat([rest, half]))):
        service = service_in(tmp_path / name)
        service.retrain_all_models(table)
        found.append(service.generate_forecast("WH001", "SKU-002")["forecast"])
    assert found[0] == found[1]


def test_a_short_series_is_named_stops_no_other_and_is_forecast_all_the_same(
    forecasting_service: ForecastingService, sales_data: pl.DataFrame
) -> None:
    table = part_of(sales_data, "SKU-001", 41)
    found = forecasting_service.retrain_all_models(table)
    refused = found["WH001_SKU-001"]
    assert refused["refused"].startswith(
        "Insufficient data for training: series WH001/SKU-001 has 41 days, needs 100; "
    )
    assert refused["metrics"] is None
    assert all(row["metrics"] for key, row in found.items() if key != "WH001_SKU-001")
    assert forecasting_service.generate_forecast("WH001", "SKU-001")["forecast"]
    with pytest.raises(InsufficientData, match="has 41 days, needs 100"):
        forecasting_service.train_model("WH001", "SKU-001", table)


@pytest.mark.parametrize(("always", "says"), [(0, "always 0"), (7, "always 7")])
def test_a_series_that_never_changes_is_named(
    forecasting_service: ForecastingService, sales_data: pl.DataFrame, always: int, says: str
) -> None:
    stuck = (pl.col("sku_id") == "SKU-001") & (pl.col("warehouse_id") == "WH001")
    amount = pl.when(stuck).then(always).otherwise("units_sold")
    found = forecasting_service.retrain_all_models(sales_data.with_columns(units_sold=amount))
    assert says in found["WH001_SKU-001"]["refused"]


def test_too_few_records_in_all_are_refused_with_what_to_do(
    forecasting_service: ForecastingService, sales_data: pl.DataFrame
) -> None:
    few = sales_data.filter(pl.col("sku_id") == "SKU-001")
    for train in (
        lambda: forecasting_service.retrain_all_models(few),
        lambda: forecasting_service.train_model("WH001", "SKU-001", few),
    ):
        with pytest.raises(
            InsufficientData, match=r"260 records in all, 1,000 are needed; collect"
        ):
            train()
    assert not (forecasting_service.workspace / "models").exists()


def test_what_is_not_there_is_named(
    forecasting_service: ForecastingService, sales_data: pl.DataFrame
) -> None:
    with pytest.raises(NotFound, match="retrain_all_models"):
        forecasting_service.get_model_performance_summary()
    with pytest.raises(NotFound, match="WH009/SKU-001"):
        forecasting_service.train_model("WH009", "SKU-001", sales_data)
    forecasting_service.retrain_all_models(sales_data)
    with pytest.raises(NotFound, match="WH009_SKU-001"):
        forecasting_service.generate_forecast("WH009", "SKU-001")
    with pytest.raises(InvalidInput, match="horizon_days"):
        forecasting_service.generate_forecast("WH001", "SKU-001", horizon_days=0)


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def versions_in(folder: Path) -> list[Path]:
    return sorted((folder / "models").glob("*.h5"))


def test_a_damaged_file_is_never_forecast_from(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    service_in(tmp_path).retrain_all_models(sales_data)
    flip(versions_in(tmp_path)[0])
    with pytest.raises(ModelError, match="was changed"):
        service_in(tmp_path).generate_forecast("WH001", "SKU-001")
    (tmp_path / INDEX).write_text("{")
    with pytest.raises(ModelError, match="train again"):
        service_in(tmp_path).generate_forecast("WH001", "SKU-001")


def trained_twice(folder: Path, sales_data: pl.DataFrame) -> tuple[str, str]:
    """Two versions of the model for all; the second on ten more days and a day later."""
    last = sales_data["date"].max()
    assert isinstance(last, date)
    first = sales_data.filter(pl.col("date") <= last - timedelta(days=10))
    later = ForecastingService(folder, model="shift_mean", clock=lambda: NOW + timedelta(days=1))
    found = [
        service.retrain_all_models(table)["WH001_SKU-001"]["model_version"]
        for service, table in ((service_in(folder), first), (later, sales_data))
    ]
    return found[0], found[1]


def test_the_version_before_serves_for_a_damaged_one_and_says_so(
    tmp_path: Path, sales_data: pl.DataFrame
) -> None:
    first, second = trained_twice(tmp_path, sales_data)
    good = service_in(tmp_path).generate_forecast("WH001", "SKU-001")
    assert (good["model_version"], good["warning"]) == (second, "")
    flip(tmp_path / f"models/{second}.h5")
    served = service_in(tmp_path).generate_forecast("WH001", "SKU-001")
    assert served["model_version"] == first
    assert served["warning"].startswith(f"model {second} cannot be opened")
    assert served["warning"].endswith(f"{first} serves instead")
    summary = service_in(tmp_path).get_model_performance_summary()
    assert set(summary["damaged"]) == {second}


def test_the_model_for_all_serves_for_a_damaged_one_of_a_series(
    tmp_path: Path, sales_data: pl.DataFrame
) -> None:
    service = service_in(tmp_path)
    shared = service.retrain_all_models(sales_data)["WH001_SKU-001"]["model_version"]
    own = service.train_model("WH001", "SKU-001", sales_data)["model_version"]
    (tmp_path / f"models/{own}.h5").unlink()
    assert service_in(tmp_path).generate_forecast("WH001", "SKU-001")["model_version"] == shared


def test_a_rollback_goes_back_and_back_again(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    first, second = trained_twice(tmp_path, sales_data)
    service = service_in(tmp_path)
    assert service.versions().rollback(reason="too high").version == first
    assert service.generate_forecast("WH001", "SKU-001")["model_version"] == first
    with pytest.raises(NotFound, match="champion before"):
        service.versions().rollback()
    service.versions().promote(second)
    assert service.generate_forecast("WH001", "SKU-001")["model_version"] == second
    assert [each.version for each in service.versions().all()] == [second, first]
    history = service.versions().aliases.history()
    assert [(each.version, each.reason) for each in history][-2:] == [
        (first, "too high"),
        (second, ""),
    ]


def test_a_rollback_leaves_a_series_its_own_model(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    trained_twice(tmp_path, sales_data)
    service = service_in(tmp_path)
    own = service.train_model("WH001", "SKU-001", sales_data)["model_version"]
    service.versions().rollback()
    assert service.generate_forecast("WH001", "SKU-001")["model_version"] == own
    assert [each.version for each in service.versions("WH001", "SKU-001").all()] == [own]


def test_a_model_that_does_worse_waits_where_that_is_asked_for(
    tmp_path: Path, sales_data: pl.DataFrame
) -> None:
    first = service_in(tmp_path).retrain_all_models(sales_data)["WH001_SKU-001"]
    worse = ForecastingService(tmp_path, model="naive", clock=lambda: NOW)
    found = worse.retrain_all_models(sales_data, promote="if_better")["WH001_SKU-001"]
    assert (first["promoted"], found["promoted"]) == (True, False)
    assert worse.generate_forecast("WH001", "SKU-001")["model_version"] == first["model_version"]
    assert worse.versions().get(found["model_version"]).aliases == ("challenger",)


def test_individual_models_are_fitted_one_by_one_and_a_failure_is_named(
    tmp_path: Path, sales_data: pl.DataFrame
) -> None:
    pytest.importorskip("statsforecast")
    service = ForecastingService(tmp_path, model="croston_sba", clock=lambda: NOW)
    found = service.retrain_all_models(sales_data, individual=True)
    assert {row["model"] for row in found.values()} == {"individual"}
    assert all(row["metrics"] and "fallback" not in row for row in found.values())
    again = ForecastingService(tmp_path).generate_forecast("WH002", "SKU-003")
    assert again["model_version"] == found["WH002_SKU-003"]["model_version"]


def test_two_versions_are_compared_on_sales(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    first, second = trained_twice(tmp_path, sales_data)
    found = service_in(tmp_path).compare_models(first, second, sales_data)
    assert found["difference"]["difference"] == 0.0  # the same settings
    assert found["basis"].startswith("their settings, fitted again")


def test_a_model_that_cannot_go_on_says_so(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    with pytest.raises(ConfigError, match="cannot go on from a fitted model"):
        service_in(tmp_path).retrain_all_models(sales_data, warm_start=True)


def test_a_warm_start_stands_beside_a_training_afresh(
    tmp_path: Path, sales_data: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    tiny = {"epochs": 1, "finish": 0, "width": 8, "hidden": 8}
    monkeypatch.setattr(
        "supplynet.services.sales_training.estimator_of",
        lambda name, seed, _workspace: registry.estimator(name, seed=seed, **tiny),
    )
    last = sales_data["date"].max()
    assert isinstance(last, date)
    service = ForecastingService(tmp_path, model="mlp", clock=lambda: NOW)
    older = sales_data.filter(pl.col("date") <= last - timedelta(days=5))
    first = service.retrain_all_models(older, warm_start=True)["WH001_SKU-001"]
    assert "parent" not in first  # nothing to go on from
    later = ForecastingService(tmp_path, model="mlp", clock=lambda: NOW + timedelta(days=5))
    row = later.retrain_all_models(sales_data, warm_start=True)["WH001_SKU-001"]
    assert row["parent"] == first["model_version"]
    assert row["afresh"]["observed"] == row["metrics"]["observed"] > 0
    assert row["afresh"]["pinball"] != row["metrics"]["pinball"]
    manifest = read_manifest(tmp_path, row["model_version"])
    assert manifest.parent == first["model_version"]
    assert "afresh" in load_metrics(tmp_path, row["model_version"])["warm_start"]


def test_an_id_that_leaves_no_room_in_a_file_name_is_served_too(
    forecasting_service: ForecastingService, sales_data: pl.DataFrame
) -> None:
    long = "W" * 64
    table = sales_data.with_columns(warehouse_id=pl.col("warehouse_id").replace("WH001", long))
    forecasting_service.train_model(long, "SKU-001", table)
    assert forecasting_service.generate_forecast(long, "SKU-001")["forecast"]
