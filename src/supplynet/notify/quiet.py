"""Hours in which nobody is to be woken, by local clock times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from supplynet.core.local_time import local_to_utc


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """From ``start`` until ``end``, the next day where that is earlier; every day.

    Attributes:
        critical_passes: Whether critical alerts are sent all the same.
    """

    start: time
    end: time
    zone: ZoneInfo
    critical_passes: bool = True

    def until(self, now: datetime, severity: str = "") -> datetime | None:
        """When the quiet that holds at ``now`` ends, aware UTC; None when none does.

        On the days on which clocks change, ``start`` and ``end`` are what the clocks show.
        """
        if severity == "critical" and self.critical_passes:
            return None
        today = now.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today):
            last = day if self.start < self.end else day + timedelta(days=1)
            ends = local_to_utc(last, self.end, self.zone)
            if local_to_utc(day, self.start, self.zone) <= now < ends:
                return ends
        return None
