"""Errors as problem bodies (RFC 9457): what went wrong, for programs and for people."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from supplynet import errors
from supplynet.api.request_id import REQUEST_ID

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
UNEXPECTED = "SupplyNet failed; its log says why"
_SHOWN = 20
"""A batch may have thousands of mistakes; the first of them tell enough."""
_LONGEST_WHERE = 200
"""The name of an unknown field is what the client made it."""
_STATUS: tuple[tuple[type[errors.SupplyNetError], HTTPStatus], ...] = (
    (errors.NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (errors.NotAllowed, HTTPStatus.FORBIDDEN),
    (errors.TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.VersionMoved, HTTPStatus.PRECONDITION_FAILED),
    (errors.AccountError, HTTPStatus.CONFLICT),
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.OrderStateError, HTTPStatus.CONFLICT),
    (errors.AlertStateError, HTTPStatus.CONFLICT),
    (errors.DeliveryStateError, HTTPStatus.CONFLICT),
    (errors.LedgerError, HTTPStatus.CONFLICT),
    (errors.SnapshotMoved, HTTPStatus.CONFLICT),
    (errors.ForecastError, HTTPStatus.CONFLICT),
    (errors.SealError, HTTPStatus.CONFLICT),
    (errors.ConnectorError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def install(app: FastAPI) -> None:
    """Answer every expected error with a problem body; ``guard`` answers the unexpected ones."""
    app.add_exception_handler(errors.SupplyNetError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """A problem body, with the number of the request where there is one."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    request_id = REQUEST_ID.get()
    if request_id is not None:
        more["request_id"] = request_id
    return JSONResponse({**body, "detail": detail, **more}, status, media_type=MEDIA_TYPE)


def refused(error: HTTPException | errors.TooManyRequests) -> JSONResponse:
    """A problem body for what was refused before any route."""
    if isinstance(error, HTTPException):
        answer = problem(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer
    answer = problem(HTTPStatus.TOO_MANY_REQUESTS, str(error))
    answer.headers.update(_told(error))
    return answer


def _expected(request: Request, error: Exception) -> JSONResponse:
    for kind, status in _STATUS:
        if isinstance(error, kind):
            answer = problem(status, error.told(), **_extra(error))
            answer.headers.update(_told(error))
            return answer
    log.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    if isinstance(error, errors.StoreError):
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "the books cannot be read or written; try again"
        )
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)


def body_of(error: errors.SupplyNetError) -> dict[str, Any]:
    """What would be answered, where an error is one of many answers."""
    found = (status for kind, status in _STATUS if isinstance(error, kind))
    status = next(found, HTTPStatus.INTERNAL_SERVER_ERROR)
    said = UNEXPECTED if status == HTTPStatus.INTERNAL_SERVER_ERROR else error.told()
    return {"type": "about:blank", "title": status.phrase, "status": status, "detail": said}


def _extra(error: Exception) -> dict[str, Any]:
    """What a page must know besides the words."""
    if isinstance(error, errors.NoneYet):
        return {"missing": error.thing}
    return {"setup": True} if isinstance(error, errors.NotSetUp) else {}


def _told(error: Exception) -> dict[str, str]:
    """Headers that go with a refusal."""
    if isinstance(error, errors.NotSignedIn):
        return {"www-authenticate": "Bearer"}
    if isinstance(error, errors.TooManyRequests):
        return {"retry-after": str(math.ceil(error.retry_after_seconds))}
    return {}


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    mistakes = [
        {
            "where": ".".join(str(step) for step in item["loc"])[:_LONGEST_WHERE],
            "wrong": item["msg"],
        }
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['where']}: {item['wrong']}" for item in mistakes[:3])
    if len(mistakes) > 3:
        detail += f" (and {len(mistakes) - 3} more)"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=mistakes[:_SHOWN])


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return refused(error)
