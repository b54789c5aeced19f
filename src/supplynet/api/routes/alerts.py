"""Alerts: list, acknowledge, snooze, resolve."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import Response

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey, RecordId
from supplynet.api.etags import IfMatch, alert_check, alert_etag
from supplynet.api.models import AlertRow, Page
from supplynet.api.outbox_models import Acknowledgement, AlertParameters, Resolution, Snooze
from supplynet.api.routing import Router
from supplynet.services import alerts

router = Router(prefix="/alerts", tags=["alerts"])
Json = dict[str, Any]


@router.get("", response_model=Page[AlertRow])
def list_alerts(books: BooksDep, access: AccessDep, query: AlertParameters) -> Json:
    """Open alerts, the most severe first, all on one page; or those that are over."""
    if query.state == "open":
        return {"items": alerts.open_alerts(books, access.locations)}
    after = cursors.decode(query.cursor, datetime, str)
    rows, following = alerts.resolved_alerts(
        books, within=access.locations, limit=query.limit, after=after
    )
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.get("/{alert_id}", response_model=AlertRow, dependencies=[NO_PARAMETERS])
def get_alert(books: BooksDep, access: AccessDep, alert_id: RecordId, response: Response) -> Json:
    """One alert, open or over."""
    return _told(alerts.get_alert(books, alert_id, access.locations), response)


@router.post("/{alert_id}/acknowledge", response_model=AlertRow, dependencies=[NO_PARAMETERS])
def acknowledge_alert(
    books: BooksDep,
    access: AccessDep,
    alert_id: RecordId,
    response: Response,
    body: Acknowledgement | None = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Look after an alert: nobody else is asked; it stays open until its cause is gone."""
    body = body or Acknowledgement()
    step = alerts.Step(action="acknowledge", alert_id=alert_id)
    said = access.said(body.reason, idempotency_key, alert_check(if_match, alert_id))
    return _told(alerts.answer(books, step, said), response)


@router.post("/{alert_id}/snooze", response_model=AlertRow, dependencies=[NO_PARAMETERS])
def snooze_alert(
    books: BooksDep,
    access: AccessDep,
    alert_id: RecordId,
    body: Snooze,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Be told again later, a week at most; sooner if it gets worse."""
    step = alerts.Step(action="snooze", alert_id=alert_id, minutes=body.minutes, until=body.until)
    said = access.said(body.reason, idempotency_key, alert_check(if_match, alert_id))
    return _told(alerts.answer(books, step, said), response)


@router.post("/{alert_id}/resolve", response_model=AlertRow, dependencies=[NO_PARAMETERS])
def resolve_alert(
    books: BooksDep,
    access: AccessDep,
    alert_id: RecordId,
    body: Resolution,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Close an alert whose cause nobody watches.

    409 for all others: they close by themselves when their cause is gone.
    """
    step = alerts.Step(action="resolve", alert_id=alert_id)
    said = access.said(body.reason, idempotency_key, alert_check(if_match, alert_id))
    return _told(alerts.answer(books, step, said), response)


def _told(row: Json, response: Response) -> Json:
    response.headers["etag"] = alert_etag(row)
    return row
