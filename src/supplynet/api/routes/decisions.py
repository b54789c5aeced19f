"""Decisions: what every plan decided for every part, and why."""

from __future__ import annotations

from typing import Any

from supplynet.api import cursors
from supplynet.api.admission import AccessDep
from supplynet.api.decision_models import DecisionRow
from supplynet.api.depends import NO_PARAMETERS, BooksDep, RecordId, SeriesParameters
from supplynet.api.models import Page
from supplynet.api.routing import Router
from supplynet.services import decisions

router = Router(prefix="/decisions", tags=["planning"])
Json = dict[str, Any]


@router.get("", response_model=Page[DecisionRow])
def list_decisions(books: BooksDep, access: AccessDep, query: SeriesParameters) -> Json:
    """Decisions, the newest first: also those that ordered nothing."""
    rows, following = decisions.list_decisions(
        books,
        location_id=query.location_id,
        part_id=query.part_id,
        within=access.locations,
        limit=query.limit,
        after=cursors.decode(query.cursor, int, int),
    )
    return {"items": rows, "next_cursor": cursors.encode(following)}


@router.get("/{decision_id}", response_model=DecisionRow, dependencies=[NO_PARAMETERS])
def get_decision(books: BooksDep, access: AccessDep, decision_id: RecordId) -> Json:
    """One decision with its full numbers."""
    return decisions.get_decision(books, decision_id, access.locations)
