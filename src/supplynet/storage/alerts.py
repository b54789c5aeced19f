"""Alerts: open while their cause lasts, at most one per cause; and whom they were told to.

People acknowledge, snooze and, where nobody watches the cause, resolve: see ``alert_life``. Every
turn of an alert that somebody should hear of goes into the outbox with it, in one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, case, insert, select, update

from supplynet.errors import NotFound
from supplynet.storage import alert_messages, changes
from supplynet.storage.alert_messages import Turn
from supplynet.storage.column_types import utc_text
from supplynet.storage.tables import alerts as table
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.within import Within, lies_in

_NAMESPACE = uuid.UUID("5f0b6d1c-6f0f-4b43-9d0a-0c9d4c0b6b1e")
SETTLES_IN = timedelta(minutes=10)
"""A cause that comes back within this was never gone: the same alert opens again, nobody hears of
it, and the message that it was over, which waits for so long, is taken back."""


class Severity(StrEnum):
    """How much it matters: a line will halt; someone should look; good to know."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    def is_worse_than(self, other: Severity) -> bool:
        """Whether it matters more."""
        order = list(Severity)
        return order.index(self) < order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCause:
    """What is wrong now. Kind, location and part make it the same cause as before.

    Attributes:
        kind: In one word: ``halt_risk``, ``negative_stock``, ``stale_data``.
    """

    severity: Severity
    kind: str
    message: str
    location_id: str | None = None
    part_id: str | None = None

    @property
    def open_key(self) -> str:
        """The same for the same cause."""
        return f"{self.kind}/{self.location_id or ''}/{self.part_id or ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(AlertCause):
    """A cause with its times and who looks after it.

    Attributes:
        resolved_at: None while the cause lasts.
        acknowledged_at, acknowledged_by: Who said that he looks after it, and when.
        snoozed_until: Nobody is told of it before that, unless it gets worse.
        escalations: How often it was passed on for want of an answer.
        escalated_at: When last, or when it woke from a snooze: the wait counts from there.
    """

    alert_id: str
    raised_at: datetime
    resolved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None
    escalations: int = 0
    escalated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChanges:
    """What a reconciliation did."""

    raised: list[Alert]
    changed: list[Alert]
    resolved: list[Alert]


def set_open_alerts(
    tx: WriteTx, causes: Iterable[AlertCause], *, kinds: Collection[str] | None = None
) -> AlertChanges:
    """Make the open alerts those of ``causes``: raise the new, resolve what is gone.

    Who looks after an alert and how long it sleeps stay as they are when its message changes; an
    alert that gets worse wakes up. With ``kinds``, only alerts of these kinds are resolved, so
    that two watchers do not resolve each other's.
    """
    wanted = {cause.open_key: cause for cause in causes}
    known = {alert.open_key: alert for alert in open_alerts(tx)}
    just_gone = _just_gone(tx) if wanted.keys() - known.keys() else {}
    result = AlertChanges(raised=[], changed=[], resolved=[])
    for key, cause in wanted.items():
        alert = known.get(key)
        if alert is None and key in just_gone:
            result.changed.append(_reopen(tx, just_gone[key], cause))
        elif alert is None:
            result.raised.append(_raise(tx, cause))
        elif (alert.severity, alert.message) != (cause.severity, cause.message):
            result.changed.append(_change(tx, alert, cause))
    for key, alert in known.items():
        if key not in wanted and (kinds is None or alert.kind in kinds):
            result.resolved.append(resolve(tx, alert))
    return result


def get(tx: ReadTx, alert_id: str, within: Within = None) -> Alert:
    """One alert, open or not; ``within`` some places only, of which it concerns one.

    Raises:
        NotFound: There is none with this id.
    """
    query = select(table).where(table.c.alert_id == alert_id, *_at(within))
    row = tx.connection.execute(query).mappings().first()
    if row is None:
        raise NotFound("alert", alert_id, "see supplynet alerts list")
    return _alert(row)


def open_alerts(tx: ReadTx, within: Within = None) -> list[Alert]:
    """What is wrong now, ``within`` some places if given: the worst first, then the oldest."""
    rank = case({severity.value: i for i, severity in enumerate(Severity)}, value=table.c.severity)
    query = select(table).where(table.c.resolved_at.is_(None), *_at(within))
    query = query.order_by(rank, table.c.raised_at, table.c.alert_id)
    return [_alert(row) for row in tx.connection.execute(query).mappings()]


def list_alerts(
    tx: ReadTx,
    *,
    since: datetime | None = None,
    resolved: bool | None = None,
    within: Within = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 1000,
) -> list[Alert]:
    """Alerts, the newest first: open, resolved or both; those raised since a moment, if given.

    ``within`` leaves out what concerns none of its places; ``before`` is ``(raised_at, alert_id)``
    of the last one seen, for the page after it.
    """
    order = (table.c.raised_at.desc(), table.c.alert_id.desc())
    query = select(table).where(*_at(within)).order_by(*order).limit(limit)
    if since is not None:
        query = query.where(table.c.raised_at >= since)
    if resolved is not None:
        gone = table.c.resolved_at.is_not(None)
        query = query.where(gone if resolved else ~gone)
    if before is not None:
        at, alert_id = before
        same = (table.c.raised_at == at) & (table.c.alert_id < alert_id)
        query = query.where((table.c.raised_at < at) | same)
    return [_alert(row) for row in tx.connection.execute(query).mappings()]


def write(tx: WriteTx, alert: Alert, action: str, *, reason: str = "", **values: Any) -> Alert:
    """Set columns of an alert, with a line in the audit log; the alert as it is then."""
    query = update(table).where(table.c.alert_id == alert.alert_id)
    plain = {
        name: value.value if isinstance(value, Severity) else value
        for name, value in values.items()
    }
    tx.connection.execute(query.values(**plain))
    after = replace(alert, **values)
    told = {"kind": alert.kind, "severity": after.severity.value, "message": after.message}
    tx.note(action, alert.alert_id, after=told, reason=reason)
    tx.change("alert", alert.alert_id)
    return after


def resolve(tx: WriteTx, alert: Alert, *, reason: str = "") -> Alert:
    """Close an alert; who heard of it hears of that once it is sure not to come back at once."""
    gone = write(tx, alert, "alert_resolved", reason=reason, resolved_at=tx.now)
    alert_messages.tell(tx, gone, Turn.RESOLVED, tx.now, due_at=tx.now + SETTLES_IN)
    return gone


def _at(within: Within) -> list[ColumnElement[bool]]:
    return [] if within is None else [lies_in(within, table.c.location_id)]


def _just_gone(tx: WriteTx) -> dict[str, Alert]:
    """Alerts that were resolved a moment ago, and of which nobody was told yet, by cause."""
    since = tx.now - SETTLES_IN
    query = select(table).where(table.c.resolved_at > since, table.c.resolved_at <= tx.now)
    found = map(_alert, tx.connection.execute(query.order_by(table.c.resolved_at)).mappings())
    return {alert.open_key: alert for alert in found}


def _reopen(tx: WriteTx, gone: Alert, cause: AlertCause) -> Alert:
    """The alert as it was, with what people said of it; only a worse one is told of."""
    assert gone.resolved_at is not None
    alert_messages.take_back(tx, gone, Turn.RESOLVED, gone.resolved_at)
    again = write(tx, gone, "alert_reopened", resolved_at=None)
    if (again.severity, again.message) == (cause.severity, cause.message):
        return again
    return _change(tx, again, cause)


def _raise(tx: WriteTx, cause: AlertCause) -> Alert:
    # The same cause may come back at the same moment: a twin's clock stands still between slots.
    raised = f"{cause.open_key} {utc_text(tx.now)} {changes.latest_seq(tx)}"
    alert = Alert(
        alert_id=str(uuid.uuid5(_NAMESPACE, raised)),
        severity=cause.severity,
        kind=cause.kind,
        message=cause.message,
        location_id=cause.location_id,
        part_id=cause.part_id,
        raised_at=tx.now,
    )
    tx.connection.execute(
        insert(table).values(
            alert_id=alert.alert_id,
            open_key=alert.open_key,
            severity=alert.severity.value,
            kind=alert.kind,
            message=alert.message,
            location_id=alert.location_id,
            part_id=alert.part_id,
            raised_at=alert.raised_at,
        )
    )
    told = {"kind": alert.kind, "severity": alert.severity.value, "message": alert.message}
    tx.note("alert_raised", alert.alert_id, after=told)
    tx.change("alert", alert.alert_id)
    alert_messages.tell(tx, alert, Turn.RAISED, tx.now)
    return alert


def _change(tx: WriteTx, alert: Alert, cause: AlertCause) -> Alert:
    """A new message alone (a clock time has moved) is shown, but not worth an audit line."""
    if alert.severity is cause.severity:
        query = update(table).where(table.c.alert_id == alert.alert_id)
        tx.connection.execute(query.values(message=cause.message))
        tx.change("alert", alert.alert_id)
        return replace(alert, message=cause.message)
    after = write(tx, alert, "alert_changed", severity=cause.severity, message=cause.message)
    if not cause.severity.is_worse_than(alert.severity):
        return after
    if after.snoozed_until is not None:
        after = write(tx, after, "alert_woken", snoozed_until=None)
    # One that goes up and down all the time is told of once an hour.
    hour = tx.now.replace(minute=0, second=0, microsecond=0)
    alert_messages.tell(tx, after, Turn.WORSE, hour)
    return after


def _alert(row: RowMapping) -> Alert:
    values = {name: value for name, value in row.items() if name != "open_key"}
    return Alert(**values | {"severity": Severity(values["severity"])})
