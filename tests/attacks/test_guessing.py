"""Passwords, badges and tokens are not found by trying."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from .conftest import API, PASSWORD


def tried(visitor: TestClient, name: str, password: str, **headers: str) -> int:
    body = {"name": name, "password": password}
    shown = {key.replace("_", "-"): said for key, said in headers.items()}
    return visitor.post(f"{API}/session", json=body, headers=shown).status_code


def test_a_guesser_is_stopped_long_before_he_finds_anything(visitor: TestClient) -> None:
    found = [tried(visitor, "eve", f"wrong-guess-{n:05}") for n in range(30)]
    assert set(found) == {401, 429}
    assert found.index(429) <= 20
    assert set(found[found.index(429) :]) == {429}


def test_he_is_told_when_to_come_back(visitor: TestClient) -> None:
    for number in range(30):
        body = {"name": f"nobody{number}", "password": "wrong-guess-0001"}
        answer = visitor.post(f"{API}/session", json=body)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_another_name_in_a_header_does_not_help(visitor: TestClient) -> None:
    found = [
        tried(visitor, f"nobody{n}", "wrong-guess-0001", x_forwarded_for=f"198.51.100.{n}")
        for n in range(30)
    ]
    assert found[-1] == 429


def test_nobody_learns_which_names_there_are(visitor: TestClient) -> None:
    answers = [
        visitor.post(f"{API}/session", json={"name": name, "password": "wrong-guess-0001"}).json()
        for name in ("ben", "no-such-person")
    ]
    for answer in answers:
        answer.pop("request_id")
    assert answers[0] == answers[1]
    assert tried(visitor, "ben", PASSWORD) == 200


@pytest.mark.parametrize(
    "shown",
    [
        "Bearer sn_" + "A" * 43,
        "Bearer " + "A" * 20_000,
        "Bearer ",
        "Bearer sn_x y",
        "Basic YW5hOngxMjM=",
        "bearer\tsn_" + "A" * 43,
        "Bearer sn_\u00e9",
        "Negotiate abc",
        "",
    ],
)
def test_what_is_no_token_of_ours_opens_nothing(visitor: TestClient, shown: str) -> None:
    answer = visitor.get(f"{API}/orders", headers={b"authorization": shown.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
