"""Anomalies: list them, see one with its series, answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from supplynet.api import cursors
from supplynet.api.anomaly_models import (
    AnomalyAnswer,
    AnomalyDetail,
    AnomalyParameters,
    AnomalyRow,
)
from supplynet.api.depends import ACTOR, NO_PARAMETERS, BooksDep, IdempotencyKey, RecordId
from supplynet.api.models import Page
from supplynet.services import anomalies
from supplynet.services.orders import Said
from supplynet.storage.anomalies import AnomalyState

router = APIRouter(prefix="/anomalies", tags=["anomalies"])
Json = dict[str, Any]


@router.get("", response_model=Page[AnomalyRow])
def list_anomalies(books: BooksDep, query: AnomalyParameters) -> Json:
    """Odd consumption, the last seen first."""
    wanted = anomalies.Filter(
        states=None if query.state is None else [query.state],
        location_id=query.location_id,
        part_id=query.part_id,
        since=query.since,
    )
    after = cursors.decode(query.cursor, datetime, str)
    rows, following = anomalies.list_anomalies(books, wanted, limit=query.limit, after=after)
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.get("/{anomaly_id}", response_model=AnomalyDetail, dependencies=[NO_PARAMETERS])
def get_anomaly(books: BooksDep, anomaly_id: RecordId) -> Json:
    """One anomaly with what was used and expected around it, shift by shift."""
    return anomalies.get_anomaly(books, anomaly_id)


@router.post("/{anomaly_id}/answer", response_model=AnomalyRow, dependencies=[NO_PARAMETERS])
def answer_anomaly(
    books: BooksDep,
    anomaly_id: RecordId,
    body: AnomalyAnswer,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Say what it is; nothing is held back for it from then on.

    `real` lets the rest of orders go that wait for their vehicle. `wrong_record` keeps its demand
    from the models; the booking itself is to be taken back, see `next_step`.
    """
    said = Said(actor=ACTOR, reason=body.note, key=idempotency_key)
    return anomalies.answer(books, anomaly_id, AnomalyState(body.state), said)
