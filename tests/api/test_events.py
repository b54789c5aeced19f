"""Events over HTTP: strict, all or nothing, safe to send again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.connectors.event_body import parse_event
from supplynet.cycle.letters import Letter
from supplynet.services import intake
from supplynet.services.books import Books

API = "/api/v1"
Json = dict[str, Any]


def event(number: int = 1, **other: Any) -> Json:
    """Five of P-001 used on a line of the demo."""
    return {
        "schema": 1,
        "event_id": f"event-{number}",
        "source": "plc-7",
        "type": "consumed",
        "occurred_at": "2025-05-07T04:02:00Z",
        "location_id": "SR1.ST1.A",
        "part_id": "P-001",
        "quantity": 5,
        **other,
    }


def send(client: TestClient, *events: Json) -> Any:
    return client.post(f"{API}/events", json={"events": list(events)})


def on_hand(client: TestClient) -> int:
    page = client.get(f"{API}/stock", params={"location_id": "SR1", "part_id": "P-001"}).json()
    return int(page["items"][0]["on_hand"])


def test_events_move_stock_once_however_often_they_are_sent(client: TestClient) -> None:
    before = on_hand(client)
    assert send(client, event(1), event(2)).json() == {"new": 2, "known": 0}
    assert send(client, event(2), event(3)).json() == {"new": 1, "known": 1}
    assert on_hand(client) == before - 15


def test_the_change_number_moves_with_an_event(client: TestClient) -> None:
    before = client.get(f"{API}/control-room").json()
    send(client, event(occurred_at="2025-05-07T06:05:00+02:00"))
    after = client.get(f"{API}/control-room").json()
    assert after["change"] > before["change"]
    assert after["freshness"]["last_event_at"] == "2025-05-07T04:05:00Z"


def test_other_content_under_the_same_key_is_a_conflict(client: TestClient) -> None:
    send(client, event())
    before = on_hand(client)
    answer = send(client, event(2), event(1, quantity=6))
    assert answer.status_code == 409
    assert "plc-7/event-1" in answer.json()["detail"]
    assert on_hand(client) == before


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"part_id": "P-999"}, "P-999"),
        ({"location_id": "SR9.ST1.A"}, "SR9.ST1.A"),
        ({"location_id": "SR1"}, "only a line consumes"),
        ({"part_id": None}, "no part_id"),
        ({"quantity": None}, "no quantity"),
    ],
)
def test_one_impossible_event_keeps_the_whole_batch_out(
    client: TestClient, wrong: Json, told: str
) -> None:
    before = on_hand(client)
    answer = send(client, event(1), event(2, **wrong))
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert on_hand(client) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": 2},
        {"schema": None},
        {"type": "stolen"},
        {"occurred_at": "2025-04-09T04:30:00"},
        {"occurred_at": "yesterday"},
        {"occurred_at": 1744173000},
        {"quantity": -1},
        {"quantity": "5"},
        {"quantity": 5.0},
        {"quantity": 3_000_000_000},
        {"source": "plc 7"},
        {"event_id": ""},
        {"event_id": "a b"},
        {"event_id": "x" * 129},
        {"data": {"text": "x" * 10_001}},
        {"data": []},
        {"part": "P-001"},
    ],
)
def test_an_event_of_another_shape_is_refused(client: TestClient, wrong: Json) -> None:
    import json

    content = json.dumps({"events": [event(1, **wrong)]})
    headers = {"content-type": "application/json"}
    answer = client.post(f"{API}/events", content=content, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"].startswith("body.events.0")


@pytest.mark.parametrize(
    "wrong",
    [{"event_id": "a\u0000"}, {"data": {"deep": float("nan")}}, {"data": {"text": "\u0000"}}],
)
def test_an_event_that_two_programs_could_read_differently_is_refused(
    client: TestClient, wrong: Json
) -> None:
    content = json.dumps({"events": [event(1, **wrong)]})
    headers = {"content-type": "application/json"}
    assert client.post(f"{API}/events", content=content, headers=headers).status_code == 400


@pytest.mark.parametrize("source", ["order", "import"])
def test_nobody_reports_under_the_names_of_supplynet_itself(
    client: TestClient, source: str
) -> None:
    """Under them one could take the ids with which an order is going to be shipped."""
    answer = send(client, event(1, source=source))
    assert (answer.status_code, "what SupplyNet calls itself" in answer.text) == (422, True)


def test_a_missing_version_is_refused(client: TestClient) -> None:
    without = {name: value for name, value in event().items() if name != "schema"}
    assert send(client, without).status_code == 422


@pytest.mark.parametrize("body", [{"events": []}, {}, [], {"events": [event()], "more": 1}])
def test_a_batch_holds_events_and_nothing_else(client: TestClient, body: Any) -> None:
    assert client.post(f"{API}/events", json=body).status_code == 422


def test_many_mistakes_are_told_in_a_short_answer(client: TestClient) -> None:
    answer = send(client, *({"nothing": number} for number in range(2000)))
    assert answer.status_code == 422
    assert len(answer.content) < 5000
    assert "more)" in answer.json()["detail"]


def test_one_event_is_taken_as_a_batch_is(client: TestClient) -> None:
    before = on_hand(client)
    assert client.post(f"{API}/event", json=event(1)).json() == {"new": 1, "known": 0}
    assert client.post(f"{API}/event", json=event(1)).json() == {"new": 0, "known": 1}
    assert on_hand(client) == before - 5


def test_an_idempotency_key_gets_the_same_answer_and_no_other_request(client: TestClient) -> None:
    keyed = {"idempotency-key": "order-4711/1"}
    for _ in range(2):
        answer = client.post(f"{API}/event", json=event(1), headers=keyed)
        assert answer.json() == {"new": 1, "known": 0}
    answer = client.post(f"{API}/event", json=event(2), headers=keyed)
    assert (answer.status_code, "order-4711/1" in answer.json()["detail"]) == (409, True)


def test_an_event_of_tomorrow_is_refused(client: TestClient) -> None:
    answer = send(client, event(occurred_at="2025-05-07T04:10:00Z"))
    assert answer.status_code == 200  # ten minutes: clocks differ
    answer = send(client, event(2, occurred_at="2025-05-08T04:00:00Z"))
    assert answer.status_code == 422
    assert "1,440 minutes ahead" in answer.json()["detail"]


def test_a_dead_letter_is_listed_replayed_corrected_and_dropped(
    client: TestClient, books: Books
) -> None:
    wrong = json.dumps(event(1, part_id="screw")).encode()
    letters = [
        Letter(channel="mqtt", source="a/topic", payload=wrong, event=parse_event(wrong)),
        Letter(channel="mqtt", source="b/topic", payload=b"garbage", problem="no event"),
    ]
    assert len(intake.take_letters(books, letters, actor="mqtt").dead) == 2
    first, second = client.get(f"{API}/dead-letters").json()["items"]
    by_source = {first["source"]: first["seq"], second["source"]: second["seq"]}
    screw, garbage = by_source["a/topic"], by_source["b/topic"]
    answer = client.post(f"{API}/dead-letters/{screw}/replay").json()
    assert (answer["taken"], "screw" in answer["reason"]) == (False, True)
    before = on_hand(client)
    answer = client.post(f"{API}/dead-letters/{screw}/replay", json={"event": event(1)}).json()
    assert answer == {"seq": screw, "taken": True, "reason": ""}
    assert on_hand(client) == before - 5
    assert client.post(f"{API}/dead-letters/{garbage}/replay").status_code == 422
    done = client.post(f"{API}/dead-letters/{garbage}/drop", json={"reason": "a test"}).json()
    assert (done["state"], done["decided_by"]) == ("dropped", "local")
    assert client.get(f"{API}/dead-letters").json()["items"] == []
    assert client.post(f"{API}/dead-letters/99/drop", json={"reason": "x"}).status_code == 404
