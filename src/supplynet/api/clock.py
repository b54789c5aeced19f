"""The clock that people see: a twin's plant time moves in slots, a clock on a wall does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from supplynet.monitor.grid import iso

SLOT = timedelta(hours=1)
"""A twin that has not moved on for longer than this stands still, and so does its clock."""


class SmoothClock:
    """Runs on between the slots of a twin, never beyond the next one.

    Args:
        monotonic: Real seconds from any start.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._stored: str | None = None
        self._since: float | None = None

    def show(self, clock: dict[str, Any]) -> dict[str, Any]:
        """``clock`` (``overview.clock_at``) with the time to show now and the speed it has."""
        if not clock["simulated"]:
            return clock
        with self._lock:
            if clock["now"] != self._stored:
                # What was found at the start may have stood there for days.
                self._since = None if self._stored is None else self._monotonic()
                self._stored = clock["now"]
            since = self._since
        if since is None:
            return {**clock, "speed": 0.0}
        passed = timedelta(seconds=(self._monotonic() - since) * clock["speed"])
        now = datetime.fromisoformat(clock["now"]) + min(passed, SLOT)
        return {**clock, "now": iso(now), "speed": clock["speed"] if passed < SLOT else 0.0}
