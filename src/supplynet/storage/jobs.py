"""Long work, as rows: queued, claimed by a runner, watched by its heartbeat."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, Select, insert, select, update

from supplynet.errors import ConflictingContent, JobError, NotFound
from supplynet.storage.tables import jobs as table
from supplynet.storage.transaction import ReadTx, WriteTx


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of long work.

    Attributes:
        progress: Share that is done, 0 to 1.
        message: At what it is.
        result: What it returned, as JSON; None unless ``done``.
        error: Why it failed, in one line; None unless ``failed``.
        runner: Who runs it.
        attempts: How often it has been started.
    """

    job_id: str
    kind: str
    params: dict[str, Any]
    state: JobState
    progress: float
    message: str
    result: Any
    error: str | None
    runner: str | None
    heartbeat_at: datetime | None
    attempts: int
    cancel_requested: bool
    submitted_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def finished(self) -> bool:
        """Whether it is over, one way or another."""
        return self.state in FINISHED


def submit(tx: WriteTx, job_id: str, kind: str, params: Mapping[str, Any]) -> None:
    """Queue a job; the same again is skipped.

    Raises:
        ConflictingContent: The id was used for another job.
    """
    known = _first(tx, select(table).where(table.c.job_id == job_id))
    if known is not None:
        if (known.kind, known.params) != (kind, dict(params)):
            raise ConflictingContent("job", job_id)
        return
    tx.connection.execute(
        insert(table).values(
            job_id=job_id,
            kind=kind,
            params=dict(params),
            state=JobState.QUEUED.value,
            progress=0.0,
            message="",
            attempts=0,
            cancel_requested=False,
            submitted_by=tx.actor,
            created_at=tx.now,
        )
    )
    tx.note("job_submitted", job_id, after={"kind": kind, "params": dict(params)})
    tx.change("job", job_id)


def claim(tx: WriteTx, kinds: Collection[str], *, job_id: str | None = None) -> Job | None:
    """Take the oldest queued job of these kinds, or a certain one, for ``tx.actor``."""
    query = (
        select(table.c.job_id)
        .where(table.c.state == JobState.QUEUED.value, table.c.kind.in_(list(kinds)))
        .order_by(table.c.created_at, table.c.job_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job_id is not None:
        query = query.where(table.c.job_id == job_id)
    found = tx.connection.scalar(query)
    if found is None:
        return None
    tx.connection.execute(
        update(table)
        .where(table.c.job_id == found, table.c.state == JobState.QUEUED.value)
        .values(
            state=JobState.RUNNING.value,
            runner=tx.actor,
            heartbeat_at=tx.now,
            started_at=tx.now,
            attempts=table.c.attempts + 1,
        )
    )
    tx.change("job", found)
    return get(tx, found)


def beat(tx: WriteTx, job_id: str, progress: float, message: str) -> bool:
    """The runner is alive and the job is so far; returns whether it should stop.

    Raises:
        JobError: The job is no longer this runner's: its heartbeat was late.
    """
    before = get(tx, job_id)
    _mine(before, tx.actor)
    query = update(table).where(table.c.job_id == job_id)
    values = {"heartbeat_at": tx.now, "progress": progress, "message": message}
    tx.connection.execute(query.values(**values))
    if (before.progress, before.message) != (progress, message):
        tx.change("job", job_id)
    return before.cancel_requested


def finish(
    tx: WriteTx, job_id: str, state: JobState, *, result: Any = None, error: str | None = None
) -> None:
    """Write how the job ended.

    Raises:
        JobError: The job is no longer this runner's.
    """
    assert state in FINISHED
    before = get(tx, job_id)
    _mine(before, tx.actor)
    progress = 1.0 if state is JobState.DONE else before.progress
    values = {"state": state.value, "result": result, "error": error, "progress": progress}
    _set(tx, job_id, finished_at=tx.now, **values)
    tx.note(f"job_{state.value}", job_id, after={"error": error} if error else None)


def give_back(tx: WriteTx, job_id: str) -> None:
    """Queue a running job again, because its runner stops.

    Raises:
        JobError: The job is no longer this runner's.
    """
    _mine(get(tx, job_id), tx.actor)
    _set(tx, job_id, state=JobState.QUEUED.value, runner=None, progress=0.0, message="")
    tx.note("job_given_back", job_id)


def request_cancel(tx: WriteTx, job_id: str, *, reason: str = "") -> Job:
    """Ask a job to stop: a queued one is cancelled at once, a finished one stays as it is.

    Raises:
        NotFound: There is no such job.
    """
    job = get(tx, job_id)
    if job.finished:
        return job
    if job.state is JobState.QUEUED:
        _set(tx, job_id, state=JobState.CANCELLED.value, finished_at=tx.now)
    else:
        _set(tx, job_id, cancel_requested=True)
    tx.note("job_cancel_requested", job_id, reason=reason)
    return get(tx, job_id)


def recover(tx: WriteTx, *, beat_before: datetime, max_attempts: int) -> list[Job]:
    """Take running jobs from runners whose last heartbeat is before ``beat_before``.

    Each is queued again, or failed once it has been started ``max_attempts`` times (it may be
    what kills its runners), or cancelled if that was asked for; returned as it is now.
    """
    stale = select(table.c.job_id).where(table.c.state == JobState.RUNNING.value)
    stale = stale.where(table.c.heartbeat_at < beat_before).order_by(table.c.created_at)
    found = [get(tx, job_id) for job_id in tx.connection.scalars(stale).all()]
    for job in found:
        if job.cancel_requested:
            values: dict[str, Any] = {"state": JobState.CANCELLED.value, "finished_at": tx.now}
        elif job.attempts >= max_attempts:
            error = f"its runner died {job.attempts} times while it ran; see the server's log"
            values = {"state": JobState.FAILED.value, "finished_at": tx.now, "error": error}
        else:
            values = {"state": JobState.QUEUED.value, "progress": 0.0, "message": ""}
        _set(tx, job.job_id, runner=None, **values)
        tx.note("job_recovered", job.job_id, after={"state": values["state"]})
    return [get(tx, job.job_id) for job in found]


def get(tx: ReadTx, job_id: str) -> Job:
    """One job.

    Raises:
        NotFound: There is none with this id.
    """
    job = _first(tx, select(table).where(table.c.job_id == job_id))
    if job is None:
        raise NotFound("job", job_id)
    return job


def list_jobs(
    tx: ReadTx,
    *,
    states: Collection[JobState] | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[Job]:
    """Jobs, the newest first.

    ``before`` is ``(created_at, job_id)`` of the last job seen, for the page after it.
    """
    query = select(table).order_by(table.c.created_at.desc(), table.c.job_id.desc()).limit(limit)
    if before is not None:
        at, job_id = before
        same = (table.c.created_at == at) & (table.c.job_id < job_id)
        query = query.where((table.c.created_at < at) | same)
    if states is not None:
        query = query.where(table.c.state.in_([state.value for state in states]))
    return [_job(row) for row in tx.connection.execute(query).mappings()]


def _mine(job: Job, runner: str) -> None:
    if job.state is not JobState.RUNNING or job.runner != runner:
        raise JobError(
            f"job {job.job_id} is {job.state} and no longer runs at {runner}; its heartbeat was "
            "late and another may run it"
        )


def _set(tx: WriteTx, job_id: str, **values: Any) -> None:
    tx.connection.execute(update(table).where(table.c.job_id == job_id).values(**values))
    tx.change("job", job_id)


def _first(tx: ReadTx, query: Select[Any]) -> Job | None:
    row = tx.connection.execute(query).mappings().first()
    return None if row is None else _job(row)


def _job(row: RowMapping) -> Job:
    return Job(**{**dict(row), "state": JobState(row["state"])})
