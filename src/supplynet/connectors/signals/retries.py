"""Trying again, politely."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from supplynet.errors import ConnectorError
from supplynet.outbound.deadline import Deadline

T = TypeVar("T")
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 20.0


class AskedToWait(ConnectorError):
    """The service named the time after which it wants to be asked again."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def with_retries(
    attempt: Callable[[], T],
    attempts: int,
    deadline: Deadline,
    sleep: Callable[[float], None],
    rng: random.Random,
) -> T:
    """What ``attempt`` returns, tried up to ``attempts`` times while the deadline allows.

    Before try n + 1 it sleeps a random time of up to ``0.5 * 2**n`` seconds ("full jitter", so
    that many clients do not come back together), and at least what the service asked for.

    Raises:
        ConnectorError: The last try's.
    """
    for tried in range(1, attempts + 1):
        try:
            return attempt()
        except ConnectorError as error:
            widest = min(FIRST_PAUSE_SECONDS * 2 ** (tried - 1), LONGEST_PAUSE_SECONDS)
            pause = rng.uniform(0.0, widest)
            if isinstance(error, AskedToWait):
                pause += error.seconds
            if tried == attempts or pause >= deadline.left():
                raise
            sleep(pause)
    raise AssertionError("attempts is at least 1")
