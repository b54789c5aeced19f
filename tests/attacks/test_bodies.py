"""Bodies that would crash, fool or fill a careless reader."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from .conftest import API

JSON = {"content-type": "application/json"}
WRITES = ["automation", "events", "event", "orders", "what-if", "jobs", "session"]


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 1_000_000, 400),
        (b'{"a":' * 150_000, 400),
        (b"[" + b"0," * 400_000 + b"0]", 400),
        (b'{"paused": ' + b"1" * 100_000 + b"}", 400),
        (b'{"paused": 1e400}', 400),
        (b'{"paused": NaN}', 400),
        (b'{"paused": true, "paused": false}', 400),
        (b'{"\\ud800": true}', 400),
        (b'{"reason": "\\u0000"}', 400),
        (b'{"reason": "\xc3\x28"}', 400),
        (b"\xff\xfe{\x00}\x00", 400),
        (b"\x00" * 1000, 400),
    ],
)
def test_what_is_no_plain_json_is_refused_by_every_write(
    client: TestClient, path: str, body: bytes, status: int
) -> None:
    answer = client.post(f"{API}/{path}", content=body, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 5000


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "text/json",
        "",
    ],
)
def test_a_body_in_another_language_is_not_read(client: TestClient, kind: str) -> None:
    answer = client.post(
        f"{API}/automation", content=b'{"paused": true}', headers={"content-type": kind}
    )
    assert answer.status_code == 415
    assert client.get(f"{API}/automation").json()["paused"] is False


def test_a_packed_body_is_not_unpacked(client: TestClient) -> None:
    import gzip

    headers = JSON | {"content-encoding": "gzip"}
    bomb = gzip.compress(b" " * 10_000_000)
    assert client.post(f"{API}/automation", content=bomb, headers=headers).status_code == 415


@pytest.mark.parametrize("path", WRITES)
def test_an_unknown_field_of_a_megabyte_is_not_sent_back(client: TestClient, path: str) -> None:
    answer = client.post(f"{API}/{path}", json={"x" * 500_000: 1, "y" * 500_000: 1})
    assert answer.status_code == 422
    assert len(answer.content) < 5000


FOREIGN: list[tuple[str, dict[str, Any]]] = [
    ("automation", {"paused": True, "actor": "root", "mode": "auto"}),
    ("orders", {"state": "approved", "actor": "root"}),
    ("what-if", {"books": "other", "workspace": "/etc"}),
    ("jobs", {"kind": "train", "params": {"models": ["shift_mean"]}, "state": "done"}),
    ("jobs", {"kind": "train", "params": {"models": ["shift_mean"], "folder": "/etc"}}),
    ("event", {"recorded_at": "2020-01-01T00:00:00Z", "seq": 1}),
    ("session", {"name": "ana", "password": "x" * 20, "roles": ["administrator"]}),
]


@pytest.mark.parametrize(("path", "body"), FOREIGN)
def test_what_a_client_may_not_set_is_refused_by_name(
    client: TestClient, path: str, body: dict[str, Any]
) -> None:
    answer = client.post(f"{API}/{path}", json=body)
    assert answer.status_code == 422
    unknown = [each for each in answer.json()["errors"] if "not permitted" in each["wrong"]]
    assert unknown
    assert client.get(f"{API}/automation").json()["paused"] is False


def test_every_body_of_the_api_refuses_unknown_fields(client: TestClient) -> None:
    document = client.get(f"{API}/openapi.json").json()
    schemas = document["components"]["schemas"]
    open_ones = [
        name for name in _bodies(document) if schemas[name].get("additionalProperties") is not False
    ]
    assert open_ones == []


def _bodies(document: dict[str, Any]) -> set[str]:
    """Names of all objects that requests may have, however deep inside."""
    schemas, found = document["components"]["schemas"], set[str]()
    waiting = [
        operation["requestBody"]
        for path in document["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    ]
    while waiting:
        for name in _names(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return {name for name in found if schemas[name].get("type") == "object"}


def _names(part: Any) -> list[str]:
    if isinstance(part, list):
        return [name for each in part for name in _names(each)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else []
    return own + [name for each in part.values() for name in _names(each)]
