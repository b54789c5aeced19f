"""Tokens over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

TOKENS, ME = "/api/v1/tokens", "/api/v1/session"
Client = Callable[..., TestClient]
NEW: dict[str, Any] = {"name": "plc-7", "scopes": ["account.own", "data.read"]}


def test_a_token_is_shown_once_works_and_is_revoked_at_once(client: Client) -> None:
    cleo, machine = client("cleo"), client()
    made = cleo.post(TOKENS, json=NEW).json()
    machine.headers["authorization"] = f"Bearer {made['secret']}"
    assert machine.get(ME).json()["actor"] == "cleo/plc-7"
    listed = cleo.get(TOKENS)
    assert [row["actor"] for row in listed.json()["items"]] == ["cleo/plc-7"]
    assert made["secret"] not in listed.text
    gone = cleo.delete(f"{TOKENS}/{made['token']['token_id']}").json()
    assert gone["state"] == "revoked"
    assert machine.get(ME).status_code == 401


def test_an_administrator_makes_and_sees_tokens_of_others(client: Client) -> None:
    ana, cleo = client("ana"), client("cleo")
    body = {"name": "plc-7", "scopes": ["events.send"], "owner": "dan", "expires_in_days": None}
    made = ana.post(TOKENS, json=body).json()["token"]
    assert (made["actor"], made["expires_at"]) == ("dan/plc-7", None)
    assert [row["owner"] for row in ana.get(TOKENS).json()["items"]] == ["dan"]
    assert cleo.get(TOKENS).json()["items"] == []
    assert cleo.delete(f"{TOKENS}/{made['token_id']}").status_code == 404
    assert cleo.post(TOKENS, json=body).status_code == 403


def test_a_token_asks_for_what_its_owner_has(client: Client) -> None:
    cleo = client("cleo")
    for wrong, status in (
        ({"scopes": ["users.manage"]}, 403),
        ({"scopes": ["fly"]}, 422),
        ({"scopes": []}, 422),
        ({"sites": ["SR9"]}, 422),
        ({"expires_in_days": 0}, 422),
        ({"name": "a/b"}, 422),
        ({"secret": "sn_mine"}, 422),
    ):
        assert cleo.post(TOKENS, json=NEW | wrong).status_code == status, wrong
    assert cleo.post(TOKENS, json=NEW).status_code == 200
    assert cleo.post(TOKENS, json=NEW).status_code == 409


def test_tokens_are_listed_page_by_page(client: Client) -> None:
    cleo = client("cleo")
    for name in ("a", "b", "c"):
        cleo.post(TOKENS, json=NEW | {"name": name})
    first = cleo.get(TOKENS, params={"limit": 2}).json()
    last = cleo.get(TOKENS, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [row["name"] for row in first["items"] + last["items"]] == ["a", "b", "c"]
    assert last["next_cursor"] is None
    assert cleo.get(TOKENS, params={"cursor": "x"}).status_code == 422
