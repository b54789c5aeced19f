"""Functions for worker processes, which can only call what they can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def square(number: int) -> int:
    time.sleep(0.02 * (number % 3))  # later pieces overtake earlier ones
    return number * number


def fail_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


def die_on_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def thread_settings(names: tuple[str, ...]) -> list[str | None]:
    return [os.environ.get(name) for name in names]


def note_pid_and_wait(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)
