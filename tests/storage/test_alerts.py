from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.storage import Store, alert_life, alerts, audit, changes, outbox
from supplynet.storage.alerts import AlertCause, AlertChanges, Severity

LOW = AlertCause(
    severity=Severity.WARNING,
    kind="halt_risk",
    message="SR1 runs out of bolt at 03:10",
    location_id="SR1",
    part_id="bolt",
)
STALE = AlertCause(severity=Severity.INFO, kind="stale_data", message="no event for 10 min")


def reconcile(store: Store, at: datetime, *causes: AlertCause) -> AlertChanges:
    with store.write("worker", at) as tx:
        return alerts.set_open_alerts(tx, causes)


def test_an_alert_is_open_while_its_cause_lasts(store: Store, now: datetime) -> None:
    minute = timedelta(minutes=1)
    assert len(reconcile(store, now, LOW, STALE).raised) == 2
    again = reconcile(store, now + minute, LOW, STALE)
    assert again == AlertChanges(raised=[], changed=[], resolved=[])
    (gone,) = reconcile(store, now + 2 * minute, LOW).resolved
    assert gone.resolved_at is not None
    assert (gone.kind, gone.raised_at, gone.resolved_at) == ("stale_data", now, now + 2 * minute)
    later = gone.resolved_at + alerts.SETTLES_IN
    (anew,) = reconcile(store, later, LOW, STALE).raised
    assert anew.alert_id != gone.alert_id
    with store.read() as tx:
        assert [alert.kind for alert in alerts.open_alerts(tx)] == ["halt_risk", "stale_data"]
        assert len(alerts.list_alerts(tx)) == 3
        assert len(alerts.list_alerts(tx, since=now + minute)) == 1


def test_a_moved_clock_time_is_shown_and_a_worse_severity_is_audited_by_name(
    store: Store, now: datetime
) -> None:
    reconcile(store, now, LOW)
    later = AlertCause(
        severity=Severity.WARNING,
        kind="halt_risk",
        message="SR1 runs out of bolt at 03:20",
        location_id="SR1",
        part_id="bolt",
    )
    worse = AlertCause(
        severity=Severity.CRITICAL,
        kind="halt_risk",
        message="SR1 runs out of bolt at 03:20",
        location_id="SR1",
        part_id="bolt",
    )
    for cause in (later, worse):
        (changed,) = reconcile(store, now, cause).changed
        assert (changed.severity, changed.message) == (cause.severity, cause.message)
    with store.read() as tx:
        assert [e.action for e in audit.entries(tx)] == ["alert_raised", "wrote", "alert_changed"]
        assert changes.latest_seq(tx, ["alert"]) == 3
        assert [alert.severity for alert in alerts.open_alerts(tx)] == [Severity.CRITICAL]


def test_a_watcher_resolves_only_alerts_of_its_own_kinds(store: Store, now: datetime) -> None:
    reconcile(store, now, LOW, STALE)
    with store.write("worker", now) as tx:
        resolved = alerts.set_open_alerts(tx, [], kinds=["stale_data"]).resolved
        assert [alert.kind for alert in resolved] == ["stale_data"]
        assert [alert.kind for alert in alerts.open_alerts(tx)] == ["halt_risk"]


def test_the_worst_comes_first_then_the_oldest(store: Store, now: datetime) -> None:
    causes = [
        AlertCause(severity=severity, kind=f"k{i}", message="")
        for i, severity in enumerate((Severity.INFO, Severity.CRITICAL, Severity.WARNING))
    ]
    reconcile(store, now, *causes)
    with store.read() as tx:
        found = [alert.severity.value for alert in alerts.open_alerts(tx)]
    assert found == ["critical", "warning", "info"]


def told(store: Store) -> list[str]:
    """Turns that wait to be sent, by the moment from which they may be."""
    with store.write("test", datetime.max.replace(tzinfo=UTC), audited=False) as tx:
        return [message.payload["turn"] for message in outbox.claim(tx, limit=1000)]


def test_who_is_told_is_written_with_the_alert(store: Store, now: datetime) -> None:
    minute = timedelta(minutes=1)
    reconcile(store, now, LOW)
    reconcile(store, now, replace(LOW, message="SR1 runs out of bolt at 03:20"))
    assert told(store) == ["raised"]
    reconcile(store, now + minute, replace(LOW, severity=Severity.CRITICAL))
    reconcile(store, now + minute, replace(LOW, severity=Severity.INFO))
    assert told(store) == ["raised", "worse"]
    reconcile(store, now + 2 * minute)
    assert told(store) == ["raised", "worse", "resolved"]


def test_a_cause_that_flaps_is_one_alert_that_people_hear_of_once(
    store: Store, now: datetime
) -> None:
    ((first,), at) = (reconcile(store, now, LOW).raised, now)
    with store.write("ann", now) as tx:
        alert_life.acknowledge(tx, first.alert_id)
    for _ in range(5):
        at += timedelta(minutes=3)
        reconcile(store, at)
        at += timedelta(minutes=3)
        assert reconcile(store, at, LOW).raised == []
    with store.read() as tx:
        (open_one,) = alerts.open_alerts(tx)
    assert (open_one.alert_id, open_one.acknowledged_by) == (first.alert_id, "ann")
    assert told(store) == ["raised"]


def test_that_it_is_over_is_told_when_it_stays_over(store: Store, now: datetime) -> None:
    reconcile(store, now, LOW)
    reconcile(store, now + timedelta(minutes=1))
    over = now + timedelta(minutes=1) + alerts.SETTLES_IN
    with store.write("test", over - timedelta(seconds=1), audited=False) as tx:
        assert [each.payload["turn"] for each in outbox.claim(tx)] == ["raised"]
    with store.write("test", over, audited=False) as tx:
        assert len(outbox.claim(tx)) == 2
    assert [alert.raised_at for alert in reconcile(store, over, LOW).raised] == [over]
    assert sorted(told(store)) == ["raised", "raised", "resolved"]


def test_a_severity_that_goes_up_and_down_is_told_once_an_hour(store: Store, now: datetime) -> None:
    worse = replace(LOW, severity=Severity.CRITICAL)
    for minutes in range(0, 120, 10):
        reconcile(store, now + timedelta(minutes=minutes), LOW, STALE)
        reconcile(store, now + timedelta(minutes=minutes + 5), worse, STALE)
    assert told(store).count("worse") == 2


@settings(max_examples=15)
@given(st.lists(st.sampled_from(["none", *Severity]), max_size=8))
def test_at_most_one_alert_of_a_cause_is_open(sqlite_store: Store, steps: list[str]) -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    with sqlite_store.read() as tx:
        at += timedelta(days=len(alerts.list_alerts(tx)))
    for step in steps:
        at += timedelta(minutes=7)
        causes = [] if step == "none" else [replace(LOW, severity=Severity(step))]
        reconcile(sqlite_store, at, *causes)
        with sqlite_store.read() as tx:
            found = [alert.severity.value for alert in alerts.open_alerts(tx)]
        assert found == ([] if step == "none" else [step])
