"""The description of the API: valid, complete, stable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI
from starlette.testclient import TestClient

from supplynet.api.reference_page import page
from supplynet.security.access import OPERATIONS as OPERATION_ROWS
from supplynet.security.access import Reach

Json = dict[str, Any]
OPERATIONS = {
    "acknowledge_alert",
    "add_order",
    "add_token",
    "add_user",
    "adopt_model",
    "anchor_audit",
    "answer_anomaly",
    "approve_order",
    "ask_what_if",
    "begin_sealing",
    "cancel_job",
    "cancel_order",
    "change_my_password",
    "change_network",
    "change_order",
    "change_user",
    "check_erp",
    "close_order",
    "decide_orders",
    "detect_anomalies",
    "drop_dead_letter",
    "drop_import",
    "end_my_sessions",
    "end_sessions",
    "explain_decision",
    "export_erp",
    "export_history",
    "export_model",
    "export_table",
    "forecast_demand",
    "get_access",
    "get_alert",
    "get_anomaly",
    "get_automation",
    "get_checks",
    "get_control_room",
    "get_decision",
    "get_erp_template",
    "get_exploration",
    "get_flow",
    "get_forecast",
    "get_health",
    "get_import",
    "get_import_exploration",
    "get_import_problems",
    "get_import_quality",
    "get_job",
    "get_message",
    "get_metrics",
    "get_model",
    "get_model_performance",
    "get_network",
    "get_order",
    "get_part",
    "get_plan",
    "get_quality",
    "get_readiness",
    "get_session",
    "get_shipment",
    "get_template",
    "get_timetable",
    "get_user",
    "get_what_changed",
    "give_badge",
    "handle_alerts",
    "list_alerts",
    "list_anomalies",
    "list_audit",
    "list_backups",
    "list_changes",
    "list_channels",
    "list_dead_letters",
    "list_decisions",
    "list_deliveries",
    "list_diary",
    "list_forecasts",
    "list_import_profiles",
    "list_imports",
    "list_jobs",
    "list_keys",
    "list_models",
    "list_movements",
    "list_orders",
    "list_picking",
    "list_shipments",
    "list_signal_providers",
    "list_signals",
    "list_stock",
    "list_tokens",
    "list_users",
    "make_backup",
    "make_plan",
    "pick_order",
    "pick_shipment",
    "promote_model",
    "prune_models",
    "receive_order",
    "receive_shipment",
    "remove_model",
    "replay_dead_letter",
    "replay_dead_letters",
    "replay_message",
    "report_stock",
    "reseal_keys",
    "reset_password",
    "resolve_alert",
    "retrain_all_models",
    "reverse_order",
    "revoke_token",
    "roll_back_model",
    "rotate_keys",
    "run_channel_test",
    "seal_secret",
    "set_automation",
    "ship_order",
    "ship_shipment",
    "sign_in",
    "sign_in_by_badge",
    "sign_out",
    "snooze_alert",
    "snooze_order",
    "split_order",
    "stream_changes",
    "submit_job",
    "sum_diary",
    "take_badge",
    "take_import",
    "take_in_event",
    "take_in_events",
    "train_model",
    "undo_movement",
    "upload_import",
    "verify_audit",
    "verify_backup",
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


_CSV = {"text/csv; charset=utf-8"}
FILES = {
    "/api/v1/imports/{import_id}/problems": _CSV,
    "/api/v1/imports/{import_id}/exploration": {"text/html"},
    "/api/v1/exports/history": _CSV,
    "/api/v1/exports/{table}": _CSV,
    "/api/v1/erp/export/{kind}": _CSV,
    "/api/v1/erp/templates/{kind}": _CSV,
    "/api/v1/metrics": {"text/plain"},
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


UNKEYED = {
    "take_import": "the job has the id of the file",
    "cancel_job": "a job that is cancelled stays so",
    "run_channel_test": "a test that is sent twice is two tests",
    "adopt_model": "what is signed stays signed",
    "anchor_audit": "an anchor more is no harm",
    "verify_audit": "changes nothing",
    "begin_sealing": "sealing that has begun is told of",
    "rotate_keys": "one key more is no harm",
    "reseal_keys": "what is sealed anew is sealed anew",
    "seal_secret": "the secret would be kept beside the books",
    "sign_in": "the session would be kept beside the books",
    "sign_in_by_badge": "the session would be kept beside the books",
    "add_token": "the token would be kept beside the books",
    "give_badge": "the badge would be kept beside the books",
    "reset_password": "the password would be kept beside the books",
    "change_my_password": "the old one no longer fits",
    "end_my_sessions": "what has ended has ended",
    "end_sessions": "what has ended has ended",
    "add_user": "a name is given once",
}
"""Writes without an ``Idempotency-Key``, and why nothing is done twice or may not be kept."""


def test_every_post_can_be_sent_again(document: Json) -> None:
    keyed = {}
    for _, method, operation in operations(document):
        if method == "post":
            names = {given["name"].lower() for given in operation.get("parameters", ())}
            keyed[operation["operationId"]] = "idempotency-key" in names
    assert {name for name, has in keyed.items() if not has} <= UNKEYED.keys()


def test_every_body_is_described_and_shown(document: Json) -> None:
    for path, _, operation in operations(document):
        body = operation.get("requestBody")
        if body is not None:
            assert body["description"], path
            shown = [each for each in body["content"].values() if "example" in each]
            assert shown, path


def test_every_operation_says_what_it_needs_as_it_is_enforced(document: Json) -> None:
    for _, method, operation in operations(document):
        row = OPERATION_ROWS[operation["operationId"]]
        assert operation["x-reach"] == row.reach
        if row.reach is not Reach.OPEN:
            assert operation["x-permission"] == row.permission
            cookie: Json = {"session": []} if method == "get" else {"session": [], "csrf": []}
            assert operation["security"] == [{"token": []}, cookie]


def test_the_page_about_the_api_is_as_the_api_is(document: Json) -> None:
    assert Path("docs/api.md").read_text("utf-8") == page(document)


def test_inputs_are_strict(document: Json) -> None:
    """Whatever comes in: unknown fields are refused."""
    for path, _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        schema = content.get("schema", {})
        every = (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ()))
        for each in (each for each in every if "$ref" in each):
            found = document["components"]["schemas"][each["$ref"].rpartition("/")[2]]
            assert found["additionalProperties"] is False, path


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
