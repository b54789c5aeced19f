"""The guide's anomaly service: its snippets as they are written, and what it refuses."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import supplynet
from supplynet.errors import ConfigError, InsufficientData, InvalidInput, ModelError, NotFound
from supplynet.learning.artifacts import check_model, load_metrics
from supplynet.learning.manifest import read_manifest
from supplynet.services.anomaly import AnomalyService
from supplynet.services.data import DataService

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAYS, WAREHOUSES, SKUS = 150, 2, 4
FIRST = ("WH001", "SKU-001")
LAST = date(2026, 2, 28)
ODD = date(2026, 2, 26)


@pytest.fixture(scope="module")
def sales_data() -> pl.DataFrame:
    """Poisson sales: 40 on weekdays, 15 on weekends."""
    rng = np.random.default_rng(1)
    days = [LAST - timedelta(days=n) for n in range(DAYS - 1, -1, -1)]
    rows = [
        (f"WH00{house}", f"SKU-00{sku}", day, int(rng.poisson(40 if day.weekday() < 5 else 15)))
        for house in range(1, WAREHOUSES + 1)
        for sku in range(1, SKUS + 1)
        for day in days
    ]
    schema = ["warehouse_id", "sku_id", "date", "units_sold"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture(scope="module")
def made_up() -> pl.DataFrame:
    """Sales of the generator, with its promotions and orders."""
    service = DataService(clock=lambda: NOW)
    return service.generate_synthetic_training_data(WAREHOUSES, SKUS, DAYS, seed=1)


def service_in(folder: Path, model: str = "robust_seasonal") -> AnomalyService:
    return AnomalyService(folder, model=model, clock=lambda: NOW)


@pytest.fixture
def anomaly_service(tmp_path: Path) -> AnomalyService:
    return service_in(tmp_path)


def of_first() -> pl.Expr:
    return (pl.col("warehouse_id") == FIRST[0]) & (pl.col("sku_id") == FIRST[1])


def recent(sales: pl.DataFrame, days: int = 10, amount: int = 500) -> pl.DataFrame:
    """The last days, on one of which the first series sold ``amount``."""
    odd = of_first() & (pl.col("date") == ODD)
    last = sales.filter(pl.col("date") > LAST - timedelta(days=days))
    return last.with_columns(units_sold=pl.when(odd).then(amount).otherwise("units_sold"))


def test_the_public_name_is_the_guides() -> None:
    assert supplynet.AnomalyService is AnomalyService


def test_the_guides_snippets_run_as_written(
    anomaly_service: AnomalyService, made_up: pl.DataFrame
) -> None:
    sales_data = made_up
    anomaly_result = anomaly_service.train_anomaly_detector(
        warehouse_id="WH001", sku_id="SKU-001", sales_data=sales_data
    )
    assert anomaly_result["model_key"] == "WH001_SKU-001"
    assert anomaly_result["days"] == DAYS
    assert anomaly_result["threshold_of"] == "score"
    assert 0 < anomaly_result["threshold"] < 1

    anomaly_results = anomaly_service.retrain_all_detectors(sales_data)
    assert len(anomaly_results) == WAREHOUSES * SKUS

    recent_sales = recent(sales_data)
    anomalies = anomaly_service.detect_anomalies(
        warehouse_id="WH001", sku_id="SKU-001", recent_data=recent_sales
    )
    (odd,) = anomalies["anomalies"]
    assert (odd["date"], odd["units_sold"]) == (ODD, 500.0)
    assert odd["high"] < 500
    assert "500" in odd["sentence"]
    assert [row["date"] for row in anomalies["scores"]] == [
        LAST - timedelta(days=n) for n in range(9, -1, -1)
    ]
    assert [row["is_anomaly"] for row in anomalies["scores"]].count(True) == 1
    assert anomalies["warning"] == ""


def test_what_is_said_of_a_detector_without_labels(
    anomaly_service: AnomalyService, sales_data: pl.DataFrame
) -> None:
    result = anomaly_service.retrain_all_detectors(sales_data)["WH001_SKU-001"]
    metrics = result["metrics"]
    assert (metrics["held_out_periods"], metrics["observed"]) == (28, 28)
    assert metrics["allowed_share"] == pytest.approx(0.001)
    assert metrics["flagged_share"] == metrics["flagged"] / 28
    assert metrics["injected_faults"] > 0
    assert 0 < metrics["recall"] <= 1
    assert result["baselines"]["random"]["recall"] < metrics["recall"]


def test_one_day_is_enough_because_the_history_is_kept(
    anomaly_service: AnomalyService, sales_data: pl.DataFrame
) -> None:
    anomaly_service.retrain_all_detectors(sales_data)
    table = {"warehouse_id": ["WH001"], "sku_id": ["SKU-001"], "date": [date(2026, 3, 1)]}
    high = anomaly_service.detect_anomalies(*FIRST, {**table, "units_sold": [500]})
    assert [row["units_sold"] for row in high["anomalies"]] == [500.0]
    calm = anomaly_service.detect_anomalies(*FIRST, {**table, "units_sold": [20]})
    assert calm["anomalies"] == []
    assert calm["scores"][0]["score"] is not None


def test_a_recent_day_replaces_that_of_the_history(
    anomaly_service: AnomalyService, sales_data: pl.DataFrame
) -> None:
    anomaly_service.retrain_all_detectors(recent(sales_data, DAYS))
    again = anomaly_service.detect_anomalies(*FIRST, recent(sales_data, 3, amount=20))
    assert again["anomalies"] == []
    assert again["scores"][0]["units_sold"] == 20.0


def test_more_than_the_history_is_judged_by_itself(
    anomaly_service: AnomalyService, sales_data: pl.DataFrame
) -> None:
    short = sales_data.filter(pl.col("date") > LAST - timedelta(days=60))
    anomaly_service.retrain_all_detectors(short)
    found = anomaly_service.detect_anomalies(*FIRST, recent(sales_data, DAYS))
    assert len(found["scores"]) == DAYS
    assert ODD in [row["date"] for row in found["anomalies"]]


def test_one_detector_serves_all_but_the_series_that_has_its_own(
    anomaly_service: AnomalyService, sales_data: pl.DataFrame
) -> None:
    every = anomaly_service.retrain_all_detectors(sales_data)
    (version,) = {row["model_version"] for row in every.values()}
    own = anomaly_service.train_anomaly_detector(*FIRST, sales_data)["model_version"]
    anomaly_service.retrain_all_detectors(sales_data)
    serves = {
        sku: anomaly_service.detect_anomalies("WH001", sku, recent(sales_data))["model_version"]
        for sku in ("SKU-001", "SKU-002")
    }
    assert serves["SKU-001"] == own
    assert serves["SKU-002"] not in {own, version}


def test_each_series_may_have_its_own_as_in_the_guide(
    anomaly_service: AnomalyService, sales_data: pl.DataFrame
) -> None:
    two = sales_data.filter(pl.col("sku_id").is_in(["SKU-001", "SKU-002"]))
    found = anomaly_service.retrain_all_detectors(two, individual=True)
    assert len({row["model_version"] for row in found.values()}) == 2 * WAREHOUSES
    assert anomaly_service.detect_anomalies(*FIRST, recent(two))["anomalies"]


def test_another_process_sees_the_same(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    first = service_in(tmp_path)
    first.retrain_all_detectors(sales_data)
    here = first.detect_anomalies(*FIRST, recent(sales_data))
    assert service_in(tmp_path).detect_anomalies(*FIRST, recent(sales_data)) == here


def test_what_is_kept_can_be_traced(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    service = service_in(tmp_path)
    version = service.retrain_all_detectors(sales_data)["WH001_SKU-001"]["model_version"]
    manifest = read_manifest(tmp_path, version)
    assert (manifest.purpose, manifest.series, manifest.trained_at) == (
        "anomalies",
        WAREHOUSES * SKUS,
        NOW,
    )
    assert {path.partition("/")[0] for path in manifest.files} == {"models", "scalers", "metrics"}
    assert len(load_metrics(tmp_path, version)["serves"]) == WAREHOUSES * SKUS
    assert service.versions().champion() == version


def test_a_damaged_detector_is_never_opened_and_the_one_before_serves(
    tmp_path: Path, sales_data: pl.DataFrame
) -> None:
    service = service_in(tmp_path)
    before = service.retrain_all_detectors(sales_data)["WH001_SKU-001"]["model_version"]
    newest = service.retrain_all_detectors(sales_data)["WH001_SKU-001"]["model_version"]
    file = tmp_path / "models" / f"{newest}.h5"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    found = service_in(tmp_path).detect_anomalies(*FIRST, recent(sales_data))
    assert found["model_version"] == before
    assert f"model {newest} cannot be opened" in found["warning"]
    assert [row["date"] for row in found["anomalies"]] == [ODD]
    (tmp_path / "models" / f"{before}.h5").unlink()
    with pytest.raises(ModelError, match="no version"):
        service_in(tmp_path).detect_anomalies(*FIRST, recent(sales_data))


def test_a_damaged_index_is_made_anew(tmp_path: Path, sales_data: pl.DataFrame) -> None:
    service = service_in(tmp_path)
    version = service.retrain_all_detectors(sales_data)["WH001_SKU-001"]["model_version"]
    (tmp_path / "models" / "anomalies.index.json").write_text("{", "utf-8")
    found = service.detect_anomalies(*FIRST, recent(sales_data))
    assert found["model_version"] == version
    assert "made anew" in found["warning"]


def test_series_that_cannot_be_learnt_from_are_named_and_stop_no_other(
    anomaly_service: AnomalyService, sales_data: pl.DataFrame
) -> None:
    sku = pl.col("sku_id")
    here = pl.col("warehouse_id") == "WH001"
    short = ~here | (sku != "SKU-002") | (pl.col("date") > LAST - timedelta(days=5))
    amount = pl.col("units_sold").cast(pl.Float64)
    broken = (
        pl.when(here & (sku == "SKU-003"))
        .then(7.0)
        .when(here & (sku == "SKU-004") & (pl.col("date") == ODD))
        .then(float("inf"))
        .otherwise(amount)
    )
    table = sales_data.filter(short).with_columns(units_sold=broken)
    results = anomaly_service.retrain_all_detectors(table)
    refused = {key: row["refused"] for key, row in results.items() if "refused" in row}
    assert set(refused) == {"WH001_SKU-002", "WH001_SKU-003", "WH001_SKU-004"}
    assert "has 5 values, 28 are needed" in refused["WH001_SKU-002"]
    assert "is always 7" in refused["WH001_SKU-003"]
    assert "has inf at 2026-02-26 00:00" in refused["WH001_SKU-004"]
    assert all(results[key]["metrics"] is None for key in refused)
    with pytest.raises(InvalidInput, match="has inf at"):
        anomaly_service.detect_anomalies("WH001", "SKU-004", table)


def test_the_guides_own_detector_keeps_its_threshold(
    tmp_path: Path, sales_data: pl.DataFrame
) -> None:
    pytest.importorskip("torch")
    service = AnomalyService(
        tmp_path, model="lstm_reconstruction", settings={"epochs": 2}, clock=lambda: NOW
    )
    one = sales_data.filter(of_first())
    result = service.train_anomaly_detector(*FIRST, one)
    assert result["threshold_of"] == "strangeness"
    found = service.detect_anomalies(*FIRST, recent(one, 40))
    assert found["threshold"] == result["threshold"]
    assert ODD in [row["date"] for row in found["anomalies"]]


def test_what_is_written_is_json_but_for_its_dates(
    anomaly_service: AnomalyService, sales_data: pl.DataFrame
) -> None:
    result = anomaly_service.retrain_all_detectors(sales_data)
    found = anomaly_service.detect_anomalies(*FIRST, recent(sales_data))
    text = json.dumps([result, found], default=date.isoformat, allow_nan=False)
    assert "WH001_SKU-001" in text


def test_versions_can_be_rolled_back_and_are_whole(
    tmp_path: Path, sales_data: pl.DataFrame
) -> None:
    service = service_in(tmp_path)
    first = service.retrain_all_detectors(sales_data)["WH001_SKU-001"]["model_version"]
    second = service.retrain_all_detectors(sales_data)["WH001_SKU-001"]["model_version"]
    assert {version.version for version in service.versions().all()} == {first, second}
    service.versions().rollback(reason="it cried wolf")
    assert service.detect_anomalies(*FIRST, recent(sales_data))["model_version"] == first
    assert check_model(tmp_path, first).model == "calibrated"


def test_what_cannot_be_is_said(anomaly_service: AnomalyService, sales_data: pl.DataFrame) -> None:
    service = anomaly_service
    with pytest.raises(NotFound, match="train_anomaly_detector"):
        service.detect_anomalies(*FIRST, sales_data)
    with pytest.raises(NotFound, match="series"):
        service.train_anomaly_detector("WH001", "SKU-999", sales_data)
    with pytest.raises(InsufficientData, match="has 3 values"):
        service.train_anomaly_detector(*FIRST, recent(sales_data, 3))
    with pytest.raises(InsufficientData, match="Insufficient data"):
        service.retrain_all_detectors(recent(sales_data, 3))
    with pytest.raises(InvalidInput):
        service.retrain_all_detectors(object())
    with pytest.raises(NotFound):
        AnomalyService(service.workspace, model="crystal_ball")
    with pytest.raises(ConfigError):
        AnomalyService(service.workspace, model="robust_seasonal", settings={"magic": 1})
    with pytest.raises(InvalidInput, match="alarms_per_week"):
        AnomalyService(service.workspace, alarms_per_week=0)
