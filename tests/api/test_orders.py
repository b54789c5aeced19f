"""Orders over HTTP: approve, change, cancel, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.services.books import Books
from supplynet.storage import audit, balances

API = "/api/v1"
NOBODY = "019b9000-0000-7000-8000-000000000000"


def first(client: TestClient, kind: str = "transfer") -> dict[str, Any]:
    rows: list[dict[str, Any]] = client.get(f"{API}/orders").json()["items"]
    return next(row for row in rows if row["kind"] == kind)


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
    assert found == [("api", "one more")]


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
        {"reason": "a\u0000b"},
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
    ("order_id", "status"), [(NOBODY, 404), ("x", 404), ("a%00b", 422), ("a b", 422), ("ä", 422)]
)
def test_an_order_that_is_not_there_is_not_found(
    client: TestClient, order_id: str, status: int
) -> None:
    assert client.get(f"{API}/orders/{order_id}").status_code == status
    body = {"reason": "no"}
    assert client.post(f"{API}/orders/{order_id}/cancel", json=body).status_code == status
    assert client.post(f"{API}/orders/{order_id}/approve").status_code == status
