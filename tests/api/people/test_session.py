"""One's own account over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from supplynet.security.access import PERMISSIONS
from supplynet.security.principal import local_administrator
from supplynet.services import user_secrets
from supplynet.services.books import Books

ME, GOOD = "/api/v1/session", "thing lamp seven cow"
Client = Callable[..., TestClient]


def test_the_session_says_who_i_am_and_what_is_open_to_me(client: Client) -> None:
    said = client("ana").get(ME).json()
    assert {key: said[key] for key in ("actor", "how", "must_change_password", "sites")} == {
        "actor": "ana",
        "how": "password",
        "must_change_password": False,
        "sites": ["SR1", "SR2", "WH1"],
    }
    assert said["permissions"] == dict.fromkeys(PERMISSIONS)  # all, everywhere
    assert said["expires_at"] is not None
    here = client("ben").get(ME).json()
    assert set(map(tuple, here["permissions"].values())) == {("SR1",)}


def test_signing_in_and_asking_again_say_the_same(client: Client) -> None:
    browser = client()
    first = browser.post(ME, json={"name": "Ana", "password": GOOD}).json()
    assert browser.get(ME).json() == first
    assert len(first["csrf_token"]) == 64


def test_a_refused_sign_in_is_401_and_says_nothing_of_what_was_typed(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    typed = {"name": "my secret as a name", "password": "another secret of mine"}
    answer = client().post(ME, json=typed)
    assert (answer.status_code, answer.json()["detail"]) == (
        401,
        "the name or the password is wrong",
    )
    odd = client().post(ME, json=typed | {"password": "another secret of mine" * 10})
    assert odd.status_code == 422
    for text in (answer.text, odd.text, caplog.text):
        assert "secret of mine" not in text
        assert "secret as a name" not in text
    assert "set-cookie" not in answer.headers


def test_too_many_failures_are_429_with_the_time_to_wait(client: Client) -> None:
    browser = client()
    wrong = {"name": "ana", "password": "wrong wrong wrong"}
    answers = [browser.post(ME, json=wrong) for _ in range(6)]
    assert [each.status_code for each in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60


def test_a_badge_opens_a_session_of_the_floor(client: Client, books: Books) -> None:
    code = user_secrets.give_badge(books, "dan", local_administrator()).secret
    handheld = client()
    said = handheld.post(f"{ME}/badge", json={"badge": code}).json()
    assert (said["actor"], said["how"]) == ("dan", "badge")
    assert said["permissions"]["orders.ship"] == ["SR1"]
    assert handheld.get(ME).json() == said
    wrong = client().post(f"{ME}/badge", json={"badge": "SNB-" + "A" * 26})
    assert (wrong.status_code, wrong.json()["detail"]) == (401, "this badge opens nothing")


def test_signing_out_ends_the_session_and_forgets_the_cookie(client: Client) -> None:
    browser = client("ana")
    kept = dict(browser.cookies)
    answer = browser.delete(ME)
    assert answer.json() == {"ended": 1}
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert not browser.cookies
    assert client(cookies=kept).get(ME).status_code == 401


def test_all_my_sessions_end_together(client: Client) -> None:
    one, two, other = client("ana"), client("ana"), client("ben")
    assert one.post(f"{ME}/end-all").json() == {"ended": 2}
    assert [each.get(ME).status_code for each in (one, two, other)] == [401, 401, 200]


def test_a_changed_password_gives_a_new_session_here_and_none_elsewhere(client: Client) -> None:
    here, elsewhere = client("ana"), client("ana")
    old = dict(here.cookies)
    wrong = here.post(f"{ME}/password", json={"current": "x", "new": "cloud brick nine elk"})
    assert wrong.status_code == 403
    answer = here.post(f"{ME}/password", json={"current": GOOD, "new": "cloud brick nine elk"})
    assert answer.status_code == 200
    assert dict(here.cookies) != old
    assert here.get(ME).json()["csrf_token"] == answer.json()["csrf_token"]
    assert elsewhere.get(ME).status_code == 401
    assert client().post(ME, json={"name": "ana", "password": GOOD}).status_code == 401


def test_a_password_that_was_reset_opens_the_own_account_only(client: Client, app: FastAPI) -> None:
    made = user_secrets.reset_password(
        app.state.books, app.state.passwords, "cleo", local_administrator()
    )
    browser = client()
    said = browser.post(ME, json={"name": "cleo", "password": made.secret}).json()
    assert said["must_change_password"]
    assert list(said["permissions"]) == ["account.own"]
    browser.headers["x-csrf-token"] = said["csrf_token"]
    refused = browser.get("/api/v1/tokens")
    assert refused.status_code == 403
    assert "choose your own password first" in refused.json()["detail"]
    assert browser.get("/api/v1/access").status_code == 200
    body = {"current": made.secret, "new": "cloud brick nine elk"}
    said = browser.post(f"{ME}/password", json=body).json()
    assert not said["must_change_password"]
    assert browser.get("/api/v1/tokens").status_code == 200
