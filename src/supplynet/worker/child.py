"""The runner's end of a job's process: start it, hear it, stop it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import IO, Any, Self


def our_environment() -> dict[str, str]:
    """For a Python process of ours: it finds the modules that this one finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


class Child:
    """One job's process, in a session of its own, so that all it starts can be killed with it.

    Attributes:
        fraction, message: The progress it has told last.
        outcome: How it says that it ended: ``end``, ``result``, ``error``; None until then.
        over: Whether nothing more will be heard.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "supplynet.worker.job_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=our_environment(),
        )
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.fraction, self.message = 0.0, ""
        self.outcome: dict[str, Any] | None = None
        self.over = False
        assert self._process.stdout is not None
        self._listener = threading.Thread(
            target=self._listen, args=(self._process.stdout,), daemon=True, name="job-listener"
        )
        self._listener.start()
        self._tell(json.dumps(dict(spec)))  # by the pipe: the URL may hold a password

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()

    def hear(self, seconds: float) -> None:
        """Take in what it says for so long, or until it is over."""
        until = time.monotonic() + seconds
        while not self.over and (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                self._take(self._said.get(timeout=left))

    def cancel(self) -> None:
        """Ask it to stop."""
        self._tell("cancel")

    def kill(self) -> None:
        """End it and all that it started, at once; nothing happens when it has ended."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def cause_of_death(self) -> str:
        """Why it ended without saying how, in a sentence."""
        status = self._process.wait()
        if status < 0:
            name = signal.Signals(-status).name
            return f"the job's process was killed by {name}; perhaps it ran out of memory"
        return f"the job's process ended with exit status {status}; see the server's log"

    def _take(self, said: dict[str, Any] | None) -> None:
        if said is None:
            self.over = True
        elif "end" in said:
            self.outcome, self.over = said, True
        else:
            self.fraction, self.message = said["progress"], said["message"]

    def _listen(self, pipe: IO[bytes]) -> None:
        """A thread: lines become messages, the end of the pipe None."""
        for line in pipe:
            with contextlib.suppress(json.JSONDecodeError):  # half a line of a killed process
                self._said.put(json.loads(line))
        self._said.put(None)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone; hear() will say so
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
