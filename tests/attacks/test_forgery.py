"""Nobody writes in another's name, and nobody makes the server ask where it should not."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.connectors.erp_rpc import OdooRpc
from supplynet.connectors.erp_settings import ErpSettings
from supplynet.errors import InvalidInput
from supplynet.services.books import Books

from .conftest import API, HERE, PASSWORD, token_of

PAUSE = {"paused": True, "reason": "forged"}


@pytest.fixture
def csrf(visitor: TestClient) -> str:
    """Ana has signed in; what her page sends with every write."""
    signed_in = visitor.post(f"{API}/session", json={"name": "ana", "password": PASSWORD})
    assert signed_in.status_code == 200
    return str(signed_in.json()["csrf_token"])


def paused(visitor: TestClient) -> bool:
    return bool(visitor.get(f"{API}/automation").json()["paused"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-csrf-token": ""},
        {"x-csrf-token": "0" * 64},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.usefixtures("csrf")
def test_a_page_of_another_site_writes_nothing_with_the_cookie_of_its_reader(
    visitor: TestClient, headers: dict[str, str]
) -> None:
    answer = visitor.post(f"{API}/automation", json=PAUSE, headers=headers)
    assert answer.status_code == 403
    assert paused(visitor) is False


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"origin": "null"}])
def test_not_even_with_the_token_of_the_page(
    visitor: TestClient, csrf: str, headers: dict[str, str]
) -> None:
    shown = headers | {"x-csrf-token": csrf}
    assert visitor.post(f"{API}/automation", json=PAUSE, headers=shown).status_code == 403
    assert paused(visitor) is False


@pytest.mark.usefixtures("csrf")
def test_a_form_of_another_site_is_no_json(visitor: TestClient) -> None:
    answer = visitor.post(f"{API}/automation", data={"paused": "true"})
    assert answer.status_code in {403, 415}
    assert paused(visitor) is False


@pytest.mark.usefixtures("csrf")
def test_a_read_changes_nothing(visitor: TestClient) -> None:
    document = visitor.get(f"{API}/openapi.json").json()
    writes = [
        path
        for path, operations in document["paths"].items()
        if "get" not in operations and "{" not in path
    ]
    assert writes
    for path in writes:
        assert visitor.get(path).status_code in {404, 405}


def test_another_sessions_token_does_not_count(visitor: TestClient, csrf: str) -> None:
    visitor.cookies.clear()
    visitor.post(f"{API}/session", json={"name": "ben", "password": PASSWORD})
    shown = {"x-csrf-token": csrf}
    assert visitor.post(f"{API}/automation", json=PAUSE, headers=shown).status_code == 403


def test_a_machine_with_a_token_needs_no_page(visitor: TestClient, peopled: Books) -> None:
    shown = {"authorization": f"Bearer {token_of(peopled, 'ana', 'forgery')}"}
    change = {"paused": False, "reason": "not forged"}
    assert visitor.post(f"{API}/automation", json=change, headers=shown).status_code == 200


def test_without_signing_in_a_forwarded_loopback_opens_nothing(visitor: TestClient) -> None:
    for name in ("x-forwarded-for", "forwarded", "x-real-ip", "client-ip"):
        answer = visitor.get(f"{API}/orders", headers={name: "127.0.0.1"})
        assert answer.status_code == 401


def test_a_demo_behind_a_proxy_that_nobody_declared_is_not_open(client: TestClient) -> None:
    assert client.get(f"{API}/orders").status_code == 200
    for name in ("x-forwarded-for", "forwarded", "x-real-ip"):
        assert client.get(f"{API}/orders", headers={name: "203.0.113.9"}).status_code == 401


def test_no_request_can_name_an_address_to_be_asked(client: TestClient) -> None:
    """Where the server asks stands in files of the workspace, with their lists of hosts."""
    document = client.get(f"{API}/openapi.json").json()
    named = [name for name in _fields(document) if "url" in name.lower() or "host" in name.lower()]
    assert named == []


def _fields(document: dict[str, Any]) -> set[str]:
    schemas, found, waiting = document["components"]["schemas"], set[str](), list[Any]()
    for operations in document["paths"].values():
        for operation in operations.values():
            found |= {each["name"] for each in operation.get("parameters", [])}
            waiting.append(operation.get("requestBody"))
    seen = set[str]()
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found |= set(part.get("properties", {}))
            name = part.get("$ref", "").rsplit("/", 1)[-1]
            if name and name not in seen:
                seen.add(name)
                waiting.append(schemas[name])
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found


@pytest.mark.parametrize(
    ("address", "private", "says"),
    [
        ("10.0.0.5", False, "private network"),
        ("127.0.0.1", False, "private network"),
        ("169.254.169.254", True, "no server's address"),
        ("::ffff:169.254.169.254", True, "no server's address"),
    ],
)
def test_the_erps_name_does_not_lead_inside(address: str, private: bool, says: str) -> None:
    settings = ErpSettings(
        system="odoo",
        url="https://erp.example",
        database="plant",
        user="supplynet",
        private_host=private,
        locations={"WH1": "WH/Stock"},
        key_env="ERP_KEY",
    )
    rpc = OdooRpc(settings, "key", resolver=lambda _host, _port: [address])
    with pytest.raises(InvalidInput, match=says):
        rpc.version()


def test_the_page_and_the_api_name_no_other_origin(client: TestClient) -> None:
    for path in ("/", f"{API}/health"):
        policy = client.get(path).headers["content-security-policy"]
        assert "http" not in policy
        assert "unsafe" not in policy
    assert HERE not in client.get(f"{API}/health").text
