"""Executors: the same pure function over many pieces, in this process or in several.

Processes are spawned, never forked (polars hangs in a forked child), and compute in one thread
each: two levels of threads on the same cores make everything slower.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Self, TypeVar

from supplynet.errors import JobError

T = TypeVar("T")
R = TypeVar("R")

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
}
"""Read by the numeric libraries when they are loaded, so they must be set before that."""

_ENVIRONMENT_LOCK = threading.Lock()


class SerialExecutor:
    """Runs the pieces one after the other, here. For small work, tests and debugging."""

    def map(self, function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """Results in the order of ``pieces``."""
        return map(function, pieces)


class ProcessExecutor:
    """Runs the pieces in ``workers`` spawned processes, which live until ``close``.

    ``function`` must be a function of a module, pieces and results must be picklable. What
    ``function`` raises is raised here, at its place in the order. Use it as a context.
    """

    def __init__(self, workers: int) -> None:
        assert workers > 0
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def map(self, function: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """Results in the order of ``pieces``, of which only a few are handed out ahead.

        Raises:
            JobError: A worker process died; the next call starts new ones.
        """
        pool = self._running_pool()
        waiting: deque[Future[R]] = deque()
        source = iter(pieces)
        try:
            waiting.extend(pool.submit(function, p) for p in islice(source, 2 * self._workers))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, piece) for piece in islice(source, 1))
                yield result
        except BrokenProcessPool as error:
            self.close()
            raise JobError(
                "a worker process died in the middle of its work; it was killed, ran out of "
                "memory or crashed: see the system's log, or use fewer processes"
            ) from error
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Let the running pieces end and stop the processes; a second call does nothing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _running_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=_OneThreadContext(), initializer=_die_with_parent
            )
        return self._pool


class _OneThreadProcess(SpawnProcess):
    """A spawned process whose libraries find ``ONE_THREAD`` when they are loaded."""

    def start(self) -> None:
        with _changed(os.environ, ONE_THREAD):
            super().start()


class _OneThreadContext(SpawnContext):
    Process = _OneThreadProcess


@contextmanager
def _changed(environment: MutableMapping[str, str], values: dict[str, str]) -> Iterator[None]:
    """The environment with other values while a child takes its copy of it."""
    with _ENVIRONMENT_LOCK:
        before = {name: environment.get(name) for name in values}
        environment.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del environment[name]
                else:
                    environment[name] = value


def _die_with_parent() -> None:
    """A killed parent closes nothing; without this its workers would wait for work for ever."""
    parent = parent_process()
    assert parent is not None
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="die-with-parent").start()
