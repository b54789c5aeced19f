"""What runs in a thread of its own while the server runs."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from typing import Self

log = logging.getLogger(__name__)
_LONGEST_WAIT_SECONDS = 30


class Background(ABC):
    """A thread that lives as long as a ``with`` block.

    Args:
        name: Of the thread, as logs and debuggers show it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._stop = threading.Event()
        self._done = False
        self._thread = threading.Thread(
            target=self._work_off, name=f"supplynet-{name}", daemon=True
        )

    @property
    def is_alive(self) -> bool:
        """Whether it works, or found that there is nothing to do; False once it has died."""
        return self._done or self._thread.is_alive()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join(timeout=_LONGEST_WAIT_SECONDS)

    def _work_off(self) -> None:
        try:
            self._run()
        except Exception:
            log.exception("a thread has died; restart the server", extra={"thread": self.name})
        else:
            self._done = True

    @abstractmethod
    def _run(self) -> None:
        """Work until ``_stop`` is set."""
