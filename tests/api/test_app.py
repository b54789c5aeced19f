"""What holds for every route: headers, refusals, problem bodies, compression, pages."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet import web
from supplynet.api.body_limits import LARGEST_BODY
from supplynet.api.security_headers import API_POLICY, HEADERS
from supplynet.errors import ConfigError, StoreError
from supplynet.services import alerts, overview

API = "/api/v1"
ORDER = "019b9000-0000-7000-8000-000000000000"
READS = ["control-room", "alerts", "automation", "health", "network", "plan", "stock", "orders"]
LISTS = ["stock", "orders", "forecasts", "jobs"]


def is_problem(answer: Any, status: int) -> bool:
    body: dict[str, Any] = answer.json()
    return bool(
        answer.status_code == status == body["status"]
        and answer.headers["content-type"] == "application/problem+json"
        and {"type", "title", "detail"} <= body.keys()
    )


@pytest.mark.parametrize("path", [*READS, "forecasts", "jobs", "openapi.json"])
def test_every_read_answers_in_json_that_nobody_keeps(reader: TestClient, path: str) -> None:
    answer = reader.get(f"{API}/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", f"{API}/health", 200),
        ("GET", f"{API}/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", f"{API}/orders/{ORDER}", 404),
        ("POST", f"{API}/stock", 405),
        ("DELETE", "/", 405),
        ("GET", f"{API}/stock?limit=0", 422),
        ("GET", f"{API}/orders/", 404),
    ],
)
def test_every_answer_has_the_security_headers(
    reader: TestClient, method: str, path: str, status: int
) -> None:
    if path == "/" and web.static_folder() is None:
        pytest.skip("the pages are not built")
    answer = reader.request(method, path)
    assert answer.status_code == status
    policy = {"content-security-policy": API_POLICY} if path.startswith(API) else {}
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS | policy
    assert status < 400 or is_problem(answer, status)


def test_a_wrong_method_says_which_is_right(reader: TestClient) -> None:
    assert reader.post(f"{API}/stock").headers["allow"] == "GET"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8321"])
def test_another_host_name_is_refused(reader: TestClient, host: str) -> None:
    answer = reader.get(f"{API}/health", headers={"host": host})
    assert is_problem(answer, 400)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:80", "LOCALHOST:8321", "[::1]:8321"])
def test_loopback_names_are_ours(reader: TestClient, host: str) -> None:
    assert reader.get(f"{API}/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_page_of_another_site_cannot_write(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post(f"{API}/automation", json={"paused": True}, headers=headers)
    assert is_problem(answer, 403)
    assert client.get(f"{API}/automation").json()["paused"] is False


def test_our_own_page_and_programs_can_write(client: TestClient) -> None:
    own = {"origin": "http://127.0.0.1:8321", "sec-fetch-site": "same-origin"}
    for headers in (own, {}):
        answer = client.post(f"{API}/automation", json={"paused": True}, headers=headers)
        assert answer.status_code == 200


def test_a_page_of_another_site_cannot_send_a_form_as_json(client: TestClient) -> None:
    headers = {"content-type": "text/plain"}
    answer = client.post(f"{API}/automation", content='{"paused": true}', headers=headers)
    assert is_problem(answer, 415)


@pytest.mark.parametrize("sized", [True, False])
def test_a_body_over_one_mebibyte_is_refused(client: TestClient, sized: bool) -> None:
    body = b'{"events": "' + b"x" * LARGEST_BODY + b'"}'
    content = body if sized else iter([body[:1000], body[1000:]])
    headers = {"content-type": "application/json"}
    answer = client.post(f"{API}/events", content=content, headers=headers)
    assert is_problem(answer, 413)


@pytest.mark.parametrize(
    "body", ["", "{", "[" * 100_000, "nothing", '{"paused": NaN}', '"\\ud800"']
)
def test_what_is_no_json_is_refused(client: TestClient, body: str) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post(f"{API}/automation", content=body, headers=headers)
    assert is_problem(answer, answer.status_code)
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("path", [*READS, "forecasts", "jobs"])
def test_an_unknown_parameter_is_refused(reader: TestClient, path: str) -> None:
    assert is_problem(reader.get(f"{API}/{path}", params={"locaton_id": "SR1"}), 422)


@pytest.mark.parametrize("limit", ["0", "1001", "many", "1.5", "-1"])
@pytest.mark.parametrize("path", LISTS)
def test_a_limit_is_1_to_1000(reader: TestClient, path: str, limit: str) -> None:
    assert is_problem(reader.get(f"{API}/{path}", params={"limit": limit}), 422)


def test_an_unexpected_error_is_told_to_the_log_alone(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(alerts, "open_alerts", fail)
    with caplog.at_level(logging.ERROR):
        answer = reader.get(f"{API}/alerts?limit=7")  # an address whose answer nobody keeps yet
    assert is_problem(answer, 500)
    assert "secret" not in answer.text
    assert "secret" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("error", "status"), [(StoreError, 503), (ConfigError, 500)])
def test_trouble_of_the_server_is_told_to_the_log_alone(
    reader: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
    status: int,
) -> None:
    def fail(_books: object) -> None:
        raise error("disk of /secret is full")

    monkeypatch.setattr(overview, "latest_change", fail)
    answer = reader.get(f"{API}/health")
    assert is_problem(answer, status)
    assert "secret" not in answer.text
    assert "secret" in caplog.text


def test_large_answers_are_compressed(reader: TestClient) -> None:
    assert reader.get(f"{API}/control-room").headers["content-encoding"] == "gzip"
    plain = reader.get(f"{API}/control-room", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(plain.content) > 1000


def test_the_page_and_its_files_are_served(reader: TestClient) -> None:
    folder = web.static_folder()
    if folder is None:
        pytest.skip("the pages are not built")
    page = reader.get("/")
    assert page.headers["cache-control"] == "no-cache"
    assert page.text == (folder / "index.html").read_text()
    head = reader.head("/")
    assert (head.status_code, head.content) == (200, b"")
    asset = next((folder / "assets").iterdir())
    assert "immutable" in reader.get(f"/assets/{asset.name}").headers["cache-control"]
    assert reader.get("/sources.sha256").status_code == 404
    for outside in ("/../__init__.py", "/%2e%2e/__init__.py", "/assets/..%2f..%2f__init__.py"):
        assert reader.get(outside).status_code == 404


def test_without_pages_the_server_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, empty_client: TestClient
) -> None:
    from supplynet.api.app import create_app

    monkeypatch.setattr(web, "static_folder", lambda: None)
    app = create_app(empty_client.app.state.books, local=True)  # type: ignore[attr-defined]  # ours is FastAPI
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/").status_code == client.head("/").status_code == 503
        assert "not built" in client.get("/").text
        assert client.post("/").status_code == 405
        assert is_problem(client.get("/favicon.svg"), 404)


def test_a_new_workspace_has_an_empty_screen(empty_client: TestClient) -> None:
    room = empty_client.get(f"{API}/control-room").json()
    assert room["headline"] == "No plan yet: train a model, then plan."
    assert room["shift"] is None
    assert room["lines"] == room["shifts"] == room["actions"] == room["alerts"] == []
    for path in ("orders", "alerts", "forecasts", "jobs"):
        page = empty_client.get(f"{API}/{path}").json()
        assert page == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("path", ["plan", "network", "stock"])
def test_what_is_not_there_yet_is_not_found(empty_client: TestClient, path: str) -> None:
    assert is_problem(empty_client.get(f"{API}/{path}"), 404)


def test_no_plan_can_be_made_of_nothing(empty_client: TestClient) -> None:
    assert is_problem(empty_client.post(f"{API}/plan"), 409)


def test_bodies_of_answers_are_json_without_nan(reader: TestClient) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for path in (*READS, "forecasts"):
        json.loads(reader.get(f"{API}/{path}").text, parse_constant=refuse)
