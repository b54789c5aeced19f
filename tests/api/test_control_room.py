"""The first screen, automation and plans over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from supplynet.api.app import create_app
from supplynet.services.books import Books
from supplynet.storage import audit

API = "/api/v1"


def test_the_screen_shows_every_line_and_shift_of_the_plan(
    reader: TestClient,
) -> None:
    room = reader.get(f"{API}/control-room").json()
    plan = reader.get(f"{API}/plan").json()
    plant = reader.get(f"{API}/network").json()
    lines = [place["location_id"] for place in plant["locations"] if place["kind"] == "line"]
    assert [line["line_id"] for line in room["lines"]] == lines
    assert [line["cells"] for line in room["lines"]] == [line["cells"] for line in plan["lines"]]
    assert all(len(line["cells"]) == len(room["shifts"]) == 14 for line in room["lines"])
    assert room["shift"]["shift_id"] == room["shifts"][0]["shift_id"]


def test_the_screen_shows_every_proposal_the_most_saved_minutes_first(reader: TestClient) -> None:
    actions = reader.get(f"{API}/control-room").json()["actions"]
    orders = reader.get(f"{API}/orders").json()["items"]
    assert {row["order_id"] for row in actions} == {row["order_id"] for row in orders}
    saved = [row["expected_lost_minutes"] for row in actions]
    assert saved == sorted(saved, reverse=True)
    assert {"from", "to", "why", "containers"} <= actions[0].keys()


def test_an_action_has_the_tag_of_its_order_and_a_decision_on_an_older_one_is_refused(
    client: TestClient,
) -> None:
    action = client.get(f"{API}/control-room").json()["actions"][0]
    order = f"{API}/orders/{action['order_id']}"
    assert client.get(order).headers["etag"] == action["etag"]
    more = {"quantity": action["quantity"] + (action["quantity"] // action["containers"])}
    assert client.post(f"{order}/change", json=more | {"reason": "scrap"}).status_code == 200
    late = client.post(f"{order}/approve", json={}, headers={"If-Match": action["etag"]})
    assert late.status_code == 412
    newest = next(
        row
        for row in client.get(f"{API}/control-room").json()["actions"]
        if row["order_id"] == action["order_id"]
    )
    assert (newest["quantity"], newest["etag"]) != (action["quantity"], action["etag"])
    done = client.post(f"{order}/approve", json={}, headers={"If-Match": newest["etag"]})
    assert done.json()["state"] == "approved"


def test_what_is_set_aside_leaves_the_list_until_it_is_brought_back(client: TestClient) -> None:
    before = client.get(f"{API}/control-room").json()["actions"]
    order = before[0]
    path, until = f"{API}/orders/{order['order_id']}/snooze", order["departure_at"]
    assert client.post(path, json={"until": until}).json()["snoozed_until"] == until
    room = client.get(f"{API}/control-room").json()
    assert order not in room["actions"]
    (aside,) = room["set_aside"]
    assert (aside["order_id"], aside["snoozed_until"]) == (order["order_id"], until)
    assert client.post(path, json={}).status_code == 422
    assert client.post(path, json={"until": None}).json()["snoozed_until"] is None
    room = client.get(f"{API}/control-room").json()
    assert (room["actions"], room["set_aside"]) == (before, [])


def test_the_scoreboard_names_the_policies_and_the_bound(reader: TestClient) -> None:
    board = reader.get(f"{API}/control-room").json()["scoreboard"]
    names = {row["policy"] for row in board["policies"]}
    assert names == {"min_max", "order_up_to", "no_stockout", "perfect_foresight"}
    assert "seasonal_naive" in {row["model"] for row in board["forecast"]}


@pytest.mark.parametrize("mode", ["suggest", "auto_below", "auto"])
def test_every_mode_of_automation_is_shown(books: Books, mode: str) -> None:
    settings = books.settings.model_copy(update={"automation_mode": mode})
    app = create_app(replace(books, settings=settings), local=True)
    with TestClient(app, base_url="http://127.0.0.1:8321") as client:
        assert client.get(f"{API}/automation").json()["mode"] == mode
        assert client.get(f"{API}/control-room").json()["automation"]["mode"] == mode


def test_automation_is_paused_and_resumed_and_the_audit_says_by_whom(
    client: TestClient, books: Books
) -> None:
    body = {"paused": True, "reason": "stocktaking"}
    assert client.post(f"{API}/automation", json=body).json() == {"mode": "auto", "paused": True}
    assert client.get(f"{API}/control-room").json()["automation"]["paused"] is True
    assert client.get(f"{API}/automation").json()["paused"] is True
    with books.store.read() as tx:
        entry = audit.entries(tx, subject="paused")[-1]
    assert (entry.actor, entry.after, entry.reason) == ("local", True, "stocktaking")
    assert client.post(f"{API}/automation", json={"paused": False}).json()["paused"] is False


@pytest.mark.parametrize("body", [{}, {"paused": "yes"}, {"paused": 1}, {"paused": None}, None])
def test_automation_is_paused_by_true_and_false_alone(client: TestClient, body: Any) -> None:
    assert client.post(f"{API}/automation", json=body).status_code == 422


def test_planning_twice_changes_nothing(client: TestClient) -> None:
    made = client.post(f"{API}/plan").json()
    orders = client.get(f"{API}/orders").json()["items"]
    assert made["as_of"] == client.get(f"{API}/control-room").json()["clock"]["now"]
    assert (made["new"], made["changed"], made["withdrawn"]) == (0, 0, 0)
    assert made["confirmed"] == len(made["proposals"]) == len(orders)
    assert client.get(f"{API}/plan").json()["plan_id"] == made["plan_id"]


@pytest.mark.parametrize("body", [{"seed": -1}, {"seed": "1"}, {"as_of": "2025-04-09T04:00:00Z"}])
def test_a_plan_is_asked_for_strictly(client: TestClient, body: Any) -> None:
    assert client.post(f"{API}/plan", json=body).status_code == 422


def test_plans_are_made_one_after_the_other(client: TestClient) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: client.post(f"{API}/plan"), range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.json()["plan_id"] for answer in answers}) == 1


def test_health_says_how_far_the_books_are(reader: TestClient) -> None:
    from supplynet import __version__

    health = reader.get(f"{API}/health").json()
    change = reader.get(f"{API}/control-room").json()["change"]
    wanted = {"status": "ok", "change": change, "version": __version__, "read_only": None}
    assert health == wanted
