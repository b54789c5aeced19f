"""Users and the table of what they may do, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from supplynet.security.access import PERMISSIONS

USERS, ME = "/api/v1/users", "/api/v1/session"
Client = Callable[..., TestClient]
EVE: dict[str, Any] = {"name": "eve", "grants": [{"role": "viewer", "sites": ["SR2"]}]}


def test_users_are_listed_page_by_page_without_secrets(client: Client) -> None:
    ana = client("ana")
    first = ana.get(USERS, params={"limit": 3}).json()
    last = ana.get(USERS, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    names = [row["name"] for row in first["items"] + last["items"]]
    assert (names, last["next_cursor"]) == (["ana", "ben", "cleo", "dan"], None)
    assert "argon2" not in str(first)
    assert not any("hash" in key for row in first["items"] for key in row)


def test_an_administrator_of_a_site_sees_the_users_of_this_site(client: Client) -> None:
    ben = client("ben")
    assert [row["name"] for row in ben.get(USERS).json()["items"]] == ["ben", "dan"]
    assert ben.get(f"{USERS}/ana").status_code == 404
    assert ben.post(f"{USERS}/ana/password", json={}).status_code == 404
    assert ben.post(USERS, json=EVE).status_code == 403
    here = EVE | {"grants": [{"role": "viewer", "sites": ["SR1"]}]}
    assert ben.post(USERS, json=here).status_code == 200


def test_who_does_not_manage_users_is_refused(client: Client) -> None:
    cleo = client("cleo")
    assert cleo.get(USERS).status_code == 403
    assert cleo.post(USERS, json=EVE).status_code == 403
    assert cleo.patch(f"{USERS}/ana", json={}).status_code == 403


def test_a_change_is_made_from_the_version_that_was_read(client: Client) -> None:
    ana = client("ana")
    assert ana.post(USERS, json=EVE).json()["version"] == 1
    assert ana.post(USERS, json=EVE).status_code == 409
    read = ana.get(f"{USERS}/eve")
    tag = {"if-match": read.headers["etag"]}
    done = ana.patch(f"{USERS}/eve", json={"display_name": "Eve"}, headers=tag)
    assert (done.status_code, done.json()["display_name"]) == (200, "Eve")
    assert done.headers["etag"] == ana.get(f"{USERS}/eve").headers["etag"] != tag["if-match"]
    late = ana.patch(f"{USERS}/eve", json={"display_name": "Ev"}, headers=tag)
    assert late.status_code == 412
    assert ana.get(f"{USERS}/eve").json()["display_name"] == "Eve"


def test_a_disabled_user_is_out_at_once(client: Client) -> None:
    ana, cleo = client("ana"), client("cleo")
    assert cleo.get(ME).status_code == 200
    ana.patch(f"{USERS}/cleo", json={"state": "disabled", "reason": "left"})
    assert cleo.get(ME).status_code == 401


def test_the_last_administrator_stays(client: Client) -> None:
    ana = client("ana")
    assert ana.patch(f"{USERS}/ana", json={"state": "disabled"}).status_code == 409
    assert ana.get(ME).status_code == 200


def test_a_password_is_reset_and_shown_once(client: Client) -> None:
    ana = client("ana")
    made = ana.post(f"{USERS}/dan/password", json={"reason": "forgot it"}).json()
    assert made["user"]["has_password"]
    dan = client().post(ME, json={"name": "dan", "password": made["password"]})
    assert dan.json()["must_change_password"]
    weak = ana.post(f"{USERS}/dan/password", json={"password": "password1234"})
    assert (weak.status_code, "password1234" in weak.text) == (422, False)
    assert ana.post(f"{USERS}/ana/password", json={}).status_code == 403


def test_a_badge_is_made_and_taken(client: Client) -> None:
    ana, handheld = client("ana"), client()
    made = ana.post(f"{USERS}/dan/badge").json()
    body = {"badge": made["badge"]}
    assert handheld.post(f"{ME}/badge", json=body).status_code == 200
    assert not ana.delete(f"{USERS}/dan/badge").json()["has_badge"]
    assert handheld.get(ME).status_code == 401
    assert handheld.post(f"{ME}/badge", json=body).status_code == 401
    assert ana.post(f"{USERS}/cleo/badge").status_code == 422  # no work for a badge


def test_somebody_is_signed_out_everywhere(client: Client) -> None:
    ana, cleo = client("ana"), client("cleo")
    assert ana.post(f"{USERS}/cleo/end-sessions", json={"reason": "lost"}).json() == {"ended": 1}
    assert cleo.get(ME).status_code == 401


def test_bodies_are_strict(client: Client) -> None:
    ana = client("ana")
    for wrong in (
        EVE | {"state": "active"},
        EVE | {"grants": []},
        EVE | {"grants": [{"role": "king"}]},
        EVE | {"grants": [{"role": "viewer", "sites": []}]},
        EVE | {"must_change_password": "yes"},
        EVE | {"display_name": "a\nb"},
        EVE | {"password": "short"},
        {"name": "eve"},
    ):
        assert ana.post(USERS, json=wrong).status_code == 422, wrong
    assert ana.get(f"{USERS}/eve").status_code == 404


def test_the_table_of_access_is_the_one_that_is_enforced(client: Client) -> None:
    table = client("cleo").get("/api/v1/access").json()
    assert table["badge_roles"] == ["line_leader", "picker"]
    assert {row["permission"]: set(row["roles"]) for row in table["permissions"]} == {
        name: set(each.roles) for name, each in PERMISSIONS.items()
    }
