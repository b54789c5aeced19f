"""Versions of the model over HTTP."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from supplynet.services import forecasting
from supplynet.services.books import Books, system_now
from supplynet.storage import audit
from supplynet.worker.jobs import KINDS
from supplynet.worker.runner import JobRunner

API = "/api/v1/models"


@pytest.fixture
def two(books: Books) -> tuple[str, str]:
    """The champion before and the champion."""
    found = [
        forecasting.train(books, [model], promote="always")["model_version"]
        for model in ("seasonal_naive", "shift_mean")
    ]
    return found[0], found[1]


def test_versions_are_listed_with_their_aliases(client: TestClient, two: tuple[str, str]) -> None:
    rows = client.get(API).json()["items"]
    assert [row["version"] for row in rows[:2]] == [two[1], two[0]]
    assert rows[0]["aliases"] == ["champion"]
    assert {row["state"] for row in rows} == {"ok"}
    detail = client.get(f"{API}/{two[1]}").json()
    assert {key: value for key, value in detail.items() if key != "history"} == rows[0]
    assert detail["history"][0]["actor"] == "train"


def test_a_rollback_and_a_promotion_say_who_and_why(
    client: TestClient, books: Books, two: tuple[str, str]
) -> None:
    back = client.post(f"{API}/rollback", json={"reason": "too high at night"})
    assert (back.status_code, back.json()["version"]) == (200, two[0])
    forth = client.post(f"{API}/{two[1]}/promote")
    assert (forth.status_code, forth.json()["aliases"]) == (200, ["champion"])
    with books.store.read() as tx:
        last = audit.entries(tx, subject="champion")[-2:]
    assert [(entry.actor, entry.reason) for entry in last] == [
        ("local", "too high at night"),
        ("local", ""),
    ]


def test_a_damaged_version_is_shown_and_not_promoted(
    client: TestClient, books: Books, two: tuple[str, str]
) -> None:
    (books.workspace.folder / f"models/{two[0]}.h5").unlink()
    refused = client.post(f"{API}/{two[0]}/promote")
    assert (refused.status_code, "cannot serve" in refused.json()["detail"]) == (409, True)
    row = client.get(f"{API}/{two[0]}").json()
    assert (row["state"], bool(row["damage"])) == ("damaged", True)


def test_what_is_not_there_is_not_found(client: TestClient, two: tuple[str, str]) -> None:
    assert client.get(f"{API}/nobody").status_code == 404
    assert client.post(f"{API}/nobody/promote").status_code == 404
    assert client.post(f"{API}/{two[0]}/promote", json={"alias": "winner"}).status_code == 422
    assert client.get(API, params={"page": "2"}).status_code == 422


def test_two_versions_are_compared_by_a_job(
    client: TestClient, books: Books, two: tuple[str, str]
) -> None:
    body = {"kind": "compare", "params": {"first": two[0], "second": two[1]}}
    submitted = client.post("/api/v1/jobs", json=body)
    assert submitted.status_code == 202
    JobRunner(
        books.store, books.workspace.folder, KINDS, runner_id="test", clock=system_now
    ).run_next()
    done = client.get(submitted.headers["location"]).json()
    assert (done["state"], done["error"]) == ("done", None)
    assert done["result"]["first"] == two[0]
    assert done["result"]["cutoffs"] > 0
