"""Local clock times as moments in UTC, also on the days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


def local_to_utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment at which the clocks of ``zone`` show ``clock`` on ``day``, aware, UTC.

    Later clock times never give earlier moments, so intervals between clock times neither overlap
    nor leave gaps: a time that the clocks show twice is its first showing, and a time that they
    skip is the moment of the skip (02:30 is 03:00 when the clocks jump from 02:00 to 03:00).
    """
    local = datetime.combine(day, clock, zone)
    usual, other = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if usual <= other:
        return usual
    # A skipped time: the jump lies in (other, usual]; the zone data only tells by asking.
    before, after = other, usual
    offset_before = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + ((after - before) / 2 // _SECOND) * _SECOND
        if middle.astimezone(zone).utcoffset() == offset_before:
            before = middle
        else:
            after = middle
    return after
