"""Jobs over HTTP: strict parameters, run by a runner, watched and cancelled."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.services.books import Books, system_now
from supplynet.worker.jobs import KINDS
from supplynet.worker.runner import JobRunner

API = "/api/v1"
TRAIN = {
    "kind": "train",
    "params": {"models": ["shift_mean", "seasonal_naive"], "seed": 3, "promote": "always"},
}


def test_a_job_is_run_and_its_result_can_be_read(client: TestClient, books: Books) -> None:
    submitted = client.post(f"{API}/jobs", json=TRAIN)
    assert submitted.status_code == 202
    job = submitted.json()
    assert (job["state"], job["kind"], job["submitted_by"]) == ("queued", "train", "local")
    assert job["params"] == TRAIN["params"]
    runner = JobRunner(
        books.store, books.workspace.folder, KINDS, runner_id="test", clock=system_now
    )
    runner.run_next()
    done = client.get(submitted.headers["location"]).json()
    assert (done["state"], done["error"], done["progress"]) == ("done", None, 1.0)
    assert done["result"]["champion"] in {"shift_mean", "seasonal_naive"}


def test_a_queued_job_is_cancelled_at_once_and_stays_so(client: TestClient) -> None:
    job_id = client.post(f"{API}/jobs", json=TRAIN).json()["job_id"]
    for _ in range(2):
        answer = client.post(f"{API}/jobs/{job_id}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_defaults_of_a_simulation_are_filled_in(client: TestClient) -> None:
    job = client.post(f"{API}/jobs", json={"kind": "simulate"}).json()
    policies = ["min_max", "order_up_to", "no_stockout"]
    assert job["params"] | {"days": 28, "policies": policies, "seed": None} == job["params"]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "destroy", "params": {}},
        {"params": {"models": ["lightgbm"]}},
        {"kind": "train"},
        {"kind": "train", "params": {}},
        {"kind": "train", "params": {"models": []}},
        {"kind": "train", "params": {"models": ["oracle"]}},
        {"kind": "train", "params": {"models": ["lightgbm"], "days": 3}},
        {"kind": "train", "params": {"models": ["lightgbm"], "seed": -1}},
        {"kind": "train", "params": {"models": ["lightgbm"], "promote": "sometimes"}},
        {"kind": "compare", "params": {"first": "../x"}},
        {"kind": "simulate", "params": {"days": 0}},
        {"kind": "simulate", "params": {"days": "28"}},
        {"kind": "simulate", "params": {"policies": ["perfect_foresight"]}},
        {"kind": "simulate", "params": {}, "target": "os:system"},
    ],
)
def test_a_job_that_cannot_run_is_refused(client: TestClient, body: Any) -> None:
    assert client.post(f"{API}/jobs", json=body).status_code == 422
    assert client.get(f"{API}/jobs").json()["items"] == []


def test_jobs_are_listed_page_by_page_the_newest_first(client: TestClient) -> None:
    ids = [client.post(f"{API}/jobs", json=TRAIN).json()["job_id"] for _ in range(5)]
    client.post(f"{API}/jobs/{ids[2]}/cancel")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(f"{API}/jobs", params={"limit": 2, **cursor}).json()
        seen += [job["job_id"] for job in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ids[::-1]
    only = client.get(f"{API}/jobs", params={"state": "cancelled"}).json()
    assert [job["job_id"] for job in only["items"]] == [ids[2]]


def test_a_job_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get(f"{API}/jobs/nobody").status_code == 404
    assert client.post(f"{API}/jobs/nobody/cancel").status_code == 404
