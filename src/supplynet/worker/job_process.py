"""The process in which one job runs: started by ``runner``, told and asked through pipes.

In: one line of JSON that says what to run, later ``cancel``; the end of the pipe means that the
runner is gone, and then so is this process. Out: lines of JSON with progress and, last, the end.
It writes nothing about the job into the database itself.
"""

from __future__ import annotations

import json
import os
import threading
import traceback
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TextIO

from supplynet.errors import JobCancelled, SupplyNetError
from supplynet.storage.column_types import encode_json

RUNNER_GONE = 3
"""Exit status of a job whose runner has died."""


class JobFunction(Protocol):
    """What a kind of job names as ``module:function``; the result is anything JSON can hold."""

    def __call__(self, context: JobContext, params: dict[str, Any], /) -> Any:
        """Do the work."""


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """What a job is given besides its parameters; satisfies ``core.protocols.Progress``.

    Attributes:
        job_id: This job.
        workspace: Folder of the workspace.
        database_url: For ``open_store``; a job opens its own connections.
    """

    job_id: str
    workspace: Path
    database_url: str = field(repr=False)
    _channel: TextIO = field(repr=False)
    _cancelled: threading.Event = field(repr=False)

    def progress(self, fraction: float, message: str = "") -> None:
        """``fraction`` of the work is done, 0 to 1; ``message`` says at what it is.

        Raises:
            JobCancelled: Someone asked the job to stop.
        """
        self.check()
        _say(self._channel, progress=min(max(float(fraction), 0.0), 1.0), message=message)

    def check(self) -> None:
        """Call often: a job that does not is killed after a grace when it is cancelled.

        Raises:
            JobCancelled: Someone asked the job to stop.
        """
        if self._cancelled.is_set():
            raise JobCancelled(f"job {self.job_id} was cancelled")


def main() -> None:
    """Run one job."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print goes to the log, not between our lines
    lines = _read_lines()
    spec = json.loads(next(lines))
    cancelled = threading.Event()

    def listen() -> None:
        for line in lines:
            if line == b"cancel":
                cancelled.set()
        os._exit(RUNNER_GONE)

    threading.Thread(target=listen, daemon=True, name="runner-listener").start()
    context = JobContext(
        job_id=spec["job_id"],
        workspace=Path(spec["workspace"]),
        database_url=spec["database_url"],
        _channel=channel,
        _cancelled=cancelled,
    )
    _say(channel, **_run(spec["target"], context, spec["params"]))


def _run(target: str, context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Run the function and return how it ended."""
    try:
        result = load(target)(context, params)
        return {"end": "done", "result": json.loads(encode_json(result))}
    except JobCancelled:
        return {"end": "cancelled"}
    except SupplyNetError as error:
        return {"end": "failed", "error": error.told()}
    except Exception as error:  # noqa: BLE001 - whatever a job raises is its end, not ours
        traceback.print_exc()
        return {"end": "failed", "error": f"{type(error).__name__}: {error}"}


def load(target: str) -> JobFunction:
    """The function that ``module:function`` names."""
    module, _, name = target.partition(":")
    function: JobFunction = getattr(import_module(module), name)
    return function


def _read_lines() -> Any:
    """Lines of standard input, unbuffered: a thread in a buffered read blocks the exit."""
    rest = b""
    while piece := os.read(0, 65536):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole


def _say(channel: TextIO, **said: Any) -> None:
    channel.write(json.dumps(said) + "\n")
    channel.flush()


if __name__ == "__main__":
    main()
