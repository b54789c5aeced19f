"""Long work: submit, watch, cancel. The server's job runner does it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from fastapi.responses import JSONResponse

from supplynet.api import cursors
from supplynet.api.admission import Access, AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey, JobParameters, RecordId
from supplynet.api.job_bodies import JobRequest
from supplynet.api.models import JobRow, Page
from supplynet.api.queueing import queued
from supplynet.api.routing import Router
from supplynet.security.access import JOBS
from supplynet.services.books import Books
from supplynet.storage import jobs

router = Router(prefix="/jobs", tags=["jobs"])
Json = dict[str, Any]
_READS = {"models.train": "models.read", "models.promote": "models.read"}
"""Who may read what came of a job, where those are more people than may submit it."""


@router.get("", response_model=Page[JobRow])
def list_jobs(books: BooksDep, access: AccessDep, query: JobParameters) -> Json:
    """Jobs, the newest first. Params and result are there for whom the kind of job is open."""
    states = None if query.state is None else [query.state]
    before = cursors.decode(query.cursor, datetime, str)
    with books.store.read() as tx:
        found = jobs.list_jobs(tx, states=states, before=before, limit=query.limit + 1)
    page = found[: query.limit]
    more = len(found) > query.limit
    following = (page[-1].created_at, page[-1].job_id) if more else None
    return {
        "items": [_shown(access, job) for job in page],
        "next_cursor": cursors.encode(following),
    }


@router.post("", response_model=JobRow, status_code=202, dependencies=[NO_PARAMETERS])
def submit_job(
    books: BooksDep,
    access: AccessDep,
    body: JobRequest,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Queue a job; ask for it by the id in the answer, also named in ``Location``."""
    access.must_have(JOBS[body.kind])
    params = body.params.model_dump(mode="json")
    return queued(books, access, body.kind, params, idempotency_key)


@router.get("/{job_id}", response_model=JobRow, dependencies=[NO_PARAMETERS])
def get_job(books: BooksDep, access: AccessDep, job_id: RecordId) -> Json:
    """One job with its progress and, when it is done, its result."""
    return _shown(access, _job(books, job_id))


@router.post("/{job_id}/cancel", response_model=JobRow, dependencies=[NO_PARAMETERS])
def cancel_job(books: BooksDep, access: AccessDep, job_id: RecordId) -> Json:
    """Ask a job to stop: a queued one is cancelled at once, a finished one stays as it is."""
    access.must_have(JOBS.get(_job(books, job_id).kind, "jobs.read"))
    with books.store.write(access.actor, books.wall_clock()) as tx:
        return asdict(jobs.request_cancel(tx, job_id))


def _job(books: Books, job_id: str) -> jobs.Job:
    with books.store.read() as tx:
        return jobs.get(tx, job_id)


def _shown(access: Access, job: jobs.Job) -> Json:
    """A job; what it was told and what it found only to those who may see that kind of thing."""
    needed = JOBS.get(job.kind, "jobs.read")
    if access.has(needed) or access.has(_READS.get(needed, needed)):
        return asdict(job)
    return asdict(job) | {"params": {}, "result": None, "error": None, "message": ""}
