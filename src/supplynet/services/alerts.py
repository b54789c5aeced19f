"""Alerts: list, acknowledge, snooze, and resolve where nobody watches the cause."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Literal

from supplynet.connectors import mqtt
from supplynet.cycle import watching
from supplynet.errors import AlertStateError, InvalidInput
from supplynet.monitor import alerts as watch
from supplynet.services import history, intake
from supplynet.services.books import Books
from supplynet.services.planning import MODEL_DAMAGED
from supplynet.services.promise import BROKEN
from supplynet.services.verification import BOOKS_WRONG
from supplynet.storage import alert_life
from supplynet.storage import alerts as rows
from supplynet.storage.alerts import Alert
from supplynet.storage.deliveries import UNDELIVERED

Row = dict[str, Any]
Position = tuple[datetime, str]
"""Where a page ended: when its last alert was raised, and its id."""
WATCHED = frozenset(
    {
        *watch.KINDS,
        *intake.KINDS,
        *mqtt.KINDS,
        *watching.KINDS,
        MODEL_DAMAGED,
        BROKEN,
        UNDELIVERED,
        BOOKS_WRONG,
    }
)
"""Kinds that close by themselves when their cause is gone; closing one by hand would only have it
raised again at the next look."""


def open_alerts(books: Books) -> list[Row]:
    """Open alerts, the most severe first."""
    with books.store.read() as tx:
        return [as_row(alert) for alert in rows.open_alerts(tx)]


def resolved_alerts(
    books: Books, *, limit: int = 200, after: Position | None = None
) -> tuple[list[Row], Position | None]:
    """Alerts that are over, the newest first, and the position of the last one."""
    with books.store.read() as tx:
        found = rows.list_alerts(tx, resolved=True, before=after, limit=limit + 1)
    page = found[:limit]
    following = (page[-1].raised_at, page[-1].alert_id) if len(found) > limit else None
    return [as_row(alert) for alert in page], following


def acknowledge(books: Books, alert_id: str, *, reason: str, actor: str) -> Row:
    """``actor`` looks after it; it stays open until its cause is gone.

    Raises:
        NotFound, AlertStateError: See ``alert_life.acknowledge``.
    """
    with books.store.write(actor, history.as_of(books)) as tx:
        return as_row(alert_life.acknowledge(tx, alert_id, reason=reason))


def snooze(
    books: Books,
    alert_id: str,
    *,
    until: datetime | None = None,
    minutes: int | None = None,
    reason: str,
    actor: str,
) -> Row:
    """Nobody is told of it until a moment, or for some minutes, unless it gets worse.

    Raises:
        InvalidInput: Neither or both are given, or not within the next week.
        NotFound, AlertStateError: See ``alert_life.snooze``.
    """
    if (until is None) == (minutes is None):
        raise InvalidInput("an alert is snoozed for minutes or until a moment: give one of them")
    now = history.as_of(books)
    end = until if minutes is None else now + timedelta(minutes=minutes)
    assert end is not None
    with books.store.write(actor, now) as tx:
        return as_row(alert_life.snooze(tx, alert_id, end, reason=reason))


def resolve(books: Books, alert_id: str, *, reason: str, actor: str) -> Row:
    """Close an alert by hand, where nobody watches its cause.

    Raises:
        NotFound: There is no such alert.
        AlertStateError: It closes by itself when its cause is gone.
    """
    with books.store.write(actor, history.as_of(books)) as tx:
        kind = rows.get(tx, alert_id).kind
        if kind in WATCHED:
            raise AlertStateError(
                alert_id,
                f"({kind}) closes by itself when its cause is gone; acknowledge or snooze it",
            )
        return as_row(alert_life.resolve_by_hand(tx, alert_id, reason=reason))


def as_row(alert: Alert) -> Row:
    """An alert as JSON types but for its times."""
    return asdict(alert) | {"severity": alert.severity.value, "state": _state(alert)}


def _state(alert: Alert) -> Literal["open", "acknowledged", "snoozed", "resolved"]:
    if alert.resolved_at is not None:
        return "resolved"
    if alert.snoozed_until is not None:
        return "snoozed"
    return "open" if alert.acknowledged_at is None else "acknowledged"
