"""Whatever bytes come in, by whatever door: taken, refused in our words, and never a crash."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from supplynet.api import cursors
from supplynet.connectors.drop_folder_rows import content_hash, read_events
from supplynet.connectors.event_body import parse_event
from supplynet.connectors.mqtt_topics import read_message
from supplynet.connectors.table_file import read_table
from supplynet.errors import InvalidInput, SupplyNetError

from .conftest import API

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 0, -1, 2**53, 2**63, 10**400, 1e308, 0.1, "", "\0", "\ud800", "\u202e"),
        *([], {}, [[]], {"": None}, "2026-01-05T21:58:00Z", "9999-12-31T23:59:59-14:00"),
        *("0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z", "consumed", "P-001", "x" * 200),
    ]
)
EVENT = {
    "schema": 1, "event_id": "4711", "source": "plc-7", "type": "consumed",
    "occurred_at": "2026-01-05T21:58:00Z", "location_id": "SR1.ST1.A", "part_id": "P-001",
    "quantity": 1, "data": {},
}  # fmt: skip
CHANGES = st.dictionaries(st.sampled_from([*EVENT, "extra"]), ODD, max_size=4)
HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=60)
CELL = st.text(st.characters(max_codepoint=0x2FF), max_size=8) | st.sampled_from(
    ["=1", "1e999", "-0", "2026-13-01", '"', "\0", ",", "1;2", "\ufeff", "NaN", "9" * 400]
)


def said(changes: dict[str, Any]) -> bytes:
    return json.dumps(EVENT | changes).encode()


@given(st.binary(max_size=300) | CHANGES.map(said))
def test_an_event_is_read_or_refused(payload: bytes) -> None:
    with suppress(InvalidInput):
        assert parse_event(payload).source


@given(
    st.text(max_size=80) | st.sampled_from(["supplynet/SR1/ST1/A/consumed", "supplynet//", "#"]),
    st.binary(max_size=300)
    | CHANGES.map(said)
    | st.lists(CHANGES.map(said), max_size=3).map(lambda each: b"[" + b",".join(each) + b"]"),
)
def test_a_message_of_a_machine_is_read_or_set_aside_with_a_reason(
    topic: str, payload: bytes
) -> None:
    for reading in read_message(topic, payload):
        assert (reading.event is None) == bool(reading.problem)


@pytest.mark.parametrize("depth", [100, 1_000, 60_000])
def test_a_deep_message_is_set_aside(depth: int) -> None:
    for payload in (b"[" * depth, b'{"data":' * (depth // 8), b"[" * depth + b"]" * depth):
        for reading in read_message("supplynet/SR1/ST1/A/consumed", payload):
            assert reading.problem


@given(st.binary(max_size=400) | CHANGES.map(said), st.sampled_from([".csv", ".json", ".jsonl"]))
def test_a_dropped_file_is_read_or_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f"{uuid4().hex}{suffix}"
    file.write_bytes(content)
    with suppress(InvalidInput):
        for row in read_events(file, content_hash(file), time_zone="UTC"):
            assert row.event is not None or row.problem


@given(st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=5), st.sampled_from(",;\t|"))
def test_a_table_of_any_cells_is_read_or_refused(
    tmp_path: Path, rows: list[list[str]], delimiter: str
) -> None:
    file = tmp_path / f"{uuid4().hex}.csv"
    text = "\n".join(delimiter.join(row) for row in [["date", "part_id", "demand"], *rows])
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(InvalidInput):
        read_table(file)


@given(
    st.binary(max_size=300), st.sampled_from([".csv", ".csv.gz", ".parquet", ".xlsx", ".txt", ""])
)
def test_a_table_of_any_bytes_is_read_or_refused(
    tmp_path: Path, content: bytes, suffix: str
) -> None:
    file = tmp_path / f"{uuid4().hex}{suffix}"
    file.write_bytes(content)
    with suppress(SupplyNetError):
        read_table(file)


POSITIONS = st.lists(ODD, max_size=4).map(lambda each: json.dumps(each).encode())


@given(
    (st.binary(max_size=60) | POSITIONS).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    | st.text(max_size=60)
)
def test_a_cursor_is_ours_or_refused(cursor: str) -> None:
    from datetime import datetime

    for kinds in ((int,), (str,), (str, str), (datetime, str)):
        with suppress(InvalidInput):
            assert len(cursors.decode(cursor, *kinds)) == len(kinds)


def refused_or_answered(client: TestClient, method: str, path: str, **asked: Any) -> None:
    answer = client.request(method, f"{API}/{path}", **asked)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


@given(HEADER, HEADER, HEADER, HEADER)
def test_headers_of_any_content_are_answered(
    client: TestClient, first: str, second: str, third: str, fourth: str
) -> None:
    headers = {
        "authorization": first, "cookie": f"supplynet_session={second}; {third}",
        "if-match": third, "idempotency-key": fourth, "x-csrf-token": first,
        "accept-encoding": second, "if-none-match": third, "range": fourth,
    }  # fmt: skip
    raw = [(name, value.encode("latin-1")) for name, value in headers.items()]
    for method, path in (("GET", "health"), ("GET", "orders"), ("POST", "orders/x/approve")):
        body: dict[str, Any] = {"json": {}} if method == "POST" else {}
        refused_or_answered(client, method, path, headers=raw, **body)


@given(HEADER)
def test_a_place_in_the_stream_is_a_number_or_refused(client: TestClient, last: str) -> None:
    if not last.strip().isascii() or not last.strip().lstrip("+-").isdigit():
        headers = [(b"last-event-id", last.encode("latin-1"))]
        if last.strip():
            assert client.get(f"{API}/stream", headers=headers).status_code == 422


@given(st.lists(CHANGES, min_size=1, max_size=2))
def test_events_of_any_content_are_answered(
    client: TestClient, changes: list[dict[str, Any]]
) -> None:
    wrong = [EVENT | {"location_id": "nowhere"} | each for each in changes]
    body = json.dumps({"events": wrong}).encode()
    headers = {"content-type": "application/json"}
    refused_or_answered(client, "POST", "events", content=body, headers=headers)


@given(st.dictionaries(st.sampled_from(["name", "password", "badge"]), ODD, max_size=3))
def test_a_sign_in_of_any_content_is_answered(client: TestClient, body: dict[str, Any]) -> None:
    content, headers = json.dumps(body).encode(), {"content-type": "application/json"}
    for path in ("session", "session/badge"):
        refused_or_answered(client, "POST", path, content=content, headers=headers)


@given(
    st.text(st.characters(exclude_characters="/?#", exclude_categories=["Cs"]), max_size=20),
    st.dictionaries(
        st.sampled_from(["limit", "cursor", "state", "part_id", "since"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        max_size=2,
    ),
)
def test_paths_and_queries_of_any_content_are_answered(
    client: TestClient, name: str, query: dict[str, str]
) -> None:
    from urllib.parse import quote

    path = quote(name, safe="")
    for where in ("orders", "alerts", f"orders/{path}", f"jobs/{path}", f"models/{path}"):
        refused_or_answered(client, "GET", where, params=query)
