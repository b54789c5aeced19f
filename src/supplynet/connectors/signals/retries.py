"""Trying again, politely."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from supplynet.connectors.signals.deadline import Deadline
from supplynet.errors import ConnectorError

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


def retry_after_seconds(header: str, now: datetime) -> float:
    """Seconds that a ``Retry-After`` header means (RFC 9110: a number or a date); 0 if neither."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
