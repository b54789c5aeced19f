"""What a message says: topic and payload, together, and whatever the bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.connectors.event_body import parse_event
from supplynet.connectors.mqtt_topics import MOST_BYTES, MOST_EVENTS, ROOT, read_message
from supplynet.core.events import EventType

TOPIC = f"{ROOT}/SR2/ST1/B/consumed"
BODY: dict[str, Any] = {
    "schema": 1,
    "event_id": "4711",
    "source": "plc-7",
    "occurred_at": "2026-01-05T21:58:00Z",
    "part_id": "bolt",
    "quantity": 12,
}


def said(**changed: Any) -> bytes:
    return json.dumps(BODY | changed).encode()


def problem(topic: str, payload: bytes) -> str:
    (reading,) = read_message(topic, payload)
    assert reading.event is None
    return reading.problem


@pytest.mark.parametrize(
    ("place", "location_id"),
    [
        ("SR2/ST1/B", "SR2.ST1.B"),
        ("SR2/SR2.ST1/SR2.ST1.B", "SR2.ST1.B"),
        ("SR2.ST1.B", "SR2.ST1.B"),
        ("SR2/ST1", "SR2.ST1"),
        ("SR2", "SR2"),
        ("WH1", "WH1"),
        ("SR2/SR2", "SR2.SR2"),
        ("SR2/SR21", "SR2.SR21"),
    ],
)
def test_the_levels_of_a_topic_are_the_id_of_the_place(place: str, location_id: str) -> None:
    (reading,) = read_message(f"{ROOT}/{place}/consumed", said())
    assert reading.event is not None
    assert (reading.event.location_id, reading.event.type) == (location_id, EventType.CONSUMED)


def test_place_and_type_may_be_said_twice_when_they_agree() -> None:
    (short,) = read_message(TOPIC, said())
    payload = said(location_id="SR2.ST1.B", type="consumed")
    (full,) = read_message(TOPIC, payload)
    assert full.event == short.event
    assert full.payload == payload


@pytest.mark.parametrize(
    "other",
    [
        {"location_id": "SR2.ST1.A"},
        {"location_id": "B"},
        {"type": "scrapped"},
        {"location_id": "SR2.ST1.A", "type": "consumed"},
    ],
)
def test_a_body_cannot_speak_for_another_place_or_type(other: dict[str, str]) -> None:
    assert "its topic says consumed at SR2.ST1.B" in problem(TOPIC, said(**other))


def test_a_key_that_stands_twice_cannot_speak_for_another_place_either() -> None:
    twice = b'{"location_id":"SR2.ST1.A","type":"consumed","location_id":"SR2.ST1.B",'
    readings = read_message(TOPIC, twice + said()[1:])
    assert [each.event and each.event.location_id for each in readings] == ["SR2.ST1.B"]
    swapped = b'{"location_id":"SR2.ST1.B","type":"consumed","location_id":"SR2.ST1.A",'
    assert "its topic says" in problem(TOPIC, swapped + said()[1:])


def test_a_list_is_read_one_by_one_and_a_bad_one_holds_up_no_other() -> None:
    events = [BODY | {"event_id": "1"}, BODY | {"quantity": "many"}, 7, BODY | {"event_id": "2"}]
    readings = read_message(TOPIC, json.dumps(events).encode())
    assert [each.event and each.event.event_id for each in readings] == ["1", None, None, "2"]
    assert "quantity" in readings[1].problem


def test_what_is_put_aside_can_be_read_without_its_topic() -> None:
    for reading in read_message(TOPIC, b"[" + said() + b"]"):
        assert parse_event(reading.payload) == reading.event


def test_an_empty_list_says_nothing() -> None:
    assert read_message(TOPIC, b"[]") == []


@pytest.mark.parametrize(
    "topic",
    [
        "",
        ROOT,
        f"{ROOT}/",
        f"{ROOT}/consumed",
        f"{ROOT}/SR2/ST1/B/X/consumed",
        f"{ROOT}/SR2//consumed",
        f"{ROOT}/SR 2/consumed",
        f"{ROOT}/SR2/eaten",
        f"{ROOT}/SR2/CONSUMED",
        "supplynet/v2/SR2/consumed",
        f"{ROOT}/{'S' * 65}/consumed",
        f"{ROOT}/SR2\x00/consumed",
    ],
)
def test_a_topic_that_names_no_place_or_type_is_a_problem(topic: str) -> None:
    assert problem(topic, said())


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no UTF-8"),
        (b"null", "no event"),
        (b"12", "no event"),
        (b'"consumed"', "no event"),
        (b"[" * 100_000, "nested too deeply"),
        (b"1" * 5000, "no JSON"),
        (b" " * (MOST_BYTES + 1), "too long"),
        (b"[" + b"0," * MOST_EVENTS + b"0]", "too long"),
        (b"{}", "Field required"),
        (said(quantity=1.5), "quantity"),
        (said(occurred_at="2026-01-05T21:58:00"), "occurred_at"),
        (said(colour="red"), "colour"),
        (said(event_id="a\x00b"), "event_id"),
        (said(event_id="\ud800"), "this is no event"),
    ],
)
def test_a_payload_that_is_no_event_is_a_problem_with_a_reason(payload: bytes, why: str) -> None:
    assert why in problem(TOPIC, payload)


def test_what_is_too_long_is_not_kept_whole() -> None:
    (reading,) = read_message(TOPIC, b"x" * (3 * MOST_BYTES))
    assert len(reading.payload) == MOST_BYTES


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
_near_events = st.dictionaries(
    st.sampled_from([*BODY, "location_id", "type", "data", "other"]), _json
).map(lambda changed: BODY | changed)
_payloads = st.one_of(
    st.binary(),
    (_json | _near_events | st.lists(_near_events)).map(lambda said: json.dumps(said).encode()),
)


@given(topic=st.text() | st.just(TOPIC), payload=_payloads)
def test_no_message_raises_and_each_is_an_event_or_a_problem(topic: str, payload: bytes) -> None:
    readings = read_message(topic, payload)
    assert len(readings) <= MOST_EVENTS
    for reading in readings:
        assert (reading.event is None) == bool(reading.problem)
        if reading.event is not None:
            assert (reading.event.location_id, reading.event.type) == ("SR2.ST1.B", "consumed")
