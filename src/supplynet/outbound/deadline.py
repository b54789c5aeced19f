"""The time that one answer may take, whatever the other side does."""

from __future__ import annotations

from collections.abc import Callable

from supplynet.errors import ConnectorError


class Deadline:
    """Counts down from ``seconds`` on a monotonic clock.

    Time-outs of a socket start anew with every byte; this one does not.
    """

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self.seconds = seconds
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Seconds left, below 0 when it has passed."""
        return self._end - self._monotonic()

    def shorten(self, timeout: float | None) -> float:
        """``timeout``, or what is left when that is less.

        Raises:
            ConnectorError: Nothing is left.
        """
        left = self.left()
        if left <= 0:
            raise ConnectorError(f"took longer than {self.seconds:g} s")
        return left if timeout is None else min(timeout, left)
