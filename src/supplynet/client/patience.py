"""How often a request is sent again, and how long is waited before."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

_RANDOM = secrets.SystemRandom()
_MOST_DOUBLINGS = 16


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Bounds of trying again; only what cannot be done twice is sent twice.

    Attributes:
        tries: How often a request is sent at most, >= 1.
        first_seconds: Wait before the second try; each wait after it is twice as long.
        longest_seconds: No wait is longer. When the server wants a longer one, the caller is told.
        sleep: Waits for seconds.
        spread: A factor for each wait, so that many clients do not come back at once.
    """

    tries: int = 4
    first_seconds: float = 0.25
    longest_seconds: float = 30.0
    sleep: Callable[[float], None] = time.sleep
    spread: Callable[[], float] = lambda: _RANDOM.uniform(0.75, 1.25)

    def wait(self, tried: int, wanted_seconds: float) -> bool:
        """Wait before the next try; False when there shall be none.

        Args:
            tried: How often the request was sent so far.
            wanted_seconds: What the server asks for; 0 = nothing.
        """
        if tried >= self.tries or wanted_seconds > self.longest_seconds:
            return False
        self.pause(tried, wanted_seconds)
        return True

    def pause(self, failures: int, wanted_seconds: float = 0.0) -> None:
        """Wait after the ``failures``-th failure in a row, from 1."""
        own = self.first_seconds * 2 ** min(failures - 1, _MOST_DOUBLINGS) * self.spread()
        self.sleep(min(self.longest_seconds, max(own, wanted_seconds)))
