"""Stock, movements and the proof over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

STOCK, MOVEMENTS = "/api/v1/stock", "/api/v1/movements"
HERE = {"location_id": "SR1", "part_id": "P-001"}


def on_hand(client: TestClient, **query: str) -> int:
    rows = client.get(STOCK, params=HERE | query).json()["items"]
    return int(rows[0]["on_hand"])


def test_a_count_a_mis_scan_and_its_undoing(client: TestClient) -> None:
    assert on_hand(client) > 0
    answer = client.post(f"{STOCK}/count", json=HERE | {"packs": 0, "key": "c1"})
    assert (answer.status_code, answer.json()["on_hand"]) == (200, 0)
    said = HERE | {"quantity": 4, "key": "s1", "reason": "bent"}
    assert client.post(f"{STOCK}/scrap", json=said).json()["on_hand"] == -4
    undo = {"movement_id": "local/s1#0", "reason": "scanned twice"}
    assert client.post(f"{MOVEMENTS}/undo", json=undo).json()["reverses"] == "local/s1#0"
    again = client.post(f"{MOVEMENTS}/undo", json=undo)
    assert again.status_code == 409
    assert "undone once only" in again.json()["detail"]
    assert on_hand(client) == 0


def test_the_key_of_the_header_makes_a_report_safe_to_repeat(client: TestClient) -> None:
    before = on_hand(client)
    said, keyed = HERE | {"quantity": 1, "reason": "bent"}, {"Idempotency-Key": "h1"}
    answers = [client.post(f"{STOCK}/scrap", json=said, headers=keyed) for _ in range(3)]
    assert [(each.status_code, each.json()["on_hand"]) for each in answers] == [
        (200, before - 1)
    ] * 3
    other = client.post(f"{STOCK}/scrap", json=said | {"quantity": 2}, headers=keyed)
    assert other.status_code == 409
    two = client.post(f"{STOCK}/scrap", json=said | {"key": "h2"}, headers=keyed)
    assert (two.status_code, "leave one out" in two.json()["detail"]) == (422, True)
    assert on_hand(client) == before - 1


def test_a_transfer_goes_through_in_transit(client: TestClient) -> None:
    before = on_hand(client)
    said = HERE | {"to_location": "WH1", "quantity": 2}
    assert client.post(f"{STOCK}/transfer", json=said).json()["on_hand"] == before - 2
    page = client.get(MOVEMENTS, params={"limit": 1, "part_id": "P-001"}).json()
    (last,) = page["items"]
    assert (last["from_account"], last["to_account"]) == ("in_transit", "on_hand")
    rest = client.get(MOVEMENTS, params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert rest["items"][0]["seq"] == last["seq"] - 1


def test_stock_of_the_past_has_no_orders(reader: TestClient) -> None:
    rows = reader.get(STOCK, params={"as_of": "2100-01-01T00:00:00Z", "limit": 3}).json()["items"]
    assert [row["on_order"] for row in rows] == [None] * 3
    assert reader.get(STOCK, params={"as_of": "2000-01-01T00:00:00Z"}).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("count", {"quantity": 2.5}),
        ("count", {"quantity": -1}),
        ("count", {"quantity": 1, "packs": 1}),
        ("count", {"quantity": 1, "occurred_at": "2026-01-05T06:00:00"}),
        ("count", {"quantity": 1, "location_id": "SR9"}),
        ("transfer", {"quantity": 1}),
        ("lose", {"quantity": 1}),
    ],
)
def test_what_cannot_be_is_422_and_nothing_else(
    client: TestClient, path: str, body: dict[str, Any]
) -> None:
    before = client.get(MOVEMENTS, params={"limit": 1}).json()
    assert client.post(f"{STOCK}/{path}", json=HERE | body).status_code == 422
    assert client.get(MOVEMENTS, params={"limit": 1}).json() == before
    unknown = {"movement_id": "api/none#0", "reason": "why"}
    assert client.post(f"{MOVEMENTS}/undo", json=unknown).status_code == 422


def test_the_books_are_proven_and_can_be_written(reader: TestClient) -> None:
    assert reader.get("/api/v1/verify").json() == {"proven": True, "findings": []}
    assert reader.get("/api/v1/health").json()["read_only"] is None
