"""Versions of the model that plans: list, promote, roll back; comparing is a job."""

from __future__ import annotations

import threading
from typing import Any

from fastapi import APIRouter

from supplynet.api.bodies import Promotion, Rollback
from supplynet.api.depends import ACTOR, NO_PARAMETERS, BooksDep, RecordId
from supplynet.api.models import ModelDetail, ModelRow, Page
from supplynet.services import models

router = APIRouter(prefix="/models", tags=["models"], dependencies=[NO_PARAMETERS])
Json = dict[str, Any]
_ONE_AT_A_TIME = threading.Lock()
"""Every byte of every version is read: never twice at once."""


@router.get("", response_model=Page[ModelRow])
def list_models(books: BooksDep) -> Json:
    """All versions, the newest first, each checked byte by byte."""
    with _ONE_AT_A_TIME:
        return {"items": models.list_models(books), "next_cursor": None}


@router.get("/{version}", response_model=ModelDetail)
def get_model(books: BooksDep, version: RecordId) -> Json:
    """One version, and who made it champion or challenger, when and why."""
    return models.show(books, version)


@router.post("/{version}/promote", response_model=ModelRow)
def promote_model(books: BooksDep, version: RecordId, body: Promotion | None = None) -> Json:
    """Make a version champion (it plans from the next plan on) or challenger.

    Refused with 409 when its files are damaged.
    """
    body = body or Promotion()
    return models.promote(books, version, alias=body.alias, reason=body.reason, actor=ACTOR)


@router.post("/rollback", response_model=ModelRow)
def roll_back_model(books: BooksDep, body: Rollback | None = None) -> Json:
    """Make the champion before the present one champion again; twice goes back two."""
    return models.rollback(books, reason="" if body is None else body.reason, actor=ACTOR)
