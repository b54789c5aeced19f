"""What if, over HTTP: at once or as a job, and what is wrong with a question."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.services.books import Books
from supplynet.worker import jobs
from supplynet.worker.jobs import KINDS

API = "/api/v1"
SMALL = {"rate": {"SR1.ST1.A": 1.5}, "days": 2, "futures": 4, "seed": 3}


def test_a_small_question_is_answered_at_once_and_the_same_each_time(reader: TestClient) -> None:
    answers = [reader.post(f"{API}/what-if", json=SMALL) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    first, second = ({**each.json(), "seconds": 0} for each in answers)
    assert first == second
    assert first["change"] == ["SR1.ST1.A uses 1.5 times as much"]
    names = [row["name"] for row in first["figures"]]
    assert names == ["halts", "lost_minutes", "cover_days", "stock_parts", "trips"]
    for row in first["figures"]:
        assert row["low"] <= row["difference"] <= row["high"]


def test_a_large_question_becomes_a_job_with_the_same_answer(
    client: TestClient, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = client.post(f"{API}/what-if", json=SMALL).json()
    monkeypatch.setattr("supplynet.services.what_if.QUICK", 1)
    queued = client.post(f"{API}/what-if", json=SMALL)
    assert (queued.status_code, queued.json()["kind"]) == (202, "what_if")
    job = client.get(queued.headers["location"]).json()
    assert job["state"] == "queued"
    context: Any = SimpleNamespace(workspace=books.workspace.folder, progress=lambda *_: None)
    assert jobs.what_if(context, job["params"])["figures"] == at_once["figures"]
    assert KINDS["what_if"] == "supplynet.worker.jobs:what_if"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "nothing is changed"),
        ({"rate": {"SR1.ST1.Z": 1.2}}, "no line 'SR1.ST1.Z'; did you mean"),
        ({"rate": {"SR1.ST1.A": -2}}, "it goes from 0 to 20"),
        ({"line": {"SR1.ST1.A": "maybe"}}, "Input should be 'on' or 'off'"),
        ({"departures": {"WH1-SR1": "6 o'clock"}}, "write a clock time such as 06:00"),
        ({"shift": {"day": "06:00"}}, "write 06:00-14:00 or off"),
        ({"stock": {"SR1": 5}}, "String should match pattern"),
        ({"rate": {"SR1.ST1.A": 1.2}, "days": 0}, "greater than or equal to 1"),
        ({"rates": {"SR1.ST1.A": 1.2}}, "Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_refused(reader: TestClient, body: Any, said: str) -> None:
    answer = reader.post(f"{API}/what-if", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_workspace_without_a_plant_is_a_conflict(empty_client: TestClient) -> None:
    answer = empty_client.post(f"{API}/what-if", json=SMALL)
    assert answer.status_code == 409
