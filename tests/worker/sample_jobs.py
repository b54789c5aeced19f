"""Jobs for the runner's tests; the job's process imports them by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supplynet.errors import NotFound
from supplynet.storage import open_store, values
from supplynet.worker.job_process import JobContext


def count(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Counts aloud, also on standard output, and writes the sum into the books."""
    total = 0
    for number in range(params["to"]):
        total += number
        sys.stdout.write("a library prints\n")
        context.progress(number / params["to"], f"at {number}")
    store = open_store(context.database_url)
    with store.write(f"job {context.job_id}", datetime(2026, 1, 5, tzinfo=UTC)) as tx:
        values.set_value(tx, "total", total)
    store.close()
    return {"total": total, "workspace": context.workspace.name}


def fail(_context: JobContext, params: dict[str, Any]) -> None:
    if params.get("expected"):
        raise NotFound("part", "P-1")
    raise ZeroDivisionError("by zero")


def return_nonsense(_context: JobContext, _params: dict[str, Any]) -> object:
    return object()


def die(_context: JobContext, params: dict[str, Any]) -> None:
    if params["signal"]:
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(7)


def wait_kindly(context: JobContext, params: dict[str, Any]) -> None:
    note_pid(params)
    while True:
        context.progress(0.5, "waiting")
        time.sleep(0.005)


def wait_deaf(_context: JobContext, params: dict[str, Any]) -> None:
    """Ignores its context, and has a child of its own."""
    with subprocess.Popen(["sleep", "600"]) as child:
        note_pid(params, os.getpid(), child.pid)
        time.sleep(600)


def wait_once(context: JobContext, params: dict[str, Any]) -> str:
    """The first attempt waits, the second returns at once."""
    if Path(params["note"]).exists():
        return "second attempt"
    wait_kindly(context, params)
    raise AssertionError


def note_pid(params: dict[str, Any], *pids: int) -> None:
    note = Path(params["note"])
    draft = note.with_suffix(".draft")
    draft.write_text(" ".join(str(pid) for pid in pids or (os.getpid(),)))
    draft.replace(note)
