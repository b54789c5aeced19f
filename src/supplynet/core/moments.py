"""Times in sentences that people of the plant read."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def moment_at(zone: str, at: datetime) -> str:
    """``Fri 30 Jan 17:00`` by the clocks of the plant."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %H:%M}"
