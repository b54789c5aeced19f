"""Backups over HTTP: seen, asked for and checked; never handed out."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from supplynet.services import backup
from supplynet.services.books import Books

URL = "/api/v1/backups"


def test_backups_are_listed_the_newest_first(client: TestClient, books: Books) -> None:
    assert client.get(URL).json() == {"items": [], "next_cursor": None}
    made = backup.make(books, actor="ann")
    [row] = client.get(URL).json()["items"]
    assert (row["name"], row["size"], row["state"]) == (made.name, made.size, "ok")


def test_a_backup_and_a_check_are_jobs(client: TestClient, books: Books) -> None:
    answer = client.post(URL, headers={"idempotency-key": "k1"})
    assert (answer.status_code, answer.json()["kind"]) == (202, "backup")
    assert client.post(URL, headers={"idempotency-key": "k1"}).json() == answer.json()
    name = backup.make(books, actor="ann").name
    answer = client.post(f"{URL}/{name}/verify", json={"deep": True})
    assert answer.status_code == 202
    assert answer.json()["params"] == {"name": name, "deep": True}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("supplynet-20260105T220000Z.backup", 404),
        ("supplynet.db", 422),
        ("..%2Fsupplynet.db", 404),
        ("%2e%2e", 404),
        ("x" * 500, 422),
    ],
)
def test_no_name_reaches_another_file(client: TestClient, name: str, status: int) -> None:
    assert client.post(f"{URL}/{name}/verify").status_code == status


def test_none_is_handed_out(client: TestClient, books: Books) -> None:
    name = backup.make(books, actor="ann").name
    assert client.get(f"{URL}/{name}").status_code == 404
    assert client.post(URL, json={"to": "/elsewhere"}).status_code in {202, 422}
    assert client.post(f"{URL}/{name}/verify", json={"to": "/elsewhere"}).status_code == 422
