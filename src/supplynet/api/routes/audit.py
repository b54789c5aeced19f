"""The audit log: read it, prove it, anchor it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from supplynet.api import cursors
from supplynet.api.audit_models import AnchorMade, AuditParameters, AuditRow, AuditVerdict
from supplynet.api.depends import NO_PARAMETERS, BooksDep
from supplynet.api.models import Page
from supplynet.api.routing import Router
from supplynet.services import audit

router = Router(prefix="/audit", tags=["audit"])


@router.get("", response_model=Page[AuditRow])
def list_audit(books: BooksDep, query: AuditParameters) -> dict[str, Any]:
    """Entries, the newest first. Reading them is itself noted."""
    before = cursors.decode(query.cursor, int)
    rows, following = audit.list_entries(
        books, query.wanted(), limit=query.limit, before_seq=before[0] if before else None
    )
    cursor = None if following is None else cursors.encode((following,))
    return {"items": rows, "next_cursor": cursor}


@router.post("/verify", response_model=AuditVerdict, dependencies=[NO_PARAMETERS])
def verify_audit(books: BooksDep) -> dict[str, Any]:
    """Prove every row by the one before it and the whole by its anchors: it reads every row."""
    found = audit.verify(books)
    return asdict(found) | {"proven": not found.faults}


@router.post("/anchor", response_model=AnchorMade, dependencies=[NO_PARAMETERS])
def anchor_audit(books: BooksDep) -> dict[str, Any]:
    """Sign the head and keep it outside the database; a server does so by itself too."""
    made = audit.anchor(books)
    return {"anchor": None if made is None else asdict(made)}
