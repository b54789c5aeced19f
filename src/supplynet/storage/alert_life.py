"""What people and the clock do with open alerts: acknowledge, snooze, wake, pass on."""

from __future__ import annotations

from datetime import datetime, timedelta

from supplynet.errors import AlertStateError, InvalidInput
from supplynet.storage import alert_messages, alerts
from supplynet.storage.alert_messages import Turn
from supplynet.storage.alerts import Alert
from supplynet.storage.transaction import ReadTx, WriteTx

LONGEST_SNOOZE = timedelta(days=7)


def acknowledge(tx: WriteTx, alert_id: str, *, reason: str = "") -> Alert:
    """``tx.actor`` looks after it: nobody else is asked, and it stays open while its cause lasts.

    Who said so first stays.

    Raises:
        NotFound: There is no such alert.
        AlertStateError: It is resolved.
    """
    alert = _open(tx, alert_id)
    if alert.acknowledged_at is not None:
        return alert
    values = {"acknowledged_at": tx.now, "acknowledged_by": tx.actor}
    return alerts.write(tx, alert, "alert_acknowledged", reason=reason, **values)


def snooze(tx: WriteTx, alert_id: str, until: datetime, *, reason: str = "") -> Alert:
    """Nobody is told of it before ``until`` unless it gets worse; then it is told of again.

    Raises:
        NotFound: There is no such alert.
        AlertStateError: It is resolved.
        InvalidInput: ``until`` is not ahead, or further than a week.
    """
    alert = _open(tx, alert_id)
    if not tx.now < until <= tx.now + LONGEST_SNOOZE:
        raise InvalidInput(
            f"until {until:%Y-%m-%d %H:%M}Z: an alert is snoozed to a moment within the next "
            f"{LONGEST_SNOOZE.days} days, it is {tx.now:%Y-%m-%d %H:%M}Z now"
        )
    return alerts.write(tx, alert, "alert_snoozed", reason=reason, snoozed_until=until)


def resolve_by_hand(tx: WriteTx, alert_id: str, *, reason: str) -> Alert:
    """Close an alert whose cause nobody watches; one that is closed already stays as it is.

    Raises:
        NotFound: There is no such alert.
    """
    alert = alerts.get(tx, alert_id)
    return alert if alert.resolved_at is not None else alerts.resolve(tx, alert, reason=reason)


def to_wake(tx: ReadTx, now: datetime) -> list[Alert]:
    """Open alerts whose snooze is over."""
    found = alerts.open_alerts(tx)
    return [each for each in found if each.snoozed_until is not None and each.snoozed_until <= now]


def wake(tx: WriteTx) -> list[Alert]:
    """Tell again of the alerts whose snooze is over; the wait for an answer starts anew.

    Who acknowledged one before it was snoozed looks after it still.
    """
    woken = []
    for alert in to_wake(tx, tx.now):
        ended = alert.snoozed_until
        assert ended is not None
        after = alerts.write(
            tx, alert, "alert_woken", snoozed_until=None, escalations=0, escalated_at=ended
        )
        alert_messages.tell(tx, after, Turn.AWAKE, ended)
        woken.append(after)
    return woken


def unanswered(tx: ReadTx) -> list[Alert]:
    """Open alerts that nobody looks after and that are not asleep."""
    found = alerts.open_alerts(tx)
    return [each for each in found if each.acknowledged_at is None and each.snoozed_until is None]


def escalate(tx: WriteTx, seen: Alert, to: str) -> Alert | None:
    """Pass an alert on to a role or channel; None when it is other than it was ``seen``.

    Somebody may have answered, or another server passed it on, since it was read.
    """
    alert = alerts.get(tx, seen.alert_id)
    same = (alert.escalations, alert.escalated_at) == (seen.escalations, seen.escalated_at)
    if not same or alert.resolved_at or alert.acknowledged_at or alert.snoozed_until:
        return None
    after = alerts.write(
        tx,
        alert,
        "alert_escalated",
        reason=f"to {to}",
        escalations=alert.escalations + 1,
        escalated_at=tx.now,
    )
    alert_messages.tell(tx, after, Turn.ESCALATED, tx.now, to=to)
    return after


def _open(tx: ReadTx, alert_id: str) -> Alert:
    alert = alerts.get(tx, alert_id)
    if alert.resolved_at is not None:
        raise AlertStateError(alert_id, f"was resolved at {alert.resolved_at:%Y-%m-%d %H:%M}Z")
    return alert
