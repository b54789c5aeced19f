from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from supplynet.errors import JobCancelled, JobError, NotFound
from supplynet.storage import Store, jobs, values
from supplynet.storage.jobs import Job, JobState
from supplynet.worker.runner import JobRunner, Timing, run_job, submit

NOW = datetime(2026, 1, 5, 22, tzinfo=UTC)
_HERE = Path(__file__).parent
_PATIENCE_SECONDS = 60.0
_NAMES = ("count", "fail", "return_nonsense", "die", "wait_kindly", "wait_deaf", "wait_once")
KINDS = {name: f"sample_jobs:{name}" for name in _NAMES} | {"gone": "sample_jobs:no_such_name"}
_QUICK = timedelta(seconds=0.02)

MakeRunner = Callable[..., JobRunner]


@pytest.fixture
def runner_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRunner:
    monkeypatch.syspath_prepend(str(_HERE))

    def make(store: Store, runner_id: str = "runner-1", now: datetime = NOW) -> JobRunner:
        timing = Timing(heartbeat=_QUICK, idle=_QUICK, grace=timedelta(seconds=0.2))
        return JobRunner(
            store, tmp_path, KINDS, runner_id=runner_id, clock=lambda: now, timing=timing
        )

    return make


def wait_until(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.01)


def has_ended(pid: str) -> bool:
    """A zombie has ended too, whoever has not yet asked for its status."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def get(store: Store, job_id: str) -> Job:
    with store.read() as tx:
        return jobs.get(tx, job_id)


def test_a_job_runs_in_a_process_of_its_own_and_returns_its_result(
    store: Store, runner_on: MakeRunner, tmp_path: Path
) -> None:
    job_id = submit(store, "count", {"to": 5}, "ann", NOW)
    runner = runner_on(store)
    done = runner.run_next()
    assert done is not None
    assert (done.job_id, done.state, done.progress) == (job_id, JobState.DONE, 1.0)
    assert done.message == "at 4"
    assert done.result == {"total": 10, "workspace": tmp_path.name}
    assert done.submitted_by == "ann"
    with store.read() as tx:
        assert values.get_value(tx, "total") == 10
    assert runner.run_next() is None


@pytest.mark.parametrize(
    ("kind", "params", "error"),
    [
        ("fail", {"expected": True}, "no part 'P-1'"),
        ("fail", {}, "ZeroDivisionError: by zero"),
        ("return_nonsense", {}, "cannot be stored as JSON"),
        ("die", {"signal": True}, "killed by SIGKILL"),
        ("die", {"signal": False}, "exit status 7"),
        ("gone", {}, "no_such_name"),
    ],
)
def test_a_job_that_fails_says_why(
    sqlite_store: Store, runner_on: MakeRunner, kind: str, params: dict[str, bool], error: str
) -> None:
    with pytest.raises(JobError, match=error):
        run_job(runner_on(sqlite_store), sqlite_store, kind, params, actor="ann", now=NOW)
    with sqlite_store.read() as tx:
        (job,) = jobs.list_jobs(tx)
    assert job.state is JobState.FAILED
    assert error in str(job.error)


def test_the_command_line_runs_a_job_in_place_and_sees_its_progress(
    sqlite_store: Store, runner_on: MakeRunner
) -> None:
    seen: list[tuple[float, str]] = []
    result = run_job(
        runner_on(sqlite_store),
        sqlite_store,
        "count",
        {"to": 5},
        actor="ann",
        now=NOW,
        on_progress=lambda fraction, message: seen.append((fraction, message)),
    )
    assert result["total"] == 10
    assert seen[-1] == (0.8, "at 4")


def test_an_unknown_kind_is_refused_by_name(sqlite_store: Store, runner_on: MakeRunner) -> None:
    with pytest.raises(NotFound, match="known are count"):
        run_job(runner_on(sqlite_store), sqlite_store, "train", {}, actor="ann", now=NOW)


@pytest.mark.parametrize("kind", ["wait_kindly", "wait_deaf"])
def test_a_cancelled_job_stops_by_itself_or_is_killed_with_all_it_started(
    store: Store, runner_on: MakeRunner, tmp_path: Path, kind: str
) -> None:
    note = tmp_path / "note"
    job_id = submit(store, kind, {"note": str(note)}, "ann", NOW)
    thread = threading.Thread(target=runner_on(store).run_next)
    thread.start()
    wait_until(note.exists, "the job does not start")
    with store.write("ann", NOW) as tx:
        jobs.request_cancel(tx, job_id)
    thread.join(_PATIENCE_SECONDS)
    assert get(store, job_id).state is JobState.CANCELLED
    for pid in note.read_text().split():
        wait_until(partial(has_ended, pid), "a cancelled job leaves processes behind")


def test_a_job_that_another_runner_took_is_waited_for(
    sqlite_store: Store, runner_on: MakeRunner, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    job_id = submit(sqlite_store, "wait_kindly", {"note": str(note)}, "ann", NOW)
    thread = threading.Thread(target=runner_on(sqlite_store).run_next)
    thread.start()
    wait_until(note.exists, "the job does not start")

    def cancel(fraction: float, _message: str) -> None:
        if fraction == 0.5:
            with sqlite_store.write("ann", NOW) as tx:
                jobs.request_cancel(tx, job_id)

    assert runner_on(sqlite_store, "runner-2").run(job_id, cancel).state is JobState.CANCELLED
    thread.join(_PATIENCE_SECONDS)


def test_a_runner_that_stops_gives_its_job_to_the_next(
    sqlite_store: Store, runner_on: MakeRunner, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    job_id = submit(sqlite_store, "wait_once", {"note": str(note)}, "ann", NOW)
    stop = threading.Event()
    thread = threading.Thread(target=runner_on(sqlite_store).serve, args=(stop,))
    thread.start()
    wait_until(note.exists, "the job does not start")
    stop.set()
    thread.join(_PATIENCE_SECONDS)
    assert get(sqlite_store, job_id).state is JobState.QUEUED
    done = runner_on(sqlite_store, "runner-2").run_next()
    assert done is not None
    assert (done.result, done.attempts) == ("second attempt", 2)


def test_when_a_runner_is_killed_its_job_ends_and_the_next_runner_takes_it_up(
    store: Store, runner_on: MakeRunner, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    job_id = submit(store, "wait_once", {"note": str(note)}, "ann", NOW)
    script = [sys.executable, str(_HERE / "lone_runner.py"), store.url, str(tmp_path)]
    with subprocess.Popen([*script, "wait_once", KINDS["wait_once"]]) as doomed:
        wait_until(note.exists, "the job does not start")
        doomed.kill()
    wait_until(lambda: has_ended(note.read_text()), "the job outlives its runner")
    beat = get(store, job_id).heartbeat_at
    assert beat is not None
    too_early = runner_on(store, "runner-2", beat + Timing().stale)
    assert too_early.recover() == []
    late = runner_on(store, "runner-2", beat + Timing().stale + _QUICK)
    assert [job.state for job in late.recover()] == [JobState.QUEUED]
    done = late.run_next()
    assert done is not None
    assert (done.state, done.result) == (JobState.DONE, "second attempt")


def test_ctrl_c_on_the_command_line_cancels_the_job(
    sqlite_store: Store, runner_on: MakeRunner, tmp_path: Path
) -> None:
    note = tmp_path / "note"

    def press(_fraction: float, _message: str) -> None:
        if note.exists():
            raise KeyboardInterrupt

    params = {"note": str(note)}
    with pytest.raises(KeyboardInterrupt):
        run_job(
            runner_on(sqlite_store),
            sqlite_store,
            "wait_kindly",
            params,
            actor="ann",
            now=NOW,
            on_progress=press,
        )
    with sqlite_store.read() as tx:
        assert [job.state for job in jobs.list_jobs(tx)] == [JobState.CANCELLED]
    assert has_ended(note.read_text())


def test_a_job_that_was_cancelled_is_no_result(sqlite_store: Store, runner_on: MakeRunner) -> None:
    runner = runner_on(sqlite_store)
    job_id = submit(sqlite_store, "count", {"to": 1}, "ann", NOW)
    with sqlite_store.write("ann", NOW) as tx:
        jobs.request_cancel(tx, job_id)
    assert runner.run(job_id).state is JobState.CANCELLED
    assert issubclass(JobCancelled, JobError)
