"""Peers of a benchmark: other libraries doing the same work, each set in its own environment.

``benchmarks/peers/<name>.txt`` lists what a peer needs; it is installed once into
``.peers/<name>`` of the checkout. Work to compare is a script that prints one JSON document, run
in a fresh process by us and by the peer alike, so that start-up, threads and memory are those of
that work alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from supplynet.errors import SupplyNetError

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Numeric threads of every task, ours and theirs; polars and Arrow keep their own two."""
KEPT_MEMORY = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(2**30))
"""For ``run_task``: glibc, which reads this when a process starts, keeps freed blocks of up to a
GiB; training loops that take and free large arrays then have few page faults."""


class TaskFailed(SupplyNetError):
    """A script did not end well; the message has the end of what it wrote."""


def peer_python(checkout: Path, name: str) -> Path:
    """The interpreter with the libraries of a peer; installs them when they are not there.

    Raises:
        TaskFailed: They cannot be installed, with the installer's last words.
    """
    wanted = checkout / "benchmarks" / "peers" / f"{name}.txt"
    folder = checkout / ".peers" / name
    python, stamp = folder / "bin" / "python", folder / ".installed"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return python
    venv.create(folder, with_pip=True, clear=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "-r", str(wanted)]
    _checked(install, {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    stamp.write_text(digest, encoding="utf-8")
    return python


def run_task(
    script: Path,
    *arguments: str,
    python: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What ``script`` printed last, as JSON.

    Args:
        script: Python file.
        arguments: Its command line.
        python: Interpreter; None = the one that runs us.
        environment: Variables beside our own and ``THREADS``.

    Raises:
        TaskFailed: It ended with an error, or printed no JSON document.
    """
    command = [str(python or sys.executable), str(script), *arguments]
    said = _checked(command, os.environ | THREADS | dict(environment or {})).strip().splitlines()
    try:
        found = json.loads(said[-1]) if said else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TaskFailed(f"{script.name} printed no JSON document")
    return found


def _checked(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own script or pip
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = " ".join(done.stderr.strip().splitlines()[-2:])
        raise TaskFailed(f"{Path(command[1]).name} ended with {done.returncode}: {last}")
    return done.stdout
