from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from supplynet.core.protocols import Executor
from supplynet.engine.process_pool import ONE_THREAD, ProcessExecutor, SerialExecutor
from supplynet.errors import JobError

_HERE = Path(__file__).parent
_PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def pieces() -> Iterator[Any]:
    """The functions that workers run; the module must be importable by its name there too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_HERE))
        yield import_module("pool_pieces")


@pytest.fixture(scope="module")
def two(pieces: Any) -> Iterator[ProcessExecutor]:  # noqa: ARG001 - the path must be set before
    with ProcessExecutor(2) as executor:
        yield executor


@pytest.mark.parametrize("name", ["serial", "processes"])
def test_results_come_in_the_order_of_the_pieces(
    pieces: Any, two: ProcessExecutor, name: str
) -> None:
    executor: Executor = SerialExecutor() if name == "serial" else two
    assert list(executor.map(pieces.square, iter(range(10)))) == [i * i for i in range(10)]
    assert list(executor.map(pieces.square, [])) == []


def test_what_a_piece_raises_is_raised_at_its_place(pieces: Any, two: ProcessExecutor) -> None:
    results = two.map(pieces.fail_on_three, range(10))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert list(two.map(pieces.square, [4])) == [16]


def test_a_worker_that_dies_is_an_error_and_the_next_call_works(
    pieces: Any, two: ProcessExecutor
) -> None:
    with pytest.raises(JobError, match="a worker process died"):
        list(two.map(pieces.die_on_three, range(10)))
    assert list(two.map(pieces.square, [4])) == [16]


def test_workers_compute_in_one_thread_and_this_process_is_left_alone(
    pieces: Any, two: ProcessExecutor
) -> None:
    before = dict(os.environ)
    names = tuple(ONE_THREAD)
    assert list(two.map(pieces.thread_settings, [names])) == [["1"] * len(names)]
    assert dict(os.environ) == before


def test_only_a_few_pieces_are_handed_out_ahead(pieces: Any, two: ProcessExecutor) -> None:
    taken: list[int] = []

    def many() -> Iterator[int]:
        for i in range(1000):
            taken.append(i)
            yield i

    results = two.map(pieces.square, many())
    next(results)
    assert len(taken) <= 6
    results.close()  # type: ignore[attr-defined]  # a generator


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(_HERE)!r})\n"
        "import pool_pieces\n"
        "from supplynet.engine.process_pool import ProcessExecutor\n"
        "if __name__ == '__main__':\n"
        f"    list(ProcessExecutor(1).map(pool_pieces.note_pid_and_wait, [{str(note)!r}]))\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL) as parent:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not (note.exists() and note.read_text()):
            assert parent.poll() is None
            assert time.monotonic() < until, "the worker does not start"
            time.sleep(0.01)
        parent.kill()
    worker = Path(f"/proc/{note.read_text()}")
    while worker.exists() and "\nState:\tZ" not in (worker / "status").read_text():
        assert time.monotonic() < until, "the worker outlives its parent"
        time.sleep(0.01)
