"""Long work as routes hand it over: a job, named in ``Location`` (202)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse

from supplynet.api.admission import Access
from supplynet.api.models import JobRow
from supplynet.services.books import Books
from supplynet.storage import jobs
from supplynet.worker.runner import submit

QUEUED: dict[int | str, dict[str, Any]] = {
    202: {"model": JobRow, "description": "A job does it; `Location` names it."}
}


def queued(
    books: Books, access: Access, kind: str, params: Mapping[str, Any], key: str | None = None
) -> JSONResponse:
    """Submit a job, once under the ``Idempotency-Key`` as it came, and tell of it.

    Raises:
        ConflictingContent: The key was used for another request.
    """
    now = books.wall_clock()
    job_id = submit(books.store, kind, params, access.actor, now, key=access.key(key))
    return told(books, job_id)


def told(books: Books, job_id: str) -> JSONResponse:
    """A job that was submitted.

    Raises:
        NotFound: There is none with this id.
    """
    with books.store.read() as tx:
        job = JobRow(**asdict(jobs.get(tx, job_id)))
    headers = {"location": f"/api/v1/jobs/{job_id}"}
    return JSONResponse(job.model_dump(mode="json"), HTTPStatus.ACCEPTED, headers)
