"""Changes page by page, tables as CSV, models by warehouse and SKU, and the ERP's files."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.services.books import Books
from supplynet.storage import changes

API = "/api/v1"


def test_changes_come_in_order_and_none_is_missed(reader: TestClient) -> None:
    seen: list[int] = []
    after = 0
    while True:
        page = reader.get(f"{API}/changes", params={"after": after, "limit": 1000}).json()
        seen += [each["seq"] for each in page["items"]]
        if page["next_cursor"] == after:
            break
        after = page["next_cursor"]
    assert seen == list(range(1, len(seen) + 1))
    assert page == {"items": [], "next_cursor": after, "gap": False}
    only = reader.get(f"{API}/changes", params={"kind": "plan"}).json()
    assert {each["kind"] for each in only["items"]} == {"plan"}
    assert only["next_cursor"] == after


def test_who_missed_what_was_forgotten_is_told_of_the_gap(client: TestClient, books: Books) -> None:
    with books.store.write("test", books.now()) as tx:
        newest = changes.latest_seq(tx)
        changes.prune(tx, 5)
    for after in (0, 1, newest + 1000):
        page = client.get(f"{API}/changes", params={"after": after}).json()
        assert (page["items"], page["gap"]) == ([], True)
    page = client.get(f"{API}/changes", params={"after": newest - 5}).json()
    assert (page["gap"], len(page["items"]) >= 5) == (False, True)


@pytest.mark.parametrize("table", ["stock", "orders", "movements", "forecasts", "history"])
def test_tables_go_out_whole_as_csv(reader: TestClient, table: str) -> None:
    answer = reader.get(f"{API}/exports/{table}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows
    assert all(len(row) == len(rows[0]) and None not in row for row in rows)
    if table in {"stock", "orders", "forecasts"}:
        listed, cursor = 0, dict[str, Any]()
        while cursor is not None:
            page = reader.get(f"{API}/{table}", params={"limit": 1000, **cursor}).json()
            listed += len(page["items"])
            cursor = page["next_cursor"] and {"cursor": page["next_cursor"]}
        assert len(rows) == listed


def test_rows_of_one_part_and_of_some_days(reader: TestClient) -> None:
    part = {"part_id": "P-001"}
    rows = list(csv.DictReader(io.StringIO(reader.get(f"{API}/exports/stock", params=part).text)))
    assert {row["part_id"] for row in rows} == {"P-001"}
    days = {"start": "2025-04-30T00:00:00Z", "end": "2025-05-02T00:00:00Z"}
    text = reader.get(f"{API}/exports/history", params=days).text
    starts = {row["period_start"][:10] for row in csv.DictReader(io.StringIO(text))}
    assert starts <= {"2025-04-30", "2025-05-01"}
    assert reader.get(f"{API}/exports/stock", params={"colour": "red"}).status_code == 422


def test_demand_is_forecast_on_demand(reader: TestClient) -> None:
    where: dict[str, Any] = {"location_id": "SR1.ST1.A", "part_id": "P-001", "horizon": 3}
    found = reader.get(f"{API}/forecast", params=where).json()
    assert {row["part_id"] for row in found["items"]} == {"P-001"}
    assert len({row["period_start"] for row in found["items"]}) == 3
    assert reader.get(f"{API}/forecast", params={"location_id": "nowhere"}).status_code == 404


def test_models_of_the_guide_are_trained_as_jobs_and_missed_before(client: TestClient) -> None:
    series = {"warehouse_id": "SR1.ST1.A", "sku_id": "P-001"}
    asked = {
        "/models/train": series,
        "/models/retrain-all": {"model": "shift_mean"},
        "/anomalies/detect": series,
    }
    kinds = []
    for path, body in asked.items():
        answer = client.post(f"{API}{path}", json=body)
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
        assert answer.headers["location"] == f"{API}/jobs/{answer.json()['job_id']}"
        kinds.append(answer.json()["kind"])
    assert kinds == ["train_series", "retrain_all", "detect_series"]
    assert client.get(f"{API}/forecast/SR1.ST1.A/P-001").status_code == 404
    assert client.get(f"{API}/models/performance").status_code == 404
    assert client.post(f"{API}/models/train", json=series | {"x": 1}).status_code == 422


def test_a_job_is_submitted_once_under_a_key(client: TestClient) -> None:
    said = {"json": {"kind": "verify"}, "headers": {"idempotency-key": "v1"}}
    ids = {client.post(f"{API}/jobs", **said).json()["job_id"] for _ in range(2)}  # type: ignore[arg-type]
    assert len(ids) == len(client.get(f"{API}/jobs").json()["items"]) == 1


def test_why_tells_the_grounds_of_a_part_and_the_erp_gets_its_files(reader: TestClient) -> None:
    decision = reader.get(f"{API}/decisions", params={"limit": 1}).json()["items"][0]
    path = f"{API}/why/{decision['location_id']}/{decision['part_id']}"
    assert reader.get(path).json()["time_zone"]
    assert reader.get(f"{API}/why/nowhere/P-001").status_code == 404
    assert reader.get(f"{API}/erp/export/stock").text.startswith("location_id,part_id,on_hand")
    assert reader.get(f"{API}/erp/templates/events").text.startswith("event_id")
    assert reader.get(f"{API}/erp/check").status_code == 422
    assert reader.get(f"{API}/signals").json()["items"] == []
    names = {row["name"] for row in reader.get(f"{API}/signals/providers").json()["items"]}
    assert "csv" in names
