"""Alerts: list, acknowledge, snooze, and resolve where nobody watches the cause."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from supplynet.connectors import mqtt
from supplynet.cycle import watching
from supplynet.errors import AlertStateError, InvalidInput
from supplynet.monitor import alerts as watch
from supplynet.services import history, intake
from supplynet.services.books import Books
from supplynet.services.commands import written
from supplynet.services.orders import Said
from supplynet.services.planning import MODEL_DAMAGED
from supplynet.services.promise import BROKEN
from supplynet.services.verification import BOOKS_WRONG
from supplynet.storage import WriteTx, alert_life
from supplynet.storage import alerts as rows
from supplynet.storage.alerts import Alert
from supplynet.storage.deliveries import UNDELIVERED
from supplynet.storage.within import Within

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


def open_alerts(books: Books, within: Within = None) -> list[Row]:
    """Open alerts, ``within`` some places if given, the most severe first."""
    with books.store.read() as tx:
        return [as_row(alert) for alert in rows.open_alerts(tx, within)]


def resolved_alerts(
    books: Books, *, within: Within = None, limit: int = 200, after: Position | None = None
) -> tuple[list[Row], Position | None]:
    """Alerts that are over, the newest first, and the position of the last one."""
    with books.store.read() as tx:
        found = rows.list_alerts(tx, resolved=True, within=within, before=after, limit=limit + 1)
    page = found[:limit]
    following = (page[-1].raised_at, page[-1].alert_id) if len(found) > limit else None
    return [as_row(alert) for alert in page], following


def get_alert(books: Books, alert_id: str, within: Within = None) -> Row:
    """One alert, open or not; ``within`` some places only, of which it concerns one.

    Raises:
        NotFound: There is none with this id.
    """
    with books.store.read() as tx:
        return as_row(rows.get(tx, alert_id, within))


@dataclass(frozen=True, kw_only=True)
class Step:
    """What somebody does with an alert.

    Attributes:
        minutes, until: How long it is snoozed: one of the two, and only of a snooze.
    """

    action: Literal["acknowledge", "snooze", "resolve"]
    alert_id: str
    minutes: int | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        given = (self.minutes is not None) + (self.until is not None)
        if given != (self.action == "snooze"):
            raise InvalidInput(
                "an alert is snoozed for minutes or until a moment: give one of them, and none for "
                "anything else"
            )

    def take(self, tx: WriteTx, reason: str, within: Within = None) -> Row:
        """Do it within a transaction.

        Raises:
            NotFound, AlertStateError, InvalidInput: See ``storage.alert_life``.
        """
        rows.get(tx, self.alert_id, within)
        if self.action == "acknowledge":
            return as_row(alert_life.acknowledge(tx, self.alert_id, reason=reason))
        if self.action == "resolve":
            return as_row(_resolved(tx, self.alert_id, reason))
        end = self.until or tx.now + timedelta(minutes=self.minutes or 0)
        return as_row(alert_life.snooze(tx, self.alert_id, end, reason=reason))


def answer(books: Books, step: Step, said: Said) -> Row:
    """Acknowledge (it stays open until its cause is gone), snooze or resolve an alert.

    Raises:
        NotFound: There is no such alert.
        AlertStateError: It is resolved, or closes by itself when its cause is gone.
        InvalidInput: A snooze to a moment that is not within the next week.
        ConflictingContent: The key was used for something else.
        VersionMoved: The check of ``said`` says so.
    """
    if said.within is not None:  # before the key and the check, which know of all alerts
        get_alert(books, step.alert_id, said.within)
    asked = ["alert", *(str(value) for value in asdict(step).values())]
    now = history.as_of(books)
    return written(books, said, asked, lambda tx: step.take(tx, said.reason, said.within), now)


def _resolved(tx: WriteTx, alert_id: str, reason: str) -> Alert:
    kind = rows.get(tx, alert_id).kind
    if kind in WATCHED:
        raise AlertStateError(
            alert_id,
            f"({kind}) closes by itself when its cause is gone; acknowledge or snooze it",
        )
    return alert_life.resolve_by_hand(tx, alert_id, reason=reason)


def as_row(alert: Alert) -> Row:
    """An alert as JSON types but for its times."""
    return asdict(alert) | {
        "severity": alert.severity.value,
        "state": _state(alert),
        "closes_itself": alert.kind in WATCHED,
    }


def _state(alert: Alert) -> Literal["open", "acknowledged", "snoozed", "resolved"]:
    if alert.resolved_at is not None:
        return "resolved"
    if alert.snoozed_until is not None:
        return "snoozed"
    return "open" if alert.acknowledged_at is None else "acknowledged"
