"""From what a request shows to who asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.errors import NotAllowed
from supplynet.security.credentials import csrf_of, new_session
from supplynet.security.principal import local_administrator
from supplynet.services import sign_in, tokens
from supplynet.services.books import Books, open_books
from supplynet.storage import init_workspace

ME, USERS = "/api/v1/session", "/api/v1/users"
Client = Callable[..., TestClient]
TLS = "https://127.0.0.1:8321"


def cookie_of(answer: Any) -> tuple[str, str, set[str]]:
    """Name, value and attributes of the one cookie that an answer sets."""
    (said,) = answer.headers.get_list("set-cookie")
    (name, value), *others = (part.strip().split("=", 1) for part in said.split(";"))
    return name, value, {"=".join(each).lower() for each in others}


def enter(client: TestClient, password: str = "thing lamp seven cow") -> Any:
    return client.post(ME, json={"name": "ana", "password": password})


@pytest.mark.parametrize(
    ("base_url", "name", "more"),
    [
        ("http://127.0.0.1:8321", "supplynet_session", set()),
        (TLS, "__Host-supplynet_session", {"secure"}),
    ],
)
def test_the_cookie_is_for_this_site_and_no_script(
    client: Client, base_url: str, name: str, more: set[str]
) -> None:
    browser = client(base_url=base_url)
    found, value, attributes = cookie_of(enter(browser))
    assert (found, len(value)) == (name, 43)
    assert attributes == {"httponly", "path=/", "samesite=strict"} | more
    assert browser.get(ME).json()["actor"] == "ana"


def test_over_tls_a_cookie_without_the_mark_of_this_host_does_not_count(client: Client) -> None:
    _, value, _ = cookie_of(enter(client()))
    planted = client(base_url=TLS, cookies={"supplynet_session": value})
    assert planted.get(ME).status_code == 401


def test_a_sign_in_never_takes_over_the_session_that_was_there(client: Client) -> None:
    planted = new_session()
    browser = client(cookies={"supplynet_session": planted})
    _, value, _ = cookie_of(enter(browser))
    assert value != planted
    assert client(cookies={"supplynet_session": planted}).get(ME).status_code == 401


def shown(method: str, session: str, csrf: str | None) -> Request:
    headers = [(b"cookie", f"supplynet_session={session}".encode())]
    if csrf is not None:
        headers.append((b"x-csrf-token", csrf.encode()))
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "headers": headers,
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 5),
    }
    return Request(scope)


def test_a_write_by_cookie_needs_the_csrf_token_of_its_session(app: FastAPI) -> None:
    books, passwords, identify = app.state.books, app.state.passwords, app.state.identify
    good = "thing lamp seven cow"
    opened = sign_in.by_password(books, passwords, "ana", good, address="here").secret
    for method in ("POST", "PUT", "PATCH", "DELETE", "QUERY"):
        assert identify(shown(method, opened, csrf_of(opened))).actor == "ana"
        for wrong in (None, "", "0" * 64, csrf_of(opened)[:-1], csrf_of(new_session())):
            with pytest.raises(NotAllowed, match="X-CSRF-Token"):
                identify(shown(method, opened, wrong))
    for method in ("GET", "HEAD", "OPTIONS"):
        assert identify(shown(method, opened, None)).actor == "ana"


def test_a_refused_csrf_token_is_403_and_nothing_is_done(client: Client) -> None:
    browser = client("ana")
    del browser.headers["x-csrf-token"]
    assert browser.delete(ME).status_code == 403
    assert browser.get(ME).status_code == 200


def test_an_authorization_that_is_no_good_token_is_401_even_beside_a_cookie(
    client: Client,
) -> None:
    browser, good = client("ana"), "Bearer sn_" + "a" * 43
    for wrong in (
        *("", "Bearer", "Bearer ", "Bearer sn_short", "sn_" + "a" * 43, "Basic YW5hOnB3"),
        *(good, good + " more", good + "a", "Bearer  \xe9"),
    ):
        answer = browser.get(ME, headers={b"authorization": wrong.encode("latin-1")})
        assert answer.status_code == 401, wrong
        assert answer.headers["www-authenticate"] == "Bearer"
    assert browser.get(ME).status_code == 200


def test_two_authorizations_are_refused(client: Client, books: Books) -> None:
    secret = token_of(books)
    given = [("authorization", f"Bearer {secret}")]
    assert client().get(ME, headers=given).status_code == 200
    assert client().get(ME, headers=given * 2).status_code in {400, 401}


def token_of(books: Books) -> str:
    new = tokens.NewToken(name="plc-7", scopes=frozenset({"account.own"}), owner="cleo")
    return tokens.add(books, new, local_administrator()).secret


def test_a_token_wins_over_a_cookie_and_needs_no_csrf_token(client: Client, books: Books) -> None:
    browser = client("ana")
    del browser.headers["x-csrf-token"]
    bearer = {"authorization": f"bearer {token_of(books)}"}
    said = browser.get(ME, headers=bearer).json()
    assert (said["actor"], said["how"], said["csrf_token"]) == ("cleo/plc-7", "token", None)
    assert browser.get(USERS, headers=bearer).status_code == 403  # cleo's token may not, ana may
    assert browser.delete(ME, headers=bearer).json() == {"ended": 0}
    assert browser.get(ME).json()["actor"] == "ana"


def at(app: FastAPI, address: str, **headers: str) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:8321", client=(address, 5), headers=headers)


def test_a_demo_lets_in_who_asks_from_this_machine_itself(books: Books) -> None:
    demo, plain = create_app(books, local=True), create_app(books)
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "testclient"):
        said = at(demo, address).get(ME).json()
        assert (said["actor"], said["how"]) == ("local", "local")
        assert at(plain, address).get(ME).status_code == 401
    for address in ("10.1.2.3", "fe80::1", "localhost", "unknown"):
        assert at(demo, address).get(ME).status_code == 401
    for name in (
        "x-forwarded-for",
        "x-forwarded-host",
        "forwarded",
        "x-real-ip",
        "via",
    ):  # a proxy brings somebody
        assert at(demo, "127.0.0.1", **{name: "10.1.2.3"}).get(ME).status_code == 401


def test_in_a_demo_a_token_is_what_it_says_and_a_dead_cookie_says_nothing(books: Books) -> None:
    here = at(create_app(books, local=True), "127.0.0.1")
    wrong = here.get(ME, headers={"authorization": "Bearer sn_" + "a" * 43})
    assert wrong.status_code == 401
    bearer = {"authorization": f"Bearer {token_of(books)}"}
    assert here.get(ME, headers=bearer).json()["actor"] == "cleo/plc-7"
    # Cookies know no ports: another server on this machine may have left one.
    here.cookies["supplynet_session"] = new_session()
    assert here.get(ME).json()["actor"] == "local"


def test_without_any_user_it_is_said_what_to_type(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    books = open_books(tmp_path)
    answer = at(create_app(books), "10.1.2.3").get(ME)
    assert (answer.status_code, answer.json()["setup"]) == (401, True)
    assert "supplynet user add NAME --role administrator" in answer.json()["detail"]
    books.store.close()


def test_with_users_nobody_is_told_to_set_up(client: Client) -> None:
    answer = client().get(ME)
    assert answer.status_code == 401
    assert "setup" not in answer.json()
