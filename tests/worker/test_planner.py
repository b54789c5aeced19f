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

from supplynet.services import setup
from supplynet.services.books import Books, open_books
from supplynet.storage import plans
from supplynet.worker.loop import Loop
from supplynet.worker.planner import PlanFailed, PlannerProcess

SERVER = """
import os, sys
from pathlib import Path
from supplynet.worker.planner import PlannerProcess
planner = PlannerProcess(Path(sys.argv[1]))
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
def planner(demo_workspace: Path) -> Iterator[PlannerProcess]:
    made = PlannerProcess(demo_workspace)
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
    assert planner.plan() is False  # the demo's clock runs: it is a plan for now
    assert planner.pid not in {None, os.getpid()}
    assert newest(books) > before


def test_after_a_death_the_next_plan_is_made_by_a_new_process(planner: PlannerProcess) -> None:
    planner.plan()
    first = planner.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with pytest.raises(PlanFailed, match="killed by signal 9"):
        planner.plan()
    assert planner.plan() is False
    assert planner.pid not in {None, first}


def test_why_there_is_no_plan_is_told_and_the_process_stays(tmp_path: Path) -> None:
    planner = PlannerProcess(setup.init(tmp_path / "empty").folder)
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


def test_a_loop_that_is_stopped_does_not_wait_for_the_plan(
    books: Books, planner: PlannerProcess
) -> None:
    """The process stands still in the middle of its plan, and still the server ends."""
    planner.plan()
    assert planner.pid is not None
    os.kill(planner.pid, signal.SIGSTOP)
    asked = threading.Event()

    class Told(PlannerProcess):
        def plan(self) -> bool:
            asked.set()
            return planner.plan()

        def close(self) -> None:
            planner.close()

    loop = Loop(books, Told(books.workspace.folder))
    with loop:
        assert asked.wait(30)
    assert not loop._thread.is_alive()
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
