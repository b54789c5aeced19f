from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from supplynet.errors import AlertStateError, InvalidInput, NotFound
from supplynet.storage import Store, alert_life, alerts, audit, outbox
from supplynet.storage.alerts import Alert, AlertCause, Severity

LOW = AlertCause(
    severity=Severity.WARNING,
    kind="halt_risk",
    message="SR1 runs out of bolt at 03:10",
    location_id="SR1",
    part_id="bolt",
)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def reconcile(store: Store, at: datetime, *causes: AlertCause) -> None:
    with store.write("worker", at) as tx:
        alerts.set_open_alerts(tx, causes)


def only(store: Store) -> Alert:
    with store.read() as tx:
        (alert,) = alerts.list_alerts(tx)
    return alert


def told(store: Store) -> list[str]:
    with store.write("test", datetime.max.replace(tzinfo=UTC), audited=False) as tx:
        return [message.payload["turn"] for message in outbox.claim(tx)]


def test_the_first_who_acknowledges_looks_after_it_until_its_cause_is_gone(
    store: Store, now: datetime
) -> None:
    reconcile(store, now, LOW)
    alert_id = only(store).alert_id
    for actor in ("ann", "bob"):
        with store.write(actor, now + MINUTE) as tx:
            alert_life.acknowledge(tx, alert_id, reason="on my way")
    reconcile(store, now + HOUR, replace(LOW, message="SR1 runs out of bolt at 03:20"))
    alert = only(store)
    assert (alert.acknowledged_by, alert.acknowledged_at) == ("ann", now + MINUTE)
    assert alert.resolved_at is None
    with store.read() as tx:
        assert alert_life.unanswered(tx) == []
        found = [(e.action, e.actor, e.reason) for e in audit.entries(tx, subject=alert_id)]
    assert ("alert_acknowledged", "ann", "on my way") in found
    assert len([action for action, *_ in found if action == "alert_acknowledged"]) == 1
    reconcile(store, now + 2 * HOUR)
    assert only(store).resolved_at == now + 2 * HOUR


def test_a_snooze_ends_with_a_new_message_and_a_new_wait(store: Store, now: datetime) -> None:
    reconcile(store, now, LOW)
    with store.write("ann", now) as tx:
        alert_life.escalate(tx, only(store), "planner")
    with store.write("ann", now) as tx:
        alert_life.snooze(tx, only(store).alert_id, now + HOUR)
    reconcile(store, now + MINUTE, replace(LOW, message="SR1 runs out of bolt at 03:20"))
    with store.write("worker", now + HOUR - MINUTE) as tx:
        assert alert_life.wake(tx) == []
        assert alert_life.unanswered(tx) == []
    for _ in range(2):  # two servers
        with store.write("worker", now + HOUR + MINUTE) as tx:
            alert_life.wake(tx)
    alert = only(store)
    assert (alert.snoozed_until, alert.escalations) == (None, 0)
    assert alert.escalated_at == now + HOUR
    assert sorted(told(store)) == ["awake", "escalated", "raised"]


def test_an_alert_that_gets_worse_wakes_up_and_stays_with_who_has_it(
    store: Store, now: datetime
) -> None:
    reconcile(store, now, LOW)
    with store.write("ann", now) as tx:
        alert_life.acknowledge(tx, only(store).alert_id)
        alert_life.snooze(tx, only(store).alert_id, now + HOUR)
    reconcile(store, now + MINUTE, replace(LOW, severity=Severity.INFO))
    assert only(store).snoozed_until == now + HOUR
    reconcile(store, now + 2 * MINUTE, replace(LOW, severity=Severity.CRITICAL))
    alert = only(store)
    assert (alert.snoozed_until, alert.acknowledged_by) == (None, "ann")
    assert "worse" in told(store)


@pytest.mark.parametrize("ahead", [timedelta(0), -HOUR, timedelta(days=7, seconds=1)])
def test_a_snooze_ends_within_the_next_week(store: Store, now: datetime, ahead: timedelta) -> None:
    reconcile(store, now, LOW)
    alert_id = only(store).alert_id
    with pytest.raises(InvalidInput, match="within the next 7 days"), store.write("ann", now) as tx:
        alert_life.snooze(tx, alert_id, now + ahead)


def test_what_is_over_can_be_neither_acknowledged_nor_snoozed(store: Store, now: datetime) -> None:
    reconcile(store, now, LOW)
    reconcile(store, now + MINUTE)
    alert_id = only(store).alert_id
    with store.write("ann", now + HOUR) as tx:
        with pytest.raises(AlertStateError, match="was resolved at 2026-01-05 22:01Z"):
            alert_life.acknowledge(tx, alert_id)
        with pytest.raises(AlertStateError):
            alert_life.snooze(tx, alert_id, now + 2 * HOUR)
        assert alert_life.resolve_by_hand(tx, alert_id, reason="again") == only(store)
        with pytest.raises(NotFound, match="supplynet alerts list"):
            alert_life.acknowledge(tx, "nobody")


def test_two_servers_pass_an_alert_on_once(store: Store, now: datetime) -> None:
    reconcile(store, now, LOW)
    seen = only(store)
    done = []
    for server in ("server-1", "server-2"):
        with store.write(server, now + HOUR) as tx:
            done.append(alert_life.escalate(tx, seen, "planner"))
    assert [each is not None for each in done] == [True, False]
    assert (only(store).escalations, only(store).escalated_at) == (1, now + HOUR)


def test_an_answer_that_comes_first_stops_the_escalation(store: Store, now: datetime) -> None:
    reconcile(store, now, LOW)
    seen = only(store)
    with store.write("ann", now) as tx:
        alert_life.acknowledge(tx, seen.alert_id)
        assert alert_life.escalate(tx, seen, "planner") is None
    assert told(store) == ["raised"]
