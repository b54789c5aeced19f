"""Anomalies over HTTP: listed, seen with their series, answered once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.anomaly.incident import Kind
from supplynet.services import history
from supplynet.services.books import Books
from supplynet.storage import anomalies
from supplynet.storage.anomalies import Anomaly, Held

URL = "/api/v1/anomalies"
Keep = Callable[..., str]


@pytest.fixture
def keep(books: Books) -> Keep:
    """Keeps an anomaly of a line of the demo in its last finished shift; returns its id."""
    line, part = books.plant.requirements[0].line_id, books.plant.requirements[0].part_id
    now = history.as_of(books)

    def make(name: str, **other: Any) -> str:
        values: dict[str, Any] = {
            "location_id": line,
            "parts": (part,),
            "start": now - timedelta(hours=24),
            "end": now - timedelta(hours=12),
            "periods": 1,
            "kind": Kind.SPIKE,
            "size": 60.0,
            "sizes": {part: 60.0},
            "expected": 100.0,
            "observed": 160.0,
            "p_value": 1e-9,
            "score": 1.0,
            "sentence": "160 used where 100 was expected.",
            "ongoing": False,
            "detector_version": "anomaly-test",
            "seen_at": now,
        }
        with books.store.write("test", now) as tx:
            anomalies.add(tx, Anomaly(anomaly_id=name, **values | other))
        return name

    return make


def test_they_are_listed_by_what_is_asked_for_page_by_page(client: TestClient, keep: Keep) -> None:
    held = Held(order_id="o1", part_id="P", quantity=120, released=60)
    keep("a1", held=(held,))
    keep("a2", location_id="SR9.A", kind=Kind.DROP, size=-60.0)
    page = client.get(URL, params={"limit": 1, "state": "open"}).json()
    names = [page["items"][0]["anomaly_id"]]
    page = client.get(URL, params={"limit": 1, "cursor": page["next_cursor"]}).json()
    names.append(page["items"][0]["anomaly_id"])
    assert {*names} >= {"a2"}
    (row,) = client.get(URL, params={"location_id": "SR9.A"}).json()["items"]
    assert (row["anomaly_id"], row["kind"], row["state"]) == ("a2", "drop", "open")
    found = {each["anomaly_id"]: each for each in client.get(URL).json()["items"]}
    assert found["a1"]["held"][0]["released"] == 60
    assert client.get(URL, params={"part_id": "no-such"}).json()["items"] == []
    assert client.get(URL, params={"since": "2100-01-01T00:00:00Z"}).json()["items"] == []
    for wrong in ({"state": "maybe"}, {"since": "2026-01-01T00:00"}, {"cursor": "x"}, {"x": "1"}):
        assert client.get(URL, params=wrong).status_code == 422


def test_one_comes_with_its_series(client: TestClient, keep: Keep) -> None:
    row = client.get(f"{URL}/{keep('a1')}").json()
    assert row["sentence"] == "160 used where 100 was expected."
    assert row["series"]
    point = row["series"][-1]
    assert {*point} == {
        "part_id",
        "period_start",
        "period_end",
        "shift",
        "observed",
        "expected",
        "low",
        "high",
        "score",
        "odd",
    }
    assert client.get(f"{URL}/none").status_code == 404


def test_an_answer_is_taken_once_and_says_what_is_next(client: TestClient, keep: Keep) -> None:
    path = f"{URL}/{keep('a1')}/answer"
    body, key = {"state": "wrong_record", "note": "scanned twice"}, {"Idempotency-Key": "k1"}
    done = client.post(path, json=body, headers=key)
    assert done.status_code == 200
    row = done.json()
    assert (row["state"], row["answered_by"], row["note"]) == (
        "wrong_record",
        "local",
        "scanned twice",
    )
    assert "supplynet stock undo" in row["next_step"]
    assert client.post(path, json=body, headers=key).json() == row
    other = client.post(path, json={"state": "real"}, headers=key)
    assert other.status_code == 409
    (listed,) = [
        each
        for each in client.get(URL, params={"state": "wrong_record"}).json()["items"]
        if each["anomaly_id"] == "a1"
    ]
    assert listed == row


@pytest.mark.parametrize("body", [{}, {"state": "open"}, {"state": "real", "more": 1}])
def test_what_is_no_answer_is_refused(client: TestClient, keep: Keep, body: object) -> None:
    assert client.post(f"{URL}/{keep('a1')}/answer", json=body).status_code == 422
    assert client.post(f"{URL}/none/answer", json={"state": "real"}).status_code == 404
