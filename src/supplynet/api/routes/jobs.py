"""Long work: submit, watch, cancel. The server's job runner does it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from supplynet.api import cursors
from supplynet.api.bodies import JobRequest
from supplynet.api.depends import ACTOR, NO_PARAMETERS, BooksDep, JobParameters, RecordId
from supplynet.api.models import JobRow, Page
from supplynet.services.books import Books
from supplynet.storage import jobs
from supplynet.worker.runner import submit

router = APIRouter(prefix="/jobs", tags=["jobs"])
Json = dict[str, Any]


@router.get("", response_model=Page[JobRow])
def list_jobs(books: BooksDep, query: JobParameters) -> Json:
    """Jobs, the newest first."""
    states = None if query.state is None else [query.state]
    before = cursors.decode(query.cursor, datetime, str)
    with books.store.read() as tx:
        found = jobs.list_jobs(tx, states=states, before=before, limit=query.limit + 1)
    page = found[: query.limit]
    more = len(found) > query.limit
    following = (page[-1].created_at, page[-1].job_id) if more else None
    return {"items": [asdict(job) for job in page], "next_cursor": cursors.encode(following)}


@router.post("", response_model=JobRow, status_code=202, dependencies=[NO_PARAMETERS])
def submit_job(books: BooksDep, body: JobRequest, response: Response) -> Json:
    """Queue a job; ask for it by the id in the answer, also named in ``Location``."""
    params = body.params.model_dump(mode="json")
    job_id = submit(books.store, body.kind, params, ACTOR, books.wall_clock())
    response.headers["location"] = f"/api/v1/jobs/{job_id}"
    return _job(books, job_id)


@router.get("/{job_id}", response_model=JobRow, dependencies=[NO_PARAMETERS])
def get_job(books: BooksDep, job_id: RecordId) -> Json:
    """One job with its progress and, when it is done, its result."""
    return _job(books, job_id)


@router.post("/{job_id}/cancel", response_model=JobRow, dependencies=[NO_PARAMETERS])
def cancel_job(books: BooksDep, job_id: RecordId) -> Json:
    """Ask a job to stop: a queued one is cancelled at once, a finished one stays as it is."""
    with books.store.write(ACTOR, books.wall_clock()) as tx:
        return asdict(jobs.request_cancel(tx, job_id))


def _job(books: Books, job_id: str) -> Json:
    with books.store.read() as tx:
        return asdict(jobs.get(tx, job_id))
