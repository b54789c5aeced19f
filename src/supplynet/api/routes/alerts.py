"""Alerts: list, acknowledge, snooze, resolve."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from supplynet.api import cursors
from supplynet.api.depends import ACTOR, NO_PARAMETERS, BooksDep, RecordId
from supplynet.api.models import AlertRow, Page
from supplynet.api.outbox_models import Acknowledgement, AlertParameters, Resolution, Snooze
from supplynet.services import alerts

router = APIRouter(prefix="/alerts", tags=["alerts"])
Json = dict[str, Any]


@router.get("", response_model=Page[AlertRow])
def list_alerts(books: BooksDep, query: AlertParameters) -> Json:
    """Open alerts, the most severe first, all on one page; or those that are over."""
    if query.state == "open":
        return {"items": alerts.open_alerts(books)}
    after = cursors.decode(query.cursor, datetime, str)
    rows, following = alerts.resolved_alerts(books, limit=query.limit, after=after)
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.post("/{alert_id}/acknowledge", response_model=AlertRow, dependencies=[NO_PARAMETERS])
def acknowledge_alert(
    books: BooksDep, alert_id: RecordId, body: Acknowledgement | None = None
) -> Json:
    """Look after an alert: nobody else is asked; it stays open until its cause is gone."""
    body = body or Acknowledgement()
    return alerts.acknowledge(books, alert_id, reason=body.reason, actor=ACTOR)


@router.post("/{alert_id}/snooze", response_model=AlertRow, dependencies=[NO_PARAMETERS])
def snooze_alert(books: BooksDep, alert_id: RecordId, body: Snooze) -> Json:
    """Be told again later, a week at most; sooner if it gets worse."""
    return alerts.snooze(
        books,
        alert_id,
        until=body.until,
        minutes=body.minutes,
        reason=body.reason,
        actor=ACTOR,
    )


@router.post("/{alert_id}/resolve", response_model=AlertRow, dependencies=[NO_PARAMETERS])
def resolve_alert(books: BooksDep, alert_id: RecordId, body: Resolution) -> Json:
    """Close an alert whose cause nobody watches.

    409 for all others: they close by themselves when their cause is gone.
    """
    return alerts.resolve(books, alert_id, reason=body.reason, actor=ACTOR)
