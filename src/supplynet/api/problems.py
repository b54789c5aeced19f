"""Errors as problem bodies (RFC 9457): what went wrong, for programs and for people."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from supplynet import errors

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
UNEXPECTED = "SupplyNet failed; its log says why"
_SHOWN = 20
"""A batch may have thousands of mistakes; the first of them tell enough."""
_STATUS: tuple[tuple[type[errors.SupplyNetError], HTTPStatus], ...] = (
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.OrderStateError, HTTPStatus.CONFLICT),
    (errors.AlertStateError, HTTPStatus.CONFLICT),
    (errors.DeliveryStateError, HTTPStatus.CONFLICT),
    (errors.LedgerError, HTTPStatus.CONFLICT),
    (errors.SnapshotMoved, HTTPStatus.CONFLICT),
    (errors.ForecastError, HTTPStatus.CONFLICT),
)


def install(app: FastAPI) -> None:
    """Answer every expected error with a problem body; ``guard`` answers the unexpected ones."""
    app.add_exception_handler(errors.SupplyNetError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """A problem body."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return JSONResponse({**body, "detail": detail, **more}, status, media_type=MEDIA_TYPE)


def _expected(request: Request, error: Exception) -> JSONResponse:
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return problem(status, str(error))
    log.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    if isinstance(error, errors.StoreError):
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "the books cannot be read or written; try again"
        )
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    mistakes = [
        {"where": ".".join(str(step) for step in item["loc"]), "wrong": item["msg"]}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['where']}: {item['wrong']}" for item in mistakes[:3])
    if len(mistakes) > 3:
        detail += f" (and {len(mistakes) - 3} more)"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=mistakes[:_SHOWN])


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    response = problem(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response
