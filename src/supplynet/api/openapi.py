"""The OpenAPI document: what FastAPI makes, with our problem bodies in it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from supplynet.api.models import Problem
from supplynet.api.problems import MEDIA_TYPE

_READ = (400, 404, 422, 503)
_WRITE = (*_READ, 403, 409, 413)
_TITLES = {
    400: "Another host's name, or a body that cannot be read.",
    403: "A page of another site asks.",
    404: "No such record.",
    409: "The state of the books does not allow it.",
    413: "The body is too large.",
    422: "Something in the request is wrong.",
    503: "The books cannot be read or written now.",
}
Json = dict[str, Any]


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
        for path in made["paths"].values():
            for method, operation in path.items():
                operation["responses"] |= _problems(_READ if method == "get" else _WRITE)
        app.openapi_schema = made
    return app.openapi_schema


def _problems(statuses: tuple[int, ...]) -> Json:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(status): {"description": _TITLES[status], "content": content}
        for status in sorted(statuses)
    }
