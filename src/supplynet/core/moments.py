"""Times that are told and asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Of the times that anybody may mean. Days before and after these can be reckoned with; where
Python's own calendar ends, that fails."""


def moment_at(zone: str, at: datetime) -> str:
    """``Fri 30 Jan 17:00`` by the clocks of the plant."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def in_our_time(moment: datetime) -> bool:
    """Whether an aware time lies from ``FIRST`` to ``LAST``."""
    return FIRST <= moment <= LAST
