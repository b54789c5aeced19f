"""Files in: sent and checked at once, taken in as a job, or deleted; kept for a day."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from supplynet.api.admission import Access, AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey
from supplynet.api.import_bodies import ImportId, ImportParameters, ImportRow, ProfileRow
from supplynet.api.models import JobRow, Page, Quality
from supplynet.api.queueing import told
from supplynet.api.routes.data import PAGE_POLICY
from supplynet.api.routing import Router
from supplynet.api.training_bodies import Removed
from supplynet.errors import InvalidInput
from supplynet.services import data, importing, uploads
from supplynet.services.books import Books
from supplynet.services.import_asking import Asked
from supplynet.services.orders import Said

router = Router(prefix="/imports", tags=["imports"])
Json = dict[str, Any]
_ONE_AT_A_TIME = threading.Lock()
"""Looking through a large file takes every core there is: never two at once."""
_CHECKS = CapacityLimiter(1)
"""Who has sent a file waits for that without a thread, which others need to be answered."""
_PIECE = 2**20
_MEDIA = (
    *("application/octet-stream", "text/csv", "text/tab-separated-values", "text/plain"),
    *("application/gzip", "application/vnd.apache.parquet"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
_FILE = {"schema": {"type": "string", "format": "binary"}}
_BODY: Json = {
    "requestBody": {
        "required": True,
        "description": "The file itself, as it is.",
        "content": {
            media: {**_FILE, "example": "date,sku,warehouse,units\n2026-01-05,P-001,W1,12\n"}
            if media == "text/csv"
            else _FILE
            for media in _MEDIA
        },
    }
}
_CSV: dict[int | str, Json] = {
    200: {"content": {"text/csv; charset=utf-8": {"schema": {"type": "string"}}}}
}


@router.post("", response_model=ImportRow, status_code=201, openapi_extra=_BODY)
async def upload_import(
    request: Request,
    books: BooksDep,
    access: AccessDep,
    query: ImportParameters,
    idempotency_key: IdempotencyKey = None,
) -> Json:
    """Send a file and have every cell of it looked at; nothing is taken.

    Columns and layout are recognised. 422: the file cannot be read at all. Mistakes in its cells
    are told of, and what would be new, changed or left out. Stock needs `stock.report` too, and
    files of an ERP (`erp_`) `erp.exchange`.
    """
    _check_media(request)
    _must_also(access, query.kind)
    file = await run_in_threadpool(uploads.begin, books, query.name)
    try:
        await _receive(request, file)
    except BaseException:
        shutil.rmtree(file.parent, ignore_errors=True)
        raise
    said = access.said("", idempotency_key)
    return await run_sync(_checked, books, file, query.asked(), said, limiter=_CHECKS)


@router.get("", response_model=Page[ImportRow], dependencies=[NO_PARAMETERS])
def list_imports(books: BooksDep) -> Json:
    """Files that were sent within the last day, the newest first."""
    return {"items": uploads.every(books)}


@router.get("/profiles", response_model=Page[ProfileRow], dependencies=[NO_PARAMETERS])
def list_import_profiles(books: BooksDep) -> Json:
    """Layouts of files that are recognised: the workspace's own first."""
    return {"items": importing.profile_rows(books.workspace.folder)}


@router.get("/{import_id}", response_model=ImportRow, dependencies=[NO_PARAMETERS])
def get_import(books: BooksDep, import_id: ImportId) -> Json:
    """One file, what was found in it, and how far it is taken in."""
    return uploads.get(books, import_id)


@router.get(
    "/{import_id}/problems",
    response_class=FileResponse,
    responses=_CSV,
    dependencies=[NO_PARAMETERS],
)
def get_import_problems(books: BooksDep, import_id: ImportId) -> FileResponse:
    """Every mistake of a file, as CSV."""
    path = uploads.problems_of(books, import_id)
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename="problems.csv")


@router.get("/{import_id}/quality", response_model=Quality, dependencies=[NO_PARAMETERS])
def get_import_quality(books: BooksDep, import_id: ImportId) -> Json:
    """How far a file of consumption could be trusted."""
    with _ONE_AT_A_TIME:
        folder = books.workspace.folder
        return data.quality(folder, uploads.file_of(folder, import_id)).to_dict()


@router.get("/{import_id}/exploration", response_class=HTMLResponse, dependencies=[NO_PARAMETERS])
def get_import_exploration(books: BooksDep, import_id: ImportId) -> HTMLResponse:
    """A file of consumption from all sides, as one page to read, print or save."""
    with _ONE_AT_A_TIME:
        folder = books.workspace.folder
        page = data.exploration(folder, uploads.file_of(folder, import_id)).to_html()
    return HTMLResponse(page, headers={"content-security-policy": PAGE_POLICY})


@router.post(
    "/{import_id}/take", response_model=JobRow, status_code=202, dependencies=[NO_PARAMETERS]
)
def take_import(books: BooksDep, access: AccessDep, import_id: ImportId) -> JSONResponse:
    """Take a file in, all or nothing: a job with the same id. Asked for twice it is one job.

    422 where nothing in it can be taken.
    """
    _must_also(access, uploads.get(books, import_id)["found"]["kind"])
    return told(books, uploads.take(books, import_id, access.said("")))


@router.delete("/{import_id}", response_model=Removed, dependencies=[NO_PARAMETERS])
def drop_import(books: BooksDep, access: AccessDep, import_id: ImportId) -> Json:
    """Delete a file that was sent; what was taken of it stays."""
    uploads.drop(books, import_id, access.said(""))
    return {"removed": [import_id]}


def _must_also(access: Access, kind: str | None) -> None:
    """What posts stock or orders is more than data: who may not do it one by one may not here."""
    if kind == "stock":
        access.must_have("stock.report")
    if kind in uploads.ERP_KINDS:
        access.must_have("erp.exchange")


def _check_media(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _MEDIA:
        raise InvalidInput(
            f"send the file itself as the body, with a content type of {', '.join(_MEDIA)}, not "
            f"{media[:80] or 'none'}"
        )


async def _receive(request: Request, file: Path) -> None:
    """Write a body as it comes, a piece at a time."""
    piece = bytearray()
    async for chunk in request.stream():
        piece += chunk
        if len(piece) >= _PIECE:
            await run_in_threadpool(_append, file, bytes(piece))
            piece.clear()
    await run_in_threadpool(_append, file, bytes(piece))


def _append(file: Path, piece: bytes) -> None:
    with file.open("ab") as opened:
        opened.write(piece)


def _checked(books: Books, file: Path, asked: Asked, said: Said) -> Json:
    with _ONE_AT_A_TIME:
        return uploads.check(books, file, asked, said)
