"""Many at once: each by itself, or all of them or none."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from supplynet.services.books import Books
from supplynet.storage import alerts
from supplynet.storage.alerts import AlertCause, Severity

API = "/api/v1"
Json = dict[str, Any]


def due(client: TestClient, many: int = 3) -> list[str]:
    found = client.get(f"{API}/orders", params={"due": True}).json()["items"]
    assert len(found) >= many
    return [order["order_id"] for order in found[:many]]


def states(client: TestClient, ids: list[str]) -> list[str]:
    return [client.get(f"{API}/orders/{each}").json()["state"] for each in ids]


def raise_alerts(books: Books, many: int = 2) -> list[str]:
    causes = [
        AlertCause(severity=Severity.WARNING, kind="test", message="look", part_id=f"P-{each}")
        for each in range(many)
    ]
    with books.store.write("test", books.now()) as tx:
        return [each.alert_id for each in alerts.set_open_alerts(tx, causes, kinds=()).raised]


def test_what_cannot_be_done_stops_none_of_the_others(client: TestClient) -> None:
    first, second, third = due(client)
    items = [
        {"order_id": first, "action": "cancel", "reason": "no"},
        {"order_id": "nobody", "action": "approve"},
        {"order_id": second, "action": "cancel", "reason": "no", "if_match": '"old"'},
        {"order_id": third, "action": "cancel", "reason": "no"},
    ]
    answer = client.post(f"{API}/orders/bulk", json={"items": items})
    said = answer.json()
    assert (answer.status_code, said["done"], said["failed"]) == (200, 2, 2)
    assert [each["status"] for each in said["items"]] == [200, 404, 412, 200]
    assert said["items"][1]["problem"]["title"] == "Not Found"
    assert states(client, [first, second, third]) == ["cancelled", "proposed", "cancelled"]
    path = f"{API}/orders/{first}"
    assert said["items"][0]["etag"] == client.get(path).headers["etag"]


def test_all_or_nothing_is_nothing_when_one_cannot_be_done(client: TestClient) -> None:
    ids = due(client)
    items: list[Json] = [{"order_id": each, "action": "cancel", "reason": "no"} for each in ids]
    items[1]["if_match"] = '"old"'
    body = {"items": items, "all_or_nothing": True}
    said = client.post(f"{API}/orders/bulk", json=body).json()
    assert [each["status"] for each in said["items"]] == [424, 412, 424]
    assert states(client, ids) == ["proposed"] * 3
    del items[1]["if_match"]
    said = client.post(f"{API}/orders/bulk", json=body).json()
    assert (said["done"], states(client, ids)) == (3, ["cancelled"] * 3)


def test_the_same_call_again_does_again_only_what_failed(client: TestClient) -> None:
    first, second, _ = due(client)
    items = [
        {"order_id": first, "action": "cancel", "reason": "no"},
        {"order_id": second, "action": "cancel", "reason": "no", "if_match": '"old"'},
    ]
    headers = {"idempotency-key": "b1"}
    answers = [
        client.post(f"{API}/orders/bulk", json={"items": items}, headers=headers).json()
        for _ in range(2)
    ]
    assert [[row["status"] for row in said["items"]] for said in answers] == [[200, 412]] * 2


def test_one_order_twice_and_a_snooze_without_an_end_are_refused(client: TestClient) -> None:
    first = due(client)[0]
    cancel = {"order_id": first, "action": "cancel", "reason": "no"}
    for items in ([cancel, cancel], [{"order_id": first, "action": "snooze"}], []):
        assert client.post(f"{API}/orders/bulk", json={"items": items}).status_code == 422
    assert states(client, [first]) == ["proposed"]


def test_alerts_are_handled_together(client: TestClient, books: Books) -> None:
    ids = raise_alerts(books)
    items = [{"alert_id": each, "action": "acknowledge"} for each in ids]
    body = {"items": [*items, {"alert_id": "nobody", "action": "acknowledge"}]}
    said = client.post(f"{API}/alerts/bulk", json=body | {"all_or_nothing": True}).json()
    assert [row["status"] for row in said["items"]] == [424] * len(ids) + [404]
    said = client.post(f"{API}/alerts/bulk", json=body).json()
    assert [row["status"] for row in said["items"]] == [200] * len(ids) + [404]
    assert said["items"][0]["alert"]["state"] == "acknowledged"
