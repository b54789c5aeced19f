"""Anomalies: list them, see one with its series, answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import Response

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.anomaly_models import (
    AnomalyAnswer,
    AnomalyDetail,
    AnomalyParameters,
    AnomalyRow,
)
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey, RecordId
from supplynet.api.etags import IfMatch, anomaly_check, anomaly_etag
from supplynet.api.models import Page
from supplynet.api.routing import Router
from supplynet.services import anomalies
from supplynet.storage.anomalies import AnomalyState

router = Router(prefix="/anomalies", tags=["anomalies"])
Json = dict[str, Any]


@router.get("", response_model=Page[AnomalyRow])
def list_anomalies(books: BooksDep, access: AccessDep, query: AnomalyParameters) -> Json:
    """Odd consumption, the last seen first."""
    wanted = anomalies.Filter(
        states=None if query.state is None else [query.state],
        location_id=query.location_id,
        part_id=query.part_id,
        since=query.since,
        within=access.locations,
    )
    after = cursors.decode(query.cursor, datetime, str)
    rows, following = anomalies.list_anomalies(books, wanted, limit=query.limit, after=after)
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.get("/{anomaly_id}", response_model=AnomalyDetail, dependencies=[NO_PARAMETERS])
def get_anomaly(
    books: BooksDep, access: AccessDep, anomaly_id: RecordId, response: Response
) -> Json:
    """One anomaly with what was used and expected around it, shift by shift."""
    return _told(anomalies.get_anomaly(books, anomaly_id, access.locations), response)


@router.post("/{anomaly_id}/answer", response_model=AnomalyRow, dependencies=[NO_PARAMETERS])
def answer_anomaly(
    books: BooksDep,
    access: AccessDep,
    anomaly_id: RecordId,
    body: AnomalyAnswer,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Say what it is; nothing is held back for it from then on.

    `real` lets the rest of orders go that wait for their vehicle. `wrong_record` keeps its demand
    from the models; the booking itself is to be taken back, see `next_step`.
    """
    said = access.said(body.note, idempotency_key, anomaly_check(if_match, anomaly_id))
    return _told(anomalies.answer(books, anomaly_id, AnomalyState(body.state), said), response)


def _told(row: Json, response: Response) -> Json:
    response.headers["etag"] = anomaly_etag(row)
    return row
