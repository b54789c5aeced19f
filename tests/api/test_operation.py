"""Ready or not, metrics, the checklist, and what the log says of requests."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet import logs
from supplynet.api.app import create_app
from supplynet.errors import StoreError
from supplynet.services import overview, readiness
from supplynet.services.books import Books
from supplynet.services.running import Running
from supplynet.storage import migrate

API = "/api/v1"
HERE = "http://127.0.0.1:8321"


def value(text: str, series: str) -> float:
    (found,) = [line for line in text.splitlines() if line.startswith(f"{series} ")]
    return float(found.rpartition(" ")[2])


def test_a_server_is_ready_and_its_metrics_say_so(client: TestClient) -> None:
    assert client.get(f"{API}/ready").json() == {"status": "ready"}
    client.get(f"{API}/orders")
    client.get(f"{API}/orders/no-such-order")
    answer = client.get(f"{API}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = answer.text
    assert value(text, "supplynet_ready") == 1
    assert value(text, "supplynet_ledger_movements_total") > 0
    assert value(text, 'supplynet_jobs{state="queued"}') == 0
    assert value(text, 'supplynet_dead_letters{channel="mqtt"}') == 0
    assert 0 <= value(text, "supplynet_halt_risk_highest") <= 1
    operation = 'supplynet_http_requests_total{operation="%s",status="%s"}'
    assert value(text, operation % ("list_orders", "2xx")) == 1
    assert value(text, operation % ("get_order", "4xx")) == 1
    assert value(text, "supplynet_http_requests_running") == 1  # this one


def test_labels_name_operations_and_never_what_was_asked_for(client: TestClient) -> None:
    for path in ("orders/secret-order", "stock?part_id=P-001", "no/such/path", "../../etc/passwd"):
        client.get(f"{API}/{path}")
    text = client.get(f"{API}/metrics").text
    assert not any(word in text for word in ("secret-order", "P-001", "such/path", "passwd", "SR1"))
    assert 'operation="page"' in text


@pytest.mark.parametrize(
    ("running", "says"),
    [
        (Running(stopping=lambda: True), "is stopping"),
        (Running(threads=lambda: {"loop": False, "mqtt": True}), "'loop' has ended"),
    ],
)
def test_a_server_that_stops_or_lost_a_thread_is_not_ready(
    books: Books, running: Running, says: str
) -> None:
    with TestClient(create_app(books, local=True, running=running), base_url=HERE) as client:
        answer = client.get(f"{API}/ready")
        assert (answer.status_code, says in answer.json()["detail"]) == (503, True)
        assert value(client.get(f"{API}/metrics").text, "supplynet_ready") == 0
        assert client.get(f"{API}/health").status_code == 200
        checks = {each["name"]: each for each in client.get(f"{API}/checks").json()["items"]}
        assert (checks["server"]["state"], says in checks["server"]["found"]) == ("broken", True)


def test_trouble_with_books_or_disk_is_not_ready_and_says_no_path(
    books: Books, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books.store, "_write_trouble", "disk of /secret is full")
    monkeypatch.setattr(readiness, "LEAST_FREE_BYTES", 1 << 60)

    def fail(_store: object) -> bool:
        raise StoreError("no /secret")

    monkeypatch.setattr(migrate, "is_newest", fail)
    answer = client.get(f"{API}/ready")
    assert answer.status_code == 503
    detail = answer.json()["detail"]
    assert all(each in detail for each in ("cannot be read", "last write", "disk are free"))
    assert "secret" not in answer.text


def test_the_checklist_is_the_same_as_the_command_shows(client: TestClient) -> None:
    found = client.get(f"{API}/checks").json()
    states = {each["name"]: each["state"] for each in found["items"]}
    assert (states["books"], states["server"], states["keys"]) == ("ready", "ready", "todo")
    assert found["broken"] == sum(state == "broken" for state in states.values())


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the process logs, as JSON; the logging of the tests comes back afterwards."""
    import structlog

    root, written = logging.getLogger(), StringIO()
    before = (list(root.handlers), root.level)
    levels = {name: logging.getLogger(name).level for name in (*logs.LIBRARIES, logs.ACCESS)}
    logs.configure(style="json", level="info", stream=written)
    yield written
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_each_request_has_one_line_with_its_route_and_who_asked(
    client: TestClient, log: StringIO
) -> None:
    answer = client.get(f"{API}/orders/secret-order", headers={"cookie": "supplynet_session=abc"})
    (line,) = [each for each in lines(log) if each["logger"] == logs.ACCESS]
    wanted = {
        "level": "info",
        "method": "GET",
        "operation": "get_order",
        "route": "/api/v1/orders/{order_id}",
        "status": 404,
        "actor": "local",
        "request_id": answer.headers["x-request-id"],
    }
    assert {key: line.get(key) for key in wanted} == wanted
    assert line["ms"] > 0
    assert "secret-order" not in log.getvalue()
    assert "abc" not in log.getvalue()


def test_a_request_that_fails_is_told_in_full_without_its_secrets(
    client: TestClient, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "sn_" + "a1B-" * 11

    def fail(_books: object) -> None:
        raise ZeroDivisionError(
            f"Authorization: Bearer {token} password=hunter2 badge SNB-ABCDEFGHIJKLMNOPQRSTUVWXYZ "
            "postgresql://sn:hunter3@db/x\n2026-01-01T00:00:00Z info forged: line"
        )

    monkeypatch.setattr(overview, "latest_change", fail)
    answer = client.get(f"{API}/health", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, "ZeroDivision" in answer.text) == (500, False)
    (line,) = [each for each in lines(log) if each["level"] == "error"]
    assert "ZeroDivisionError" in line["exception"]
    assert "overview" in line["exception"] or "get_health" in line["exception"]
    assert line["request_id"] == answer.headers["x-request-id"]
    said = log.getvalue()
    assert not any(word in said for word in (token, "hunter2", "hunter3", "SNB-A"))
    assert "forged" in said
    assert not any(each.startswith("2026-01-01") for each in said.splitlines())
