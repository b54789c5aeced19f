"""Turns of alerts as outgoing messages: what is told, and that it is told once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from supplynet.storage import outbox
from supplynet.storage.column_types import utc_text
from supplynet.storage.transaction import WriteTx

if TYPE_CHECKING:
    from supplynet.storage.alerts import Alert

MESSAGE = "alert"
"""Kind of the outgoing messages about alerts."""


class Turn(StrEnum):
    """What happened to an alert that people and machines are told of."""

    RAISED = "raised"
    WORSE = "worse"
    ESCALATED = "escalated"
    AWAKE = "awake"
    RESOLVED = "resolved"


def tell(
    tx: WriteTx,
    alert: Alert,
    turn: Turn,
    at: datetime,
    *,
    to: str = "",
    due_at: datetime | None = None,
) -> None:
    """Put a turn of an alert into the outbox; the same turn of the same moment is told once.

    Args:
        tx: The transaction of the turn.
        alert: As it is after it.
        turn: What happened.
        at: When; with the alert and the turn it makes the message's key.
        to: Role or channel that is meant; empty = whoever wants it.
        due_at: Not sent before that; default: at once.
    """
    payload = {
        "turn": turn.value,
        "at": tx.now,
        "alert_id": alert.alert_id,
        "key": alert.open_key,
        "kind": alert.kind,
        "severity": alert.severity.value,
        "message": alert.message,
        "location_id": alert.location_id,
        "part_id": alert.part_id,
        "raised_at": alert.raised_at,
        "acknowledged_by": alert.acknowledged_by,
        "snoozed_until": alert.snoozed_until,
        "escalations": alert.escalations,
        "to": to,
    }
    message_id = _message_id(alert, turn, at)
    if not outbox.is_known(tx, message_id):
        outbox.enqueue(tx, message_id, MESSAGE, payload, due_at=due_at)


def take_back(tx: WriteTx, alert: Alert, turn: Turn, at: datetime) -> bool:
    """Nobody is to hear of this turn after all; whether that was still possible."""
    return outbox.withdraw(tx, _message_id(alert, turn, at))


def _message_id(alert: Alert, turn: Turn, at: datetime) -> str:
    what = f"{alert.alert_id}/{turn.value}/{alert.severity.value}/{utc_text(at)}"
    return sha256(what.encode()).hexdigest()[:32]
