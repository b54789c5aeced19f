from __future__ import annotations

from datetime import datetime, timedelta

from supplynet.storage import Store, alerts, audit, changes
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
    assert (gone.kind, gone.raised_at, gone.resolved_at) == ("stale_data", now, now + 2 * minute)
    (anew,) = reconcile(store, now + 3 * minute, LOW, STALE).raised
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
