"""The built front end as files, and what the browser may keep of it."""

from __future__ import annotations

from os import PathLike, stat_result
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from supplynet import web

_PRIVATE = frozenset({"sources.sha256"})


def pages() -> ASGIApp:
    """What answers every path that no route of the API has."""
    folder = web.static_folder()
    return _NotBuilt() if folder is None else _Pages(directory=folder, html=True)


class _Pages(StaticFiles):
    """Files whose name holds their hash are kept for good, the page that names them never."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path in _PRIVATE or scope["path"].startswith("/api/"):
            raise HTTPException(404)
        return await super().get_response(path, scope)

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        hashed = Path(full_path).parent.name == "assets"
        response.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        return response


class _NotBuilt:
    """Says at ``/`` why there is no page; anything else is not found."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/":
            raise HTTPException(404)
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        await HTMLResponse(web.missing_page(), status_code=503)(scope, receive, send)
