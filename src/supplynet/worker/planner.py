"""Who makes the plans that the live loop asks for: a process of its own beside the server.

Threads of one Python process share one processor: a plan of some seconds would make every page,
every scanner and every machine wait as long.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection
from typing import Any, Protocol

from supplynet.errors import SupplyNetError
from supplynet.services import planning
from supplynet.services.books import Books
from supplynet.worker.child import our_environment

ACTOR = "automation"
_LAST_WORD_SECONDS = 5.0


class PlanFailed(SupplyNetError):
    """The process that makes plans says why it made none, or has ended; asked again, it tries."""


class Planner(Protocol):
    """Makes plans."""

    def plan(self) -> None:
        """Plan now."""

    def refresh(self, places: Collection[str]) -> None:
        """Show at once what news at some places does; see ``planning.refresh_now``."""

    def close(self) -> None:
        """End what it has started; from another thread too, while a plan is being made."""


class OwnPlanner:
    """Makes plans here and now.

    Args:
        books: The workspace.
    """

    def __init__(self, books: Books) -> None:
        self._books = books

    def plan(self) -> None:
        """Plan now."""
        planning.plan_now(self._books, actor=ACTOR)

    def refresh(self, places: Collection[str]) -> None:
        """Show news at once."""
        planning.refresh_now(self._books, places, actor=ACTOR)

    def close(self) -> None:
        """Nothing was started."""


class PlannerProcess:
    """Has plans made by ``plan_process``; started when it is first asked, and again if it died.

    Args:
        books: The workspace.
    """

    def __init__(self, books: Books) -> None:
        self._folder, self._url = books.workspace.folder, books.store.url
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock, self._asking = threading.Lock(), threading.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def plan(self) -> None:
        """Plan now.

        Raises:
            PlanFailed: It could not, or ended before it answered.
        """
        self._ask(what="plan")

    def refresh(self, places: Collection[str]) -> None:
        """Show news at once.

        Raises:
            PlanFailed: As ``plan``.
        """
        self._ask(what="refresh", places=sorted(places))

    def close(self) -> None:
        """End it at once: what a plan has not committed never was."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is None:
            return
        self._kill(process)
        if self._asking.acquire(timeout=_LAST_WORD_SECONDS):  # whoever is asking is told by now
            self._bury(process)
            self._asking.release()

    def _ask(self, **question: Any) -> None:
        with self._asking:
            process = self._started()
            self._say(process, **question)
            self._hear(process)

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise PlanFailed(f"the process that makes plans has ended ({self._bury(process)})")
        try:
            answer = json.loads(line)
            error = answer["error"]
        except (ValueError, TypeError, KeyError):
            self._kill(process)  # what it says next might be taken for another answer
            self._bury(process)
            raise PlanFailed(f"the process that makes plans said {line[:200]!r}") from None
        if error:
            raise PlanFailed(str(error))

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise PlanFailed("no more plans are made: the server ends")
            before = self._process
        if before is not None:
            if before.poll() is None:
                return before
            self._bury(before)
        with self._lock:
            if self._closed:
                raise PlanFailed("no more plans are made: the server ends")
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "supplynet.worker.plan_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl+C is for the server, which ends it in order
                env=our_environment(),
            )
        # By the pipe: the URL may hold a password.
        self._say(process, workspace=str(self._folder), database_url=self._url)
        return process

    def _say(self, process: subprocess.Popen[bytes], **said: Any) -> None:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # then it does not answer either
            process.stdin.write(json.dumps(said).encode() + b"\n")
            process.stdin.flush()

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """With all that it has started."""
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _bury(self, process: subprocess.Popen[bytes]) -> str:
        with self._lock:
            self._process = None
        status = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
