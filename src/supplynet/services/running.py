"""What the rest of a server's process tells of itself: the threads beside HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

_NONE: Mapping[str, bool] = {}


def _no() -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Running:
    """How the process around the books is; the defaults are those of one without threads.

    Attributes:
        stopping: Whether it was told to stop: it still answers, and wants no new work.
        threads: Whether each thread that works beside HTTP is alive, by name.
        mqtt_connected: Whether the broker is reached; None without one.
    """

    stopping: Callable[[], bool] = _no
    threads: Callable[[], Mapping[str, bool]] = lambda: _NONE
    mqtt_connected: Callable[[], bool | None] = lambda: None
