"""What runs in a thread of its own while the server runs."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Self

_LONGEST_WAIT_SECONDS = 30


class Background(ABC):
    """A thread that lives as long as a ``with`` block.

    Args:
        name: Of the thread, as logs and debuggers show it.
    """

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"supplynet-{name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join(timeout=_LONGEST_WAIT_SECONDS)

    @abstractmethod
    def _run(self) -> None:
        """Work until ``_stop`` is set."""
