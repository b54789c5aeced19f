"""The audit log over HTTP, reads noted, and orders that take two people."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.security.principal import local_administrator
from supplynet.services.books import Books, open_books
from supplynet.storage import audit

HERE = "http://127.0.0.1:8321"


def entries(books: Books, **wanted: Any) -> list[audit.AuditEntry]:
    with books.store.read() as tx:
        return audit.newest(tx, audit.Wanted(**wanted))


def test_pages_and_filters_of_the_log(client: TestClient) -> None:
    whole = client.get("/api/v1/audit", params={"limit": 1000}).json()
    first = client.get("/api/v1/audit", params={"limit": 2}).json()
    rest = client.get(
        "/api/v1/audit", params={"limit": 1000, "cursor": first["next_cursor"]}
    ).json()
    assert first["items"] + rest["items"] == whole["items"]
    assert whole["items"][-1]["seq"] == 1
    plans = client.get("/api/v1/audit", params={"action": "plan_made", "actor": "test"}).json()
    (made,) = plans["items"]
    assert set(made["after"]) == {"snapshot_seq", "seed", "model_version", "policy"}
    assert made["origin"] is None
    none = client.get("/api/v1/audit", params={"until": "2000-01-01T00:00:00Z"}).json()
    assert none == {"items": [], "next_cursor": None}


def test_a_proof_names_the_first_bad_row(client: TestClient, books: Books) -> None:
    anchored = client.post("/api/v1/audit/anchor").json()["anchor"]
    found = client.post("/api/v1/audit/verify").json()
    assert (found["proven"], found["newest"]) == (True, anchored)
    with books.store.connect_for_write() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("UPDATE audit SET actor = 'eve' WHERE seq = 2"))
    found = client.post("/api/v1/audit/verify").json()
    assert (found["proven"], found["rows"]) == (False, 1)
    assert [(fault["row"], fault["kind"]) for fault in found["faults"]] == [(2, "edited")]


def test_reads_of_what_is_worth_it_are_noted_with_who_and_from_where(books: Books) -> None:
    with TestClient(create_app(books, local=True), base_url=HERE) as client:
        for _ in range(3):
            client.get("/api/v1/forecasts", params={"part_id": "P-001", "limit": 1})
        client.get("/api/v1/models")
        client.get("/api/v1/orders")
        client.post("/api/v1/audit/verify")
    noted = {(row.actor, row.subject): row for row in entries(books, action="read")}
    assert set(noted) == {("local", "list_forecasts part_id=P-001"), ("local", "list_models")}
    row = noted["local", "list_forecasts part_id=P-001"]
    assert (row.after, row.origin) == ({"count": 3}, "http testclient")


@pytest.fixture
def two_people(
    planned: Path, tmp_path: Path, asked_as: Callable[..., Any]
) -> Iterator[tuple[TestClient, Books]]:
    """Whoever asks is who a header says; every order takes two."""
    opened = open_books(Path(shutil.copytree(planned, tmp_path / "demo")))
    settings = opened.settings.model_copy(update={"four_eyes_cost": 0.0})
    books = replace(opened, settings=settings)
    app = create_app(books, local=True)
    app.state.identify = asked_as(
        lambda request: local_administrator(request.headers["x-test-actor"])
    )
    with TestClient(app, base_url=HERE) as client:
        yield client, books
    opened.store.close()


def test_the_second_person_releases_and_the_answer_says_who_was_first(
    two_people: tuple[TestClient, Books],
) -> None:
    client, books = two_people
    ana, bob = {"x-test-actor": "ana"}, {"x-test-actor": "bob"}
    (order, *_) = client.get("/api/v1/orders", headers=ana).json()["items"]
    assert (order["approvals"], order["approvals_needed"]) == ([], 2)
    url = f"/api/v1/orders/{order['order_id']}"
    for _ in range(2):
        first = client.post(f"{url}/approve", headers=ana).json()
        assert (first["state"], first["approvals_needed"]) == ("proposed", 2)
        (said,) = first["approvals"]
        assert (said["actor"], said["quantity"]) == ("ana", order["quantity"])
    assert client.get(url, headers=bob).json()["approvals"] == [said]
    second = client.post(f"{url}/approve", headers=bob).json()
    assert second["state"] == "approved"
    assert [each["actor"] for each in second["approvals"]] == ["ana", "bob"]
    assert client.post(f"{url}/approve", headers=ana).status_code == 409
    log = [(row.actor, row.action) for row in entries(books, subject=order["order_id"])]
    assert ("bob", "order_approved") in log
    assert log.count(("ana", "order_confirmed")) == 1
