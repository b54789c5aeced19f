from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from supplynet.errors import ConflictingContent, JobError, NotFound
from supplynet.storage import Store, audit, jobs
from supplynet.storage.jobs import Job, JobState

SECOND = timedelta(seconds=1)


def submit(store: Store, now: datetime, *job_ids: str) -> None:
    for i, job_id in enumerate(job_ids):
        with store.write("ann", now + i * SECOND) as tx:
            jobs.submit(tx, job_id, "train", {"model": "lstm"})


def claim(store: Store, now: datetime, runner: str = "runner-1") -> Job | None:
    with store.write(runner, now, audited=False) as tx:
        return jobs.claim(tx, ["train"])


def get(store: Store, job_id: str) -> Job:
    with store.read() as tx:
        return jobs.get(tx, job_id)


def test_the_oldest_queued_job_is_taken_first_and_once(store: Store, now: datetime) -> None:
    submit(store, now, "j1", "j2")
    taken = [claim(store, now, runner) for runner in ("runner-1", "runner-2", "runner-3")]
    assert [job and (job.job_id, job.runner) for job in taken] == [
        ("j1", "runner-1"),
        ("j2", "runner-2"),
        None,
    ]
    with store.write("runner-1", now, audited=False) as tx:
        assert jobs.claim(tx, ["forecast"]) is None


def test_a_job_tells_its_progress_and_its_result(store: Store, now: datetime) -> None:
    submit(store, now, "j1")
    claim(store, now)
    with store.write("runner-1", now + SECOND, audited=False) as tx:
        assert jobs.beat(tx, "j1", 0.4, "training lstm") is False
    running = get(store, "j1")
    assert (running.progress, running.message) == (0.4, "training lstm")
    assert (running.heartbeat_at, running.finished) == (now + SECOND, False)
    with store.write("runner-1", now + 2 * SECOND) as tx:
        jobs.finish(tx, "j1", JobState.DONE, result={"mase": 0.8})
    done = get(store, "j1")
    assert (done.state, done.progress, done.result) == (JobState.DONE, 1.0, {"mase": 0.8})
    assert (done.started_at, done.finished_at) == (now, now + 2 * SECOND)
    with store.read() as tx:
        actions = [entry.action for entry in audit.entries(tx, subject="j1")]
        assert actions == ["job_submitted", "job_done"]
        assert jobs.list_jobs(tx, states=[JobState.DONE]) == [done] == jobs.list_jobs(tx)


def test_the_same_submission_again_is_skipped(store: Store, now: datetime) -> None:
    submit(store, now, "j1", "j1")
    with store.write("ann", now) as tx:
        with pytest.raises(ConflictingContent):
            jobs.submit(tx, "j1", "train", {"model": "gru"})
        with pytest.raises(NotFound):
            jobs.get(tx, "j2")


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_is_asked(
    store: Store, now: datetime
) -> None:
    submit(store, now, "j1", "j2")
    claim(store, now)
    with store.write("ann", now) as tx:
        assert jobs.request_cancel(tx, "j2").state is JobState.CANCELLED
        asked = jobs.request_cancel(tx, "j1", reason="wrong data")
        assert (asked.state, asked.cancel_requested) == (JobState.RUNNING, True)
    with store.write("runner-1", now) as tx:
        assert jobs.beat(tx, "j1", 0.5, "") is True
        jobs.finish(tx, "j1", JobState.CANCELLED)
        assert jobs.request_cancel(tx, "j1").state is JobState.CANCELLED


def test_a_silent_runner_loses_its_job_and_too_many_deaths_fail_it(
    store: Store, now: datetime
) -> None:
    submit(store, now, "j1")
    for attempt, state in ((1, JobState.QUEUED), (2, JobState.FAILED)):
        job = claim(store, now)
        assert job is not None
        assert job.attempts == attempt
        with store.write("runner-2", now) as tx:
            assert jobs.recover(tx, beat_before=now, max_attempts=2) == []
            late = now + SECOND
            assert [j.state for j in jobs.recover(tx, beat_before=late, max_attempts=2)] == [state]
        for late_word in (
            lambda tx: jobs.beat(tx, "j1", 0.9, ""),
            lambda tx: jobs.finish(tx, "j1", JobState.DONE),
            lambda tx: jobs.give_back(tx, "j1"),
        ):
            with pytest.raises(JobError), store.write("runner-1", now) as tx:
                late_word(tx)
    assert "died 2 times" in str(get(store, "j1").error)


def test_a_cancelled_job_of_a_dead_runner_is_cancelled(store: Store, now: datetime) -> None:
    submit(store, now, "j1")
    claim(store, now)
    with store.write("ann", now) as tx:
        jobs.request_cancel(tx, "j1")
        jobs.recover(tx, beat_before=now + SECOND, max_attempts=3)
    assert get(store, "j1").state is JobState.CANCELLED


def test_a_runner_that_stops_gives_its_job_back(store: Store, now: datetime) -> None:
    submit(store, now, "j1")
    claim(store, now)
    with store.write("runner-1", now) as tx:
        jobs.give_back(tx, "j1")
    again = claim(store, now, "runner-2")
    assert again is not None
    assert (again.runner, again.attempts) == ("runner-2", 2)
