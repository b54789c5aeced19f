"""The description of the API: valid, complete, stable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI
from starlette.testclient import TestClient

Json = dict[str, Any]
OPERATIONS = {
    "acknowledge_alert",
    "add_order",
    "answer_anomaly",
    "approve_order",
    "ask_what_if",
    "cancel_job",
    "cancel_order",
    "change_order",
    "close_order",
    "drop_dead_letter",
    "get_anomaly",
    "get_automation",
    "get_control_room",
    "get_decision",
    "get_exploration",
    "get_health",
    "get_job",
    "get_message",
    "get_model",
    "get_network",
    "get_order",
    "get_plan",
    "get_quality",
    "get_shipment",
    "get_template",
    "list_alerts",
    "list_anomalies",
    "list_dead_letters",
    "list_decisions",
    "list_deliveries",
    "list_diary",
    "list_forecasts",
    "list_jobs",
    "list_models",
    "list_movements",
    "list_orders",
    "list_picking",
    "list_shipments",
    "list_stock",
    "make_plan",
    "pick_order",
    "pick_shipment",
    "promote_model",
    "receive_order",
    "receive_shipment",
    "replay_dead_letter",
    "replay_message",
    "report_stock",
    "resolve_alert",
    "reverse_order",
    "roll_back_model",
    "run_channel_test",
    "set_automation",
    "ship_order",
    "ship_shipment",
    "snooze_alert",
    "snooze_order",
    "split_order",
    "stream_changes",
    "submit_job",
    "sum_diary",
    "take_in_event",
    "take_in_events",
    "undo_movement",
    "verify_books",
}


@pytest.fixture(scope="module")
def document(reader: TestClient) -> Json:
    found: Json = reader.get("/api/v1/openapi.json").json()
    return found


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def nodes(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from nodes(item)


def test_it_is_openapi_3_1(document: Json) -> None:
    assert document["openapi"] == "3.1.0"
    assert OpenAPI.model_validate(document).info.title == "SupplyNet"


def test_operation_ids_never_change(document: Json) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert set(ids) >= OPERATIONS


def test_every_reference_leads_somewhere_and_no_schema_lies_idle(document: Json) -> None:
    named = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    here = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert named == here


def test_every_operation_says_what_it_does_and_how_it_fails(document: Json) -> None:
    for path, method, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path
        failures = {status for status in operation["responses"] if status >= "400"}
        assert {"400", "404", "422", "503"} <= failures
        assert method == "get" or {"403", "409", "413"} <= failures
        for status in failures:
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"]


FILES = {
    "/api/v1/exploration": {"text/html"},
    "/api/v1/templates/{kind}/{form}": {
        "text/csv; charset=utf-8",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    },
}
"""Answers that are no JSON, and their media types."""


def test_every_answer_has_a_schema(document: Json) -> None:
    for path, _, operation in operations(document):
        good = next(answer for status, answer in operation["responses"].items() if status < "300")
        if path in FILES:
            assert FILES[path] <= set(good["content"])
        elif path != "/api/v1/stream":
            assert "$ref" in good["content"]["application/json"]["schema"], path


def test_parameters_of_paths_are_declared(document: Json) -> None:
    for path, _, operation in operations(document):
        declared = {
            given["name"] for given in operation.get("parameters", []) if given["in"] == "path"
        }
        assert declared == {piece[1:-1] for piece in path.split("/") if piece.startswith("{")}


@pytest.mark.parametrize(
    ("schema", "path"),
    [("EventBody", "events"), ("TrainJob", "jobs"), ("SimulateJob", "jobs")],
)
def test_examples_are_taken_as_they_are_written(
    document: Json, client: TestClient, schema: str, path: str
) -> None:
    example = document["components"]["schemas"][schema]["examples"][0]
    if path == "events":
        here = {"location_id": "SR1.ST1.A", "part_id": "P-001"}
        example = {"events": [example | here | {"occurred_at": "2025-05-07T03:58:00Z"}]}
    assert client.post(f"/api/v1/{path}", json=example).status_code in {200, 202}
