"""Versions of the model that plans: list, promote, roll back; comparing is a job."""

from __future__ import annotations

import threading
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from supplynet.api.admission import AccessDep
from supplynet.api.bodies import Promotion, Rollback
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey, RecordId
from supplynet.api.etags import IfMatch, aliases_check, etag
from supplynet.api.models import JobRow, ModelDetail, ModelRow, Page
from supplynet.api.queueing import queued
from supplynet.api.routing import Router
from supplynet.api.training_bodies import Export, Pruning, Removed
from supplynet.services import models
from supplynet.services.books import Books
from supplynet.services.commands import carried_out
from supplynet.services.model_versions import holders_in

router = Router(prefix="/models", tags=["models"], dependencies=[NO_PARAMETERS])
Json = dict[str, Any]
_ONE_AT_A_TIME = threading.Lock()
"""Every byte of every version is read: never twice at once."""


@router.get("", response_model=Page[ModelRow])
def list_models(books: BooksDep) -> Json:
    """All versions, the newest first, each checked byte by byte."""
    with _ONE_AT_A_TIME:
        return {"items": models.list_models(books), "next_cursor": None}


@router.get("/{version}", response_model=ModelDetail)
def get_model(books: BooksDep, version: RecordId, response: Response) -> Json:
    """One version, and who made it champion or challenger, when and why.

    The `ETag` is of the aliases: of who is champion and challenger.
    """
    tag = _tag(books)  # before the rest: whoever moves an alias meanwhile shall be noticed
    found = models.show(books, version)
    response.headers["etag"] = tag
    return found


@router.post("/{version}/promote", response_model=ModelRow)
def promote_model(
    books: BooksDep,
    access: AccessDep,
    version: RecordId,
    response: Response,
    body: Promotion | None = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Make a version champion (it plans from the next plan on) or challenger.

    Refused with 409 when its files are damaged.
    """
    body = body or Promotion()
    alias, check = body.alias, aliases_check(if_match)
    said = access.said(body.reason, idempotency_key)

    def do() -> Json:
        return models.promote(
            books, version, alias=alias, reason=said.reason, actor=said.actor, check=check
        )

    found = carried_out(books, said, ["promote", version, alias], do)
    response.headers["etag"] = _tag(books)
    return found


@router.post("/rollback", response_model=ModelRow)
def roll_back_model(
    books: BooksDep,
    access: AccessDep,
    response: Response,
    body: Rollback | None = None,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Json:
    """Make the champion before the present one champion again; twice goes back two."""
    check = aliases_check(if_match)
    said = access.said("" if body is None else body.reason, idempotency_key)

    def do() -> Json:
        return models.rollback(books, reason=said.reason, actor=said.actor, check=check)

    found = carried_out(books, said, ["roll back"], do)
    response.headers["etag"] = _tag(books)
    return found


@router.post("/{version}/export", response_model=JobRow, status_code=202)
def export_model(
    books: BooksDep,
    access: AccessDep,
    version: RecordId,
    body: Export | None = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Write a version as ONNX and serve it from there: a job. The model itself stays."""
    params = {"version": version, "int8": body is not None and body.int8}
    return queued(books, access, "export_model", params, idempotency_key)


@router.post("/prune", response_model=Removed)
def prune_models(
    books: BooksDep, access: AccessDep, body: Pruning, idempotency_key: IdempotencyKey = None
) -> Json:
    """Delete old versions; champion, challenger and the champion before always stay."""
    said = access.said(body.reason, idempotency_key)

    def do() -> Json:
        return {"removed": models.prune(books, body.keep)}

    return carried_out(books, said, ["prune models", body.keep], do)


@router.delete("/{version}", response_model=Removed)
def remove_model(books: BooksDep, version: RecordId) -> Json:
    """Delete the files of a version that is neither champion nor challenger."""
    models.remove(books, version)
    return {"removed": [version]}


def _tag(books: Books) -> str:
    with books.store.read() as tx:
        return etag(holders_in(tx))
