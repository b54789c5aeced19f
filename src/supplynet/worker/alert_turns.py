"""What time does to alerts: a snooze ends, nobody answers, a message cannot be delivered."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from supplynet.notify.routing import Router
from supplynet.storage import ReadTx, Store, alert_life, alerts, deliveries
from supplynet.storage.alerts import Alert, AlertCause, Severity
from supplynet.storage.deliveries import UNDELIVERED


def take_turns(store: Store, router: Router, *, actor: str, now: datetime) -> None:
    """Wake, escalate and raise what is due at ``now``; most of the time that is nothing.

    Several servers may do so at once: each step is checked again in its own transaction.
    """
    with store.read() as tx:
        asleep = bool(alert_life.to_wake(tx, now))
        steps = _steps(tx, router, now)
        undelivered = _undelivered(tx)
    if asleep:
        with store.write(actor, now) as tx:
            alert_life.wake(tx)
    for alert, to in steps:
        with store.write(actor, now) as tx:
            alert_life.escalate(tx, alert, to)
    if undelivered is not None:
        with store.write(actor, now) as tx:
            alerts.set_open_alerts(tx, undelivered, kinds=[UNDELIVERED])


def _steps(tx: ReadTx, router: Router, now: datetime) -> list[tuple[Alert, str]]:
    """Alerts that nobody has answered for too long, each with whom to ask next."""
    if not router.escalates:
        return []
    found = []
    for alert in alert_life.unanswered(tx):
        step = router.escalation(asdict(alert))
        if step is not None and step.due_at <= now:
            found.append((alert, step.to))
    return found


def _undelivered(tx: ReadTx) -> list[AlertCause] | None:
    """What is wrong with deliveries; None when the open alert says just that."""
    said = [
        f"{count} {'message' if count == 1 else 'messages'} could not be delivered to {channel}: "
        f"{why}."
        for channel, (count, why) in sorted(deliveries.dead(tx).items())
    ]
    known = [each.message for each in alerts.open_alerts(tx) if each.kind == UNDELIVERED]
    wanted = [" ".join([*said, "Mend it, then supplynet outbox replay."])] if said else []
    if known == wanted:
        return None
    return [
        AlertCause(severity=Severity.WARNING, kind=UNDELIVERED, message=message)
        for message in wanted
    ]
