"""Alerts: open while their cause lasts, at most one per cause."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import RowMapping, case, insert, select, update

from supplynet.storage import changes
from supplynet.storage.column_types import utc_text
from supplynet.storage.tables import alerts as table
from supplynet.storage.transaction import ReadTx, WriteTx

_NAMESPACE = uuid.UUID("5f0b6d1c-6f0f-4b43-9d0a-0c9d4c0b6b1e")


class Severity(StrEnum):
    """How much it matters: a line will halt; someone should look; good to know."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


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
        snoozed_until: Nobody is told of it before that.
        escalations, escalated_at: How often it was passed on for want of an answer; when last.
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

    With ``kinds``, only alerts of these kinds are resolved, so that two watchers do not resolve
    each other's.
    """
    wanted = {cause.open_key: cause for cause in causes}
    known = {alert.open_key: alert for alert in open_alerts(tx)}
    result = AlertChanges(raised=[], changed=[], resolved=[])
    for key, cause in wanted.items():
        alert = known.get(key)
        if alert is None:
            result.raised.append(_raise(tx, cause))
        elif (alert.severity, alert.message) != (cause.severity, cause.message):
            result.changed.append(_change(tx, alert, cause))
    for key, alert in known.items():
        if key not in wanted and (kinds is None or alert.kind in kinds):
            result.resolved.append(_resolve(tx, alert))
    return result


def open_alerts(tx: ReadTx) -> list[Alert]:
    """What is wrong now: the worst first, then the oldest."""
    rank = case({severity.value: i for i, severity in enumerate(Severity)}, value=table.c.severity)
    query = select(table).where(table.c.resolved_at.is_(None))
    query = query.order_by(rank, table.c.raised_at, table.c.alert_id)
    return [_alert(row) for row in tx.connection.execute(query).mappings()]


def list_alerts(tx: ReadTx, *, since: datetime | None = None, limit: int = 1000) -> list[Alert]:
    """Alerts, open and resolved, the newest first; those raised since a moment, if given."""
    query = select(table).order_by(table.c.raised_at.desc(), table.c.alert_id).limit(limit)
    if since is not None:
        query = query.where(table.c.raised_at >= since)
    return [_alert(row) for row in tx.connection.execute(query).mappings()]


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
    _tell(tx, "alert_raised", alert)
    return alert


def _change(tx: WriteTx, alert: Alert, cause: AlertCause) -> Alert:
    """A new message alone (a clock time has moved) is shown, but not worth an audit line."""
    values = {"severity": cause.severity.value, "message": cause.message}
    tx.connection.execute(update(table).where(table.c.alert_id == alert.alert_id).values(**values))
    after = replace(alert, severity=cause.severity, message=cause.message)
    if alert.severity is cause.severity:
        tx.change("alert", alert.alert_id)
    else:
        _tell(tx, "alert_changed", after)
    return after


def _resolve(tx: WriteTx, alert: Alert) -> Alert:
    query = update(table).where(table.c.alert_id == alert.alert_id)
    tx.connection.execute(query.values(resolved_at=tx.now))
    _tell(tx, "alert_resolved", alert)
    return replace(alert, resolved_at=tx.now)


def _tell(tx: WriteTx, action: str, alert: Alert) -> None:
    after = {"kind": alert.kind, "severity": alert.severity.value, "message": alert.message}
    tx.note(action, alert.alert_id, after=after)
    tx.change("alert", alert.alert_id)


def _alert(row: RowMapping) -> Alert:
    values = {name: value for name, value in row.items() if name != "open_key"}
    return Alert(**values | {"severity": Severity(values["severity"])})
