"""What the history is worth, a page to explore it, and templates for files to import."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from fastapi.responses import HTMLResponse, Response

from supplynet.api.depends import NO_PARAMETERS, BooksDep
from supplynet.api.models import Quality
from supplynet.api.routing import Router
from supplynet.services import data, importing

router = Router(tags=["data"], dependencies=[NO_PARAMETERS])
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The page has its styles inside and nothing else: no script, no request."""
_ONE_AT_A_TIME = threading.Lock()
"""Looking at a whole history takes seconds and memory: never twice at once."""
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
TemplateKind = Literal["demand", "consumption", "stock", "plan", "deliveries"]
TemplateForm = Literal["csv", "xlsx"]
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {"schema": {"type": "string"}} for media in _MEDIA.values()}}
}


@router.get("/quality", response_model=Quality)
def get_quality(books: BooksDep) -> dict[str, Any]:
    """How far the history can be trusted, and what to do about it."""
    with _ONE_AT_A_TIME:
        return data.quality_of(books).to_dict()


@router.get("/exploration", response_class=HTMLResponse)
def get_exploration(books: BooksDep) -> HTMLResponse:
    """The history from all sides, as one page to read, print or save."""
    with _ONE_AT_A_TIME:
        page = data.exploration_of(books).to_html()
    return HTMLResponse(page, headers={"content-security-policy": PAGE_POLICY})


@router.get("/templates/{kind}/{form}", response_class=Response, responses=_FILES)
def get_template(kind: TemplateKind, form: TemplateForm) -> Response:
    """A file to fill in and import: headings, two examples and, in xlsx, instructions."""
    with TemporaryDirectory() as folder:
        file = importing.write_template(kind, Path(folder) / f"{kind}.{form}")
        content = file.read_bytes()
    headers = {"content-disposition": f'attachment; filename="{kind}.{form}"'}
    return Response(content, media_type=_MEDIA[form], headers=headers)
