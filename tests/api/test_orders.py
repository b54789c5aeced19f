"""Orders over HTTP: approve, change, cancel, and what is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from supplynet.services.books import Books
from supplynet.storage import audit, balances

API = "/api/v1"
NOBODY = "019b9000-0000-7000-8000-000000000000"


def first(client: TestClient, kind: str = "transfer") -> dict[str, Any]:
    rows: list[dict[str, Any]] = client.get(f"{API}/orders").json()["items"]
    found = next(row for row in rows if row["kind"] == kind)
    return {name: value for name, value in found.items() if name != "etag"}


def test_an_approved_order_is_released_and_its_parts_are_reserved(
    client: TestClient, books: Books
) -> None:
    order = first(client)
    with books.store.read() as tx:
        before = balances.free(tx, order["part_id"], order["from_location"])
    answer = client.post(f"{API}/orders/{order['order_id']}/approve")
    assert answer.status_code == 200
    assert answer.json() == order | {"state": "approved"}
    assert client.get(f"{API}/orders/{order['order_id']}").json() == answer.json()
    with books.store.read() as tx:
        after = balances.free(tx, order["part_id"], order["from_location"])
    assert before - after == order["quantity"]


def test_another_quantity_and_its_reason_are_kept(client: TestClient, books: Books) -> None:
    order = first(client)
    body = {"quantity": order["quantity"] + 7, "reason": "one more"}
    answer = client.post(f"{API}/orders/{order['order_id']}/approve", json=body)
    assert answer.json()["quantity"] == order["quantity"] + 7
    with books.store.read() as tx:
        entries = audit.entries(tx, subject=order["order_id"])
    found = [(entry.actor, entry.reason) for entry in entries if entry.action == "order_approved"]
    assert found == [("local", "one more")]


def test_of_two_who_approve_the_second_is_told(client: TestClient) -> None:
    url = f"{API}/orders/{first(client)['order_id']}/approve"
    assert client.post(url).status_code == 200
    second = client.post(url)
    assert second.status_code == 409
    assert "is approved and cannot become approved" in second.json()["detail"]


def test_a_dismissed_order_is_cancelled_and_gives_its_parts_back(
    client: TestClient, books: Books
) -> None:
    order = first(client)
    url = f"{API}/orders/{order['order_id']}"
    with books.store.read() as tx:
        before = balances.free(tx, order["part_id"], order["from_location"])
    client.post(f"{url}/approve")
    answer = client.post(f"{url}/cancel", json={"reason": "already on its way"})
    assert answer.json()["state"] == "cancelled"
    assert client.post(f"{url}/cancel", json={"reason": "again"}).status_code == 409
    with books.store.read() as tx:
        assert balances.free(tx, order["part_id"], order["from_location"]) == before


def test_more_than_the_source_has_is_refused_and_nothing_changes(client: TestClient) -> None:
    order = first(client)
    url = f"{API}/orders/{order['order_id']}"
    answer = client.post(f"{url}/approve", json={"quantity": 2_000_000_000})
    assert answer.status_code == 409
    assert "free" in answer.json()["detail"]
    assert client.get(url).json() == order


@pytest.mark.parametrize(
    "body",
    [
        {"quantity": 0},
        {"quantity": -5},
        {"quantity": 2.5},
        {"quantity": "240"},
        {"quantity": True},
        {"quantity": 10**30},
        {"amount": 5},
        {"reason": "x" * 501},
        {"reason": 7},
        [],
    ],
)
def test_an_approval_is_taken_literally(client: TestClient, body: Any) -> None:
    url = f"{API}/orders/{first(client)['order_id']}"
    answer = client.post(f"{url}/approve", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith("body")
    assert client.get(url).json()["state"] == "proposed"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": None}, None])
def test_a_cancellation_needs_a_reason(client: TestClient, body: Any) -> None:
    url = f"{API}/orders/{first(client)['order_id']}/cancel"
    assert client.post(url, json=body).status_code == 422


@pytest.mark.parametrize(
    ("order_id", "status"), [(NOBODY, 404), ("x", 404), ("a%00b", 400), ("a b", 422), ("ä", 422)]
)
def test_an_order_that_is_not_there_is_not_found(
    client: TestClient, order_id: str, status: int
) -> None:
    assert client.get(f"{API}/orders/{order_id}").status_code == status
    body = {"reason": "no"}
    assert client.post(f"{API}/orders/{order_id}/cancel", json=body).status_code == status
    assert client.post(f"{API}/orders/{order_id}/approve").status_code == status


def test_an_order_goes_through_its_life_and_every_retry_gets_the_same_answer(
    client: TestClient,
) -> None:
    order = first(client)
    url, quantity = f"{API}/orders/{order['order_id']}", order["quantity"]
    steps: list[tuple[str, Any, str]] = [
        ("change", {"quantity": quantity + 1, "reason": "r"}, "proposed"),
        ("snooze", {"until": order["cutoff_at"]}, "proposed"),
        ("approve", None, "approved"),
        ("pick", {"quantity": quantity}, "picked"),
        ("ship", None, "shipped"),
        ("receive", {"good": quantity - 1, "damaged": 1, "reason": "wet"}, "closed"),
        ("reverse", {"reason": "wrong lorry"}, "reversed"),
    ]
    for number, (step, body, state) in enumerate(steps):
        key = {"Idempotency-Key": f"key-{number}"}
        answer = client.post(f"{url}/{step}", json=body, headers=key)
        assert (answer.status_code, answer.json()["state"]) == (200, state), answer.text
        assert client.post(f"{url}/{step}", json=body, headers=key).json() == answer.json()
    ended = client.get(url).json()
    assert (ended["proposed_quantity"], ended["received"], ended["damaged"]) == (
        quantity,
        quantity - 1,
        1,
    )
    other = {"Idempotency-Key": "key-6"}
    assert client.post(f"{url}/close", headers=other).status_code == 409
    (entry,) = client.get(f"{API}/diary").json()["items"]
    assert (entry["action"], entry["proposed"], entry["done"]) == (
        "change",
        quantity,
        quantity + 1,
    )
    assert client.get(f"{API}/diary/summary").json()["items"][0]["count"] == 1


def test_an_order_is_added_by_hand_and_split(client: TestClient) -> None:
    order = first(client)
    coming = {row["departure_at"] for row in client.get(f"{API}/shipments").json()["items"]}
    body = {
        "kind": "transfer",
        "part_id": order["part_id"],
        "to_location": order["to_location"],
        "quantity": 40,
    }
    taken = client.post(f"{API}/orders", json=body)
    assert taken.status_code == 409
    assert order["order_id"] in taken.json()["detail"]
    other = {"quantity": 1, "departure_at": "2020-01-01T00:00:00Z"}
    no = client.post(f"{API}/orders/{order['order_id']}/split", json=other)
    assert no.status_code == 422
    told = re.search(r"next: .+?, (.+?)(?:,.*)? \((.+)\)$", no.json()["detail"])
    assert told is not None, "in the clock of the lane"
    local = datetime.fromisoformat(told[1]).replace(tzinfo=ZoneInfo(told[2]))
    later = local.astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert later not in coming
    halves = client.post(
        f"{API}/orders/{order['order_id']}/split", json={"quantity": 1, "departure_at": later}
    ).json()["items"]
    assert [half["quantity"] for half in halves] == [order["quantity"] - 1, 1]
    moved = client.get(f"{API}/orders", params={"part_id": order["part_id"], "due": True}).json()
    assert {half["order_id"] for half in halves} <= {row["order_id"] for row in moved["items"]}
    assert client.post(f"{API}/orders", json=body | {"departure_at": later}).status_code == 409


def test_a_departure_is_picked_shipped_and_received_over_http(client: TestClient) -> None:
    shipment = client.get(f"{API}/shipments").json()["items"][0]
    url = f"{API}/shipments/{shipment['shipment_id']}"
    for order in client.get(url).json()["orders"]:
        client.post(f"{API}/orders/{order['order_id']}/approve")
    tasks = client.get(f"{API}/picking").json()["items"]
    assert len(tasks) == shipment["order_count"]
    for step, state in (("pick", "picked"), ("ship", "shipped"), ("receive", "closed")):
        answer = client.post(f"{url}/{step}")
        assert answer.status_code == 200, answer.text
        assert {row["state"] for row in answer.json()["items"]} == {state}
    assert client.post(f"{url}/ship").status_code == 409


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("change", {"quantity": 0}),
        ("change", {}),
        ("snooze", {"until": "2026-01-05T18:00:00"}),
        ("snooze", {"until": "soon"}),
        ("split", {"quantity": 1}),
        ("pick", {"quantity": "5"}),
        ("receive", {"good": -1}),
        ("receive", {"good": 1.5}),
        ("receive", {}),
        ("reverse", {"reason": ""}),
        ("reverse", None),
        ("ship", {"parts": 5}),
    ],
)
def test_commands_are_taken_literally(client: TestClient, step: str, body: Any) -> None:
    url = f"{API}/orders/{first(client)['order_id']}"
    assert client.post(f"{url}/{step}", json=body).status_code == 422
    assert client.get(url).json()["state"] == "proposed"


@pytest.mark.parametrize("name", ["x", "WH1@2026", "a@20260105T0500Z%00", "ä@20260105T0500Z"])
def test_a_name_that_is_no_shipment_is_refused(reader: TestClient, name: str) -> None:
    assert reader.get(f"{API}/shipments/{name}").status_code in {400, 404, 422}
