"""The job runner: takes queued jobs, runs each in a process of its own, and keeps the books of it.

The command line (``run_job``) and the server (``JobRunner.serve``) use the same one. While a job
runs, its runner beats; a runner that is killed beats no more, its job's process ends itself, and
the next runner takes the job up again (``jobs.recover``).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from supplynet.core.ids import uuid7
from supplynet.errors import JobCancelled, JobError, NotFound, StoreError
from supplynet.storage import Store, jobs, requests
from supplynet.storage.jobs import Job, JobState
from supplynet.worker.child import Child

log = logging.getLogger(__name__)

OnProgress = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How patient a runner is.

    Attributes:
        heartbeat: Between two signs of life of a running job; also how soon it is cancelled.
        stale: Without a sign of life, after so long the job is taken from its runner.
        grace: For a cancelled job to stop by itself before it is killed.
        idle: Between two looks for work.
        max_attempts: A job whose runners died so often is failed.
    """

    heartbeat: timedelta = timedelta(seconds=0.5)
    stale: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(seconds=10)
    idle: timedelta = timedelta(seconds=0.5)
    max_attempts: int = 3


def submit(
    store: Store,
    kind: str,
    params: Mapping[str, Any],
    actor: str,
    now: datetime,
    *,
    key: str | None = None,
) -> str:
    """Queue a job and return its id; some runner will take it.

    Args:
        store: The books.
        kind: See ``worker.jobs.KINDS``.
        params: What JSON can hold.
        actor: Who asks.
        now: Real time.
        key: Idempotency key: the same request gets the same job.

    Raises:
        ConflictingContent: The key was used for another request.
    """
    job_id = uuid7(now, random.SystemRandom())
    with store.write(actor, now) as tx:

        def queue() -> dict[str, str]:
            jobs.submit(tx, job_id, kind, params)
            return {"job_id": job_id}

        asked = ["submit job", kind, dict(params)]
        return str(requests.once(tx, key, asked, queue)["job_id"])


class JobRunner:
    """Runs jobs of some kinds, one at a time; several runners may share one database.

    Args:
        store: The books.
        workspace: Folder that jobs are told to work in.
        kinds: ``module:function`` by kind; see ``job_process.JobFunction``.
        runner_id: Unique among all runners, now and ever; the actor of its transactions.
        clock: Wall clock, aware; never the plant's own, which may run faster.
        timing: How patient it is.
    """

    def __init__(
        self,
        store: Store,
        workspace: Path,
        kinds: Mapping[str, str],
        *,
        runner_id: str,
        clock: Callable[[], datetime],
        timing: Timing | None = None,
    ) -> None:
        self._store, self._workspace, self._kinds = store, workspace, dict(kinds)
        self._id, self._clock, self._timing = runner_id, clock, timing or Timing()

    def serve(self, stop: threading.Event) -> None:
        """Run jobs until ``stop``; then the running one is queued again for the next runner."""
        while not stop.is_set():
            try:
                self.recover()
                ran = self.run_next(stop)
            except StoreError:
                log.exception("the job runner cannot use the database; it tries again")
                ran = None
            if ran is None:
                stop.wait(self._timing.idle.total_seconds())

    def recover(self) -> list[Job]:
        """Take the jobs of dead runners; returns them as they are now."""
        beat_before = self._clock() - self._timing.stale
        with self._store.write(self._id, self._clock()) as tx:
            return jobs.recover(tx, beat_before=beat_before, max_attempts=self._timing.max_attempts)

    def run_next(self, stop: threading.Event | None = None) -> Job | None:
        """Run the oldest queued job to its end and return it; None when there is none."""
        job = self._claim(None)
        return None if job is None else self._run(job, stop, None)

    def run(self, job_id: str, on_progress: OnProgress | None = None) -> Job:
        """Run this job to its end and return it; one that another runner took is waited for.

        Raises:
            NotFound: There is no such job, or no such kind of job.
        """
        with self._store.read() as tx:
            kind = jobs.get(tx, job_id).kind
        if kind not in self._kinds:
            raise NotFound("kind of job", kind, "known are " + ", ".join(sorted(self._kinds)))
        job = self._claim(job_id)
        if job is not None:
            return self._run(job, None, on_progress)
        return self._follow(job_id, on_progress)

    def _claim(self, job_id: str | None) -> Job | None:
        with self._store.write(self._id, self._clock(), audited=False) as tx:
            return jobs.claim(tx, self._kinds, job_id=job_id)

    def _follow(self, job_id: str, on_progress: OnProgress | None) -> Job:
        while True:
            with self._store.read() as tx:
                job = jobs.get(tx, job_id)
            if on_progress is not None:
                on_progress(job.progress, job.message)
            if job.finished:
                return job
            time.sleep(self._timing.heartbeat.total_seconds())

    def _run(self, job: Job, stop: threading.Event | None, on_progress: OnProgress | None) -> Job:
        spec = {
            "job_id": job.job_id,
            "target": self._kinds[job.kind],
            "params": job.params,
            "workspace": str(self._workspace),
            "database_url": self._store.url,
        }
        try:
            with Child(spec) as child:
                state, result, error = self._watch(job, child, stop, on_progress)
        except _Stopped:
            with self._store.write(self._id, self._clock()) as tx:
                jobs.give_back(tx, job.job_id)
        except JobError:
            log.warning("job %s was taken over by another runner", job.job_id)
        except BaseException:  # Ctrl-C on the command line: the child has been killed above
            self._finish(job, JobState.CANCELLED, None, None)
            raise
        else:
            self._finish(job, state, result, error)
        with self._store.read() as tx:
            return jobs.get(tx, job.job_id)

    def _watch(
        self,
        job: Job,
        child: Child,
        stop: threading.Event | None,
        on_progress: OnProgress | None,
    ) -> tuple[JobState, Any, str | None]:
        """Beat until the child is over; how it ended, its result and its error."""
        kill_at: float | None = None
        while True:
            child.hear(self._timing.heartbeat.total_seconds())
            cancelled = self._beat(job, child)
            if on_progress is not None:
                on_progress(child.fraction, child.message)
            if child.over:
                break
            if stop is not None and stop.is_set():
                raise _Stopped
            if cancelled and kill_at is None:
                child.cancel()
                kill_at = time.monotonic() + self._timing.grace.total_seconds()
            if kill_at is not None and time.monotonic() >= kill_at:
                return JobState.CANCELLED, None, None
        if child.outcome is not None:
            said = child.outcome
            return JobState(said["end"]), said.get("result"), said.get("error")
        if kill_at is not None:
            return JobState.CANCELLED, None, None
        return JobState.FAILED, None, child.cause_of_death()

    def _beat(self, job: Job, child: Child) -> bool:
        """Write the progress; whether the job should stop. A missed beat is no harm."""
        try:
            with self._store.write(self._id, self._clock(), audited=False) as tx:
                return jobs.beat(tx, job.job_id, child.fraction, child.message)
        except StoreError:
            log.exception("the heartbeat of job %s could not be written", job.job_id)
            return False

    def _finish(self, job: Job, state: JobState, result: Any, error: str | None) -> None:
        try:
            with self._store.write(self._id, self._clock()) as tx:
                jobs.finish(tx, job.job_id, state, result=result, error=error)
        except JobError:
            log.warning("job %s was taken over by another runner", job.job_id)


class _Stopped(Exception):
    """The runner itself is to stop."""


def run_job(
    runner: JobRunner,
    store: Store,
    kind: str,
    params: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    on_progress: OnProgress | None = None,
) -> Any:
    """Submit a job, run it here, wait for it, and return its result.

    Raises:
        JobError: It failed, with its own message; ``JobCancelled`` when it was cancelled.
    """
    job = runner.run(submit(store, kind, params, actor, now), on_progress)
    if job.state is JobState.DONE:
        return job.result
    if job.state is JobState.CANCELLED:
        raise JobCancelled(f"{kind} was cancelled")
    raise JobError(f"{kind} failed: {job.error}")
