"""What holds of all that was announced about lines, at any moment.

What has no end ends with the shift in which it begins, or with the next one between shifts. Of two
that overlap the one said later holds; where it ends, or is withdrawn, the earlier one holds again.
Nothing here depends on the order in which events came in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise, takewhile

from supplynet.core.shifts import ShiftCalendar
from supplynet.core.statements import Says, Statement
from supplynet.errors import NotFound

CalendarOf = Callable[[str], ShiftCalendar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A line runs at another rate in ``[start, end)``, as far as nothing said later overrides it.

    Attributes:
        factor: On the usual rate; 0 = it stands still.
        key: Of the event.
        by: Who said it; "" where nobody has looked that up.
    """

    line_id: str
    start: datetime
    end: datetime
    factor: float
    key: str = ""
    said_at: datetime | None = None
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Announcements:
    """What holds, by line: stretches of time that do not overlap, in order."""

    by_line: Mapping[str, tuple[Announced, ...]] = field(default_factory=dict)

    def factor(self, line_id: str, start: datetime, end: datetime) -> float:
        """Mean over ``[start, end)`` of the rate, 1 = usual: exactly 1 where nothing is said."""
        there = self.during(line_id, start, end)
        if not there or start >= end:
            return 1.0
        held = [(min(each.end, end) - max(each.start, start), each.factor) for each in there]
        usual = (end - start) - sum((length for length, _ in held), timedelta(0))
        if not usual and len({factor for _, factor in held}) == 1:
            return held[0][1]  # no rounding
        return sum((length / (end - start)) * (factor - 1.0) for length, factor in held) + 1.0

    def during(self, line_id: str, start: datetime, end: datetime) -> tuple[Announced, ...]:
        """What is announced of a line for some time within ``[start, end)``, in order."""
        rows = self.by_line.get(line_id, ())
        first = bisect_right(rows, start, key=lambda row: row.end)
        return tuple(takewhile(lambda row: row.start < end, rows[first:]))


def announcements(said: Iterable[Statement], calendar_of: CalendarOf) -> Announcements:
    """What holds of all that was said, by line.

    Args:
        said: In any order.
        calendar_of: Gives the shifts of a line; one that it does not know has left the plant.
    """
    said = list(said)
    taken_back = {each.withdraws for each in said if each.says is Says.WITHDRAWN}
    lines: dict[str, list[Statement]] = {}
    for each in sorted(said, key=lambda each: (each.said_at, each.key)):
        if each.key not in taken_back and each.says is not Says.WITHDRAWN:
            lines.setdefault(each.line_id, []).append(each)
    found = {line: _holding(statements, calendar_of) for line, statements in lines.items()}
    return Announcements(by_line={line: rows for line, rows in found.items() if rows})


def _holding(said: Sequence[Statement], calendar_of: CalendarOf) -> tuple[Announced, ...]:
    """What holds of one line, of statements in the order in which they were made."""
    layers: list[Announced] = []
    for each in said:
        if each.says is Says.RESUMED:
            layers = [_ended(layer, each.start) for layer in layers]
            continue
        try:
            end = each.end or _shift_end(calendar_of(each.line_id), each.start)
        except NotFound:
            return ()
        layers.append(
            Announced(
                line_id=each.line_id,
                start=each.start,
                end=end,
                factor=each.factor,
                key=each.key,
                said_at=each.said_at,
                reason=each.reason,
            )
        )
    return _flattened([layer for layer in layers if layer.start < layer.end])


def _ended(layer: Announced, at: datetime) -> Announced:
    """A stop that holds at a moment ends then; what is announced for later stays."""
    holds = layer.factor == 0 and layer.start <= at < layer.end
    return replace(layer, end=at) if holds else layer


def _flattened(layers: Sequence[Announced]) -> tuple[Announced, ...]:
    """The topmost layer at every moment, cut where it changes."""
    cuts = sorted({moment for layer in layers for moment in (layer.start, layer.end)})
    coming = sorted(range(len(layers)), key=lambda place: layers[place].start, reverse=True)
    begun: list[int] = []  # the topmost first
    rows: list[Announced] = []
    for begin, end in pairwise(cuts):
        while coming and layers[coming[-1]].start <= begin:
            heappush(begun, -coming.pop())
        while begun and layers[-begun[0]].end <= begin:
            heappop(begun)
        if not begun:
            continue
        top = layers[-begun[0]]
        if rows and rows[-1].key == top.key and rows[-1].end == begin:
            rows[-1] = replace(rows[-1], end=end)
        else:
            rows.append(replace(top, start=begin, end=end))
    return tuple(rows)


def _shift_end(calendar: ShiftCalendar, moment: datetime) -> datetime:
    """End of the shift that runs, or of the next one."""
    return next((shift.end for shift in calendar.next_shifts(moment, 1)), moment)
