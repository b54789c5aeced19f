"""ETags and If-Match: who writes from an old view is refused, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.api.etags import check_match, etag
from supplynet.errors import VersionMoved
from supplynet.services.books import Books
from supplynet.storage import alerts, audit
from supplynet.storage.alerts import AlertCause, Severity

API = "/api/v1"


def proposal(client: TestClient) -> dict[str, Any]:
    found = client.get(f"{API}/orders", params={"due": True, "limit": 1}).json()["items"]
    order: dict[str, Any] = found[0]
    return order


def lines(books: Books) -> int:
    with books.store.read() as tx:
        return len(audit.entries(tx, limit=100_000))


def raise_alerts(books: Books, many: int = 1) -> list[str]:
    causes = [
        AlertCause(severity=Severity.WARNING, kind="test", message="look", part_id=f"P-{each}")
        for each in range(many)
    ]
    with books.store.write("test", books.now()) as tx:
        return [each.alert_id for each in alerts.set_open_alerts(tx, causes, kinds=()).raised]


def test_a_tag_is_the_same_for_the_same_and_another_for_another() -> None:
    assert etag({"a": 1, "b": None}) == etag({"b": None, "a": 1})
    assert etag(["x"]) != etag(["y"])
    assert etag(["x"]).startswith('"')


@pytest.mark.parametrize("said", [None, "*", f'"no", {etag(7)}'])
def test_a_tag_that_fits_lets_through(said: str | None) -> None:
    check_match(said, 7)


@pytest.mark.parametrize("said", ['""', '"no"', f"W/{etag(7)}", etag(8)])
def test_any_other_does_not(said: str) -> None:
    with pytest.raises(VersionMoved, match="read it again"):
        check_match(said, 7)


def test_of_two_who_decide_on_the_same_order_the_second_is_told(
    client: TestClient, books: Books
) -> None:
    path = f"{API}/orders/{proposal(client)['order_id']}"
    seen = client.get(path).headers["etag"]
    more = {"quantity": proposal(client)["quantity"] + 1}
    first = client.post(f"{path}/change", json=more, headers={"if-match": seen})
    assert first.status_code == 200
    before = lines(books)
    late = client.post(f"{path}/approve", headers={"if-match": seen})
    assert late.status_code == 412
    assert "read it again" in late.json()["detail"]
    assert (lines(books), client.get(path).json()["state"]) == (before, "proposed")
    assert client.get(path).headers["etag"] == first.headers["etag"] != seen


def test_a_retry_under_its_key_gets_its_answer_though_the_order_has_moved(
    client: TestClient,
) -> None:
    path = f"{API}/orders/{proposal(client)['order_id']}"
    headers = {"if-match": client.get(path).headers["etag"], "idempotency-key": "k1"}
    body = {"quantity": proposal(client)["quantity"] + 1}
    answers = [client.post(f"{path}/change", json=body, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


def test_automation_is_paused_by_one_who_has_seen_how_it_stands(client: TestClient) -> None:
    path = f"{API}/automation"
    seen = client.get(path).headers["etag"]
    headers = {"if-match": seen}
    assert client.post(path, json={"paused": True}, headers=headers).status_code == 200
    assert client.post(path, json={"paused": False}, headers=headers).status_code == 412
    assert client.get(path).json()["paused"] is True


def test_an_alias_is_moved_by_one_who_has_seen_who_is_champion(client: TestClient) -> None:
    version = client.get(f"{API}/models").json()["items"][0]["version"]
    path = f"{API}/models/{version}"
    seen = client.get(path).headers["etag"]
    stale = {"if-match": etag({})}
    assert client.post(f"{path}/promote", headers=stale).status_code == 412
    assert client.get(path).headers["etag"] == seen
    assert client.post(f"{path}/promote", headers={"if-match": seen}).status_code == 200


def test_an_alert_is_looked_after_once_under_a_key(client: TestClient, books: Books) -> None:
    path = f"{API}/alerts/{raise_alerts(books)[0]}"
    seen = client.get(path).headers["etag"]
    headers = {"if-match": seen, "idempotency-key": "a1"}
    done = [client.post(f"{path}/acknowledge", headers=headers) for _ in range(2)]
    assert [each.status_code for each in done] == [200, 200]
    other = client.post(f"{path}/snooze", json={"minutes": 5}, headers=headers)
    assert other.status_code == 409
    late = client.post(f"{path}/snooze", json={"minutes": 5}, headers={"if-match": seen})
    assert late.status_code == 412
