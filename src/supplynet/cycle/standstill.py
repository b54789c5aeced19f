"""When lines stood still, and which of them wait for parts now.

Machines report in two ways, and both are understood: how many ``minutes`` they stood still up to
the moment of the event (``ended`` false = they still do), or only that they stopped and, later,
that they go on (``line_resumed``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select

from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.errors import NotFound
from supplynet.storage import ReadTx, events
from supplynet.storage.tables import movements

LOOK_BACK = timedelta(days=31)
"""A line that stood still for longer without a word is taken to run."""
TYPES = (EventType.LINE_STARVED, EventType.LINE_STOPPED, EventType.LINE_RESUMED)
Minutes = Counter[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Standstills:
    """What events say about standing still.

    Attributes:
        starved, stopped: Minutes by (line, shift id), for want of parts and for other reasons.
        waiting: Lines that are starved at the end, and the parts they are known to wait for.
    """

    starved: Minutes = field(default_factory=Counter)
    stopped: Minutes = field(default_factory=Counter)
    waiting: dict[str, frozenset[str]] = field(default_factory=dict)


def standstills(tx: ReadTx, plant: Plant, start: datetime, end: datetime) -> Standstills:
    """Standstills from ``start`` to ``end``; those that began earlier are followed.

    A line that consumes runs, even if nobody said that it does.
    """
    found = Standstills()
    since = start - LOOK_BACK
    by_line: dict[str, list[Event]] = {}
    for event in events.events_between(tx, since, end, types=TYPES):
        by_line.setdefault(event.location_id, []).append(event)
    for line, reports in by_line.items():
        _follow(tx, plant, line, reports, end, found)
    return found


def _follow(
    tx: ReadTx, plant: Plant, line: str, reports: Sequence[Event], end: datetime, found: Standstills
) -> None:
    """One line through time; every report ends what the one before it said."""
    try:
        calendar = plant.calendar_of(line)
    except NotFound:  # the line has left the plant since
        return
    for report, following in zip(reports, [*reports[1:], None], strict=True):
        if report.type is EventType.LINE_RESUMED:
            continue
        until = end if following is None else following.occurred_at
        minutes = found.starved if report.type is EventType.LINE_STARVED else found.stopped
        told = report.data.get("minutes")
        if told is not None:
            shift = calendar.shift_of(report.occurred_at)
            if shift is not None:
                minutes[line, shift.shift_id] += ceil(told)
            stands = not report.data.get("ended", True)
        else:
            went_on = next_consumption(tx, line, report.occurred_at, until)
            stands, until = went_on is None, went_on or until
            for shift in calendar.shifts_between(report.occurred_at, until):
                begin, finish = max(report.occurred_at, shift.start), min(until, shift.end)
                minutes[line, shift.shift_id] += ceil((finish - begin).total_seconds() / 60)
        if following is None and stands and report.type is EventType.LINE_STARVED:
            if told is not None and next_consumption(tx, line, report.occurred_at, end):
                continue
            found.waiting[line] = frozenset(report.data.get("parts", ()))


def next_consumption(tx: ReadTx, line: str, after: datetime, until: datetime) -> datetime | None:
    """When the line next used a part in ``(after, until)``; None = it did not."""
    query = select(func.min(movements.c.occurred_at)).where(
        movements.c.to_location == line,
        movements.c.to_account == Account.CONSUMED.value,
        movements.c.occurred_at > after,
        movements.c.occurred_at < until,
    )
    found: datetime | None = tx.connection.scalar(query)
    return found
