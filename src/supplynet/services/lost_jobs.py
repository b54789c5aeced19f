"""Jobs of somebody who may not run them any more: work does not outlive the right to it."""

from __future__ import annotations

from collections.abc import Callable

from supplynet.security.access import JOBS
from supplynet.storage import jobs
from supplynet.storage.jobs import Job, JobState
from supplynet.storage.transaction import WriteTx

OPEN = (JobState.QUEUED, JobState.RUNNING)
_MOST = 10_000
_ANY_JOB = "jobs.read"


def stop_jobs(
    tx: WriteTx, by: Callable[[str], bool], may: Callable[[str], bool], *, reason: str
) -> list[Job]:
    """Ask jobs to stop that are not over.

    Args:
        tx: The transaction that takes the right away.
        by: Whether the actor who submitted a job is meant.
        may: Whether a permission is still there.
        reason: For the audit log.
    """
    return [
        jobs.request_cancel(tx, job.job_id, reason=reason)
        for job in jobs.list_jobs(tx, states=OPEN, limit=_MOST)
        if by(job.submitted_by) and not may(JOBS.get(job.kind, _ANY_JOB))
    ]
