"""The OpenAPI document: what FastAPI makes, with our problem bodies in it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from supplynet.api.models import Problem
from supplynet.api.problems import MEDIA_TYPE
from supplynet.security.access import OPERATIONS, Reach

_READ = (400, 401, 403, 404, 414, 422, 429, 431, 503)
_WRITE = (*_READ, 408, 409, 412, 413, 415)
_TITLES = {
    400: "Another host's name, or a body that cannot be read.",
    401: "Nobody has said who asks.",
    403: "Who asks may not, or a page of another site asks.",
    404: "No such record.",
    409: "The state of the books does not allow it.",
    408: "The body came too slowly.",
    412: "It was changed by another meanwhile.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body is in another language, or compressed.",
    431: "The headers are too many or too long.",
    429: "Too much in a short time; `Retry-After` says when to ask again.",
    422: "Something in the request is wrong.",
    503: "The books cannot be read or written now.",
}
Json = dict[str, Any]
_SCHEMES: Json = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of a machine, `sn_...`; shown once, when it is made.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "supplynet_session",
        "description": "Of who is signed in; `__Host-supplynet_session` over TLS.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-Token",
        "description": "With every write that a cookie speaks for; `GET /session` tells it.",
    },
}


def document(app: FastAPI) -> Json:
    """The description of ``app``, OpenAPI 3.1; made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            description=app.description,
            routes=app.routes,
        )
        schemas = made["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs", {}) | {"Problem": problem}
        made["components"]["securitySchemes"] = _SCHEMES
        for path in made["paths"].values():
            for method, operation in path.items():
                operation["responses"] |= _problems(_READ if method == "get" else _WRITE)
                operation.update(_needed(operation["operationId"], safe=method == "get"))
                _say_body(operation, schemas)
        app.openapi_schema = made
    return app.openapi_schema


def _needed(name: str, *, safe: bool) -> Json:
    """What an operation needs, from the table that it is admitted by."""
    row = OPERATIONS[name]
    if row.reach is Reach.OPEN:
        return {"security": [], "x-reach": row.reach.value}
    page: Json = {"session": []} if safe else {"session": [], "csrf": []}
    return {
        "security": [{"token": []}, page],
        "x-permission": row.permission,
        "x-reach": row.reach.value,
    }


def _say_body(operation: Json, schemas: Json) -> None:
    """Describe a JSON body, and show it, in the words of its schema."""
    body = operation.get("requestBody")
    content = {} if body is None else body["content"].get("application/json", {})
    schema = content.get("schema", {})
    every = (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ()))
    found = [each for each in every if "$ref" in each]
    if body is None or not found:
        return
    told = schemas[found[0]["$ref"].rpartition("/")[2]]
    body.setdefault("description", told.get("description", ""))
    if told.get("examples"):
        content.setdefault("example", told["examples"][0])


def _problems(statuses: tuple[int, ...]) -> Json:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(status): {"description": _TITLES[status], "content": content}
        for status in sorted(statuses)
    }
