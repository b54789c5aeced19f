"""Plans are made in a process of their own, which may die, and which never outlives its server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from supplynet.services import setup
from supplynet.services.books import Books, open_books
from supplynet.storage import plans
from supplynet.worker.loop import Loop
from supplynet.worker.planner import PlanFailed, PlannerProcess

SERVER = """
import os, sys
from pathlib import Path
from supplynet.services.books import open_books
from supplynet.worker.planner import PlannerProcess
planner = PlannerProcess(open_books(Path(sys.argv[1])))
planner.plan()
print(planner.pid, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


@pytest.fixture
def planner(books: Books) -> Iterator[PlannerProcess]:
    made = PlannerProcess(books)
    yield made
    made.close()


def newest(books: Books) -> str:
    with books.store.read() as tx:
        found = plans.latest_plan(tx)
    return "" if found is None else found.plan_id


def test_a_plan_of_the_other_process_is_in_these_books(
    books: Books, planner: PlannerProcess
) -> None:
    before = newest(books)
    planner.plan()
    assert planner.pid not in {None, os.getpid()}
    assert newest(books) > before


def test_after_a_death_the_next_plan_is_made_by_a_new_process(planner: PlannerProcess) -> None:
    planner.plan()
    first = planner.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried
    planner.plan()
    assert planner.pid not in {None, first}


def test_a_death_in_the_middle_is_told_and_so_is_an_answer_that_is_none(
    planner: PlannerProcess,
) -> None:
    planner.plan()
    for said, told in ((b"", "killed by signal 9"), (b"1 file loaded\n", "said b'1 file loaded")):
        process = planner._started()
        answers, theirs = os.pipe()
        os.write(theirs, said)
        os.close(theirs)
        assert process.stdout is not None
        os.dup2(answers, process.stdout.fileno())
        os.close(answers)
        os.kill(process.pid, signal.SIGKILL) if not said else None
        with pytest.raises(PlanFailed, match=told):
            planner.plan()
        assert planner.pid is None
    planner.plan()


def test_why_there_is_no_plan_is_told_and_the_process_stays(tmp_path: Path) -> None:
    empty = open_books(setup.init(tmp_path / "empty").folder)
    planner = PlannerProcess(empty)
    try:
        for _ in range(2):
            with pytest.raises(PlanFailed, match="no model in"):
                planner.plan()
        first = planner.pid
        with pytest.raises(PlanFailed, match="no plant in"):
            planner.refresh({"SR1"})
        assert planner.pid == first
    finally:
        planner.close()
        empty.store.close()


def test_a_database_of_another_version_is_not_upgraded_under_the_server(
    books: Books, planner: PlannerProcess
) -> None:
    with books.store.connect_for_write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(PlanFailed, match="restart the server"):
        planner.plan()


def test_a_loop_that_is_stopped_does_not_wait_for_the_plan(
    books: Books, planner: PlannerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stands still in the middle of its plan, and still the server ends."""
    planner.plan()
    assert planner.pid is not None
    os.kill(planner.pid, signal.SIGSTOP)
    asked = threading.Event()

    class Told(PlannerProcess):
        def plan(self) -> None:
            asked.set()
            planner.plan()

        def close(self) -> None:
            planner.close()

    loop, released = Loop(books, Told(books)), []
    monkeypatch.setattr(loop, "_release", lambda *moments: released.append(moments))
    with loop:
        assert asked.wait(30)
    assert not loop._thread.is_alive()
    assert released == [], "by proposals that the plan might have withdrawn"
    with pytest.raises(PlanFailed, match="the server ends"):
        planner.plan()


def test_it_does_not_outlive_its_server(demo_workspace: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVER, str(demo_workspace)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid, pause = int(done.stdout), threading.Event()
    for _ in range(600):
        if not _is_alive(pid):
            return
        pause.wait(0.05)
    raise AssertionError("the planner goes on alone")


def _is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
