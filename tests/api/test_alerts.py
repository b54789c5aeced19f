"""Alerts over HTTP: who looks after what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from supplynet.services import alerts as service
from supplynet.services import history
from supplynet.services.books import Books
from supplynet.storage import alerts
from supplynet.storage.alerts import AlertCause, Severity

RISK = AlertCause(severity=Severity.CRITICAL, kind="halted", message="stands", location_id="SR1")
OVER = AlertCause(severity=Severity.INFO, kind="demo_ended", message="The demo is over.")
ALERTS = "/api/v1/alerts"
Raise = Callable[..., str]


@pytest.fixture
def raised(books: Books) -> Raise:
    """Raises an alert and returns its id."""

    def make(cause: AlertCause = RISK) -> str:
        with books.store.write("test", history.as_of(books)) as tx:
            alerts.set_open_alerts(tx, [cause], kinds=[])
            return next(each.alert_id for each in alerts.open_alerts(tx) if each.kind == cause.kind)

    return make


def test_an_acknowledged_alert_stays_open_and_names_who_has_it(
    client: TestClient, raised: Raise
) -> None:
    alert_id = raised()
    row = client.post(f"{ALERTS}/{alert_id}/acknowledge").json()
    assert (row["state"], row["acknowledged_by"], row["resolved_at"]) == (
        "acknowledged",
        "local",
        None,
    )
    again = client.post(f"{ALERTS}/{alert_id}/acknowledge", json={"reason": "twice"})
    assert again.json() == row
    listed = {each["alert_id"]: each for each in client.get(ALERTS).json()["items"]}
    assert listed[alert_id] == row


def test_a_snooze_is_for_minutes_or_until_a_moment(
    client: TestClient, raised: Raise, books: Books
) -> None:
    path, now = f"{ALERTS}/{raised()}/snooze", history.as_of(books)
    assert client.post(path, json={"minutes": 60}).json()["state"] == "snoozed"
    until = (now + timedelta(days=1)).isoformat()
    assert client.post(path, json={"until": until}).status_code == 200
    far = (now + timedelta(days=8)).isoformat()
    for wrong in ({}, {"minutes": 5, "until": until}, {"minutes": 0}, {"until": far}):
        assert client.post(path, json=wrong).status_code == 422
    assert client.post(path, json={"until": "2026-01-05T06:00"}).status_code == 422


def test_only_what_nobody_watches_is_resolved_by_hand(client: TestClient, raised: Raise) -> None:
    refused = client.post(f"{ALERTS}/{raised()}/resolve", json={"reason": "seen"})
    assert refused.status_code == 409
    assert "closes by itself" in refused.json()["detail"]
    assert client.get(ALERTS).json()["items"][0]["closes_itself"] is True
    alert_id = raised(OVER)
    assert client.get(f"{ALERTS}/{alert_id}").json()["closes_itself"] is False
    done = client.post(f"{ALERTS}/{alert_id}/resolve", json={"reason": "seen"})
    assert done.json()["state"] == "resolved"
    assert client.post(f"{ALERTS}/{alert_id}/acknowledge").status_code == 409
    assert client.post(f"{ALERTS}/none/acknowledge").status_code == 404


def test_what_is_over_is_listed_page_by_page(client: TestClient, books: Books) -> None:
    at = history.as_of(books)
    for number in range(3):
        cause = AlertCause(severity=Severity.INFO, kind=f"k{number}", message="x")
        with books.store.write("test", at + number * timedelta(hours=1)) as tx:
            alerts.set_open_alerts(tx, [cause], kinds=["k0", "k1", "k2"])
    first = client.get(ALERTS, params={"state": "resolved", "limit": 1}).json()
    query = {"state": "resolved", "limit": "1", "cursor": first["next_cursor"]}
    second = client.get(ALERTS, params=query).json()
    kinds = [row["kind"] for row in (*first["items"], *second["items"])]
    assert kinds == ["k1", "k0"]
    assert client.get(ALERTS, params={"state": "resolved", "cursor": "x"}).status_code == 422


def test_every_kind_that_a_plan_watches_closes_by_itself() -> None:
    assert {"halted", "halt_risk", "model_damaged", "undelivered"} <= service.WATCHED
    assert "demo_ended" not in service.WATCHED
