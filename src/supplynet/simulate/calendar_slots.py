"""The horizon cut into slots that never cross the start or end of a shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from supplynet.core.sample_paths import IntArray
from supplynet.core.shifts import Shift, ShiftCalendar
from supplynet.errors import InvalidInput


@dataclass(frozen=True, kw_only=True, eq=False)
class Slots:
    """Slots of a horizon.

    Attributes:
        start, end: The horizon, aware, whole minutes.
        edges: Minutes after ``start`` at which slots begin, and the last one's end; (slot + 1,).
        shift_of_slot: Index into ``shifts``, -1 between shifts; (slot,). Where calendars differ,
            that of the shift which began last.
        shifts: Shifts that overlap the horizon, in order of their start. The first may have begun
            before it.
    """

    start: datetime
    end: datetime
    edges: IntArray
    shift_of_slot: IntArray
    shifts: tuple[Shift, ...]

    def __len__(self) -> int:
        return len(self.shift_of_slot)

    def moment(self, edge: int) -> datetime:
        """The moment of an edge."""
        return self.start + timedelta(minutes=int(self.edges[edge]))

    def minutes(self, moment: datetime) -> float:
        """Minutes from the horizon's start to ``moment``."""
        return (moment - self.start).total_seconds() / 60

    def at_or_before(self, moment: datetime) -> int:
        """The last edge that is not after ``moment``; -1 before the horizon."""
        return int(np.searchsorted(self.edges, self.minutes(moment), side="right")) - 1


def cut_slots(calendar: ShiftCalendar, start: datetime, end: datetime, slot_minutes: int) -> Slots:
    """Cut ``[start, end)`` into slots.

    Slots count from the true start of each shift, so a horizon that begins inside a shift has a
    shorter first slot. Gaps between shifts are cut from the end of the shift before.

    Raises:
        InvalidInput: The horizon is empty or has no shift, or a shift is no multiple of the slot.
    """
    start = start.replace(second=0, microsecond=0)
    shifts = _shifts(calendar, start, end)
    edges, of_slot = [0], list[int]()
    last = int((end - start).total_seconds()) // 60
    for index, shift in enumerate(shifts):
        if shift.minutes % slot_minutes:
            raise InvalidInput(
                f"shift {shift.shift_id} has {shift.minutes} minutes, no multiple of a slot of "
                f"{slot_minutes}; choose a slot that divides every shift"
            )
        begin = int((shift.start - start).total_seconds()) // 60
        _extend(edges, of_slot, -1, edges[-1], end=min(begin, last), step=slot_minutes)
        _extend(
            edges, of_slot, index, begin, end=min(begin + shift.minutes, last), step=slot_minutes
        )
    _extend(edges, of_slot, -1, edges[-1], end=last, step=slot_minutes)
    return Slots(
        start=start,
        end=end,
        edges=np.array(edges, dtype=np.int32),
        shift_of_slot=np.array(of_slot, dtype=np.int32),
        shifts=tuple(shifts),
    )


def common_slots(cuts: Sequence[Slots]) -> tuple[Slots, tuple[IntArray, ...]]:
    """One grid for calendars that differ: every edge of each, and every shift once.

    Args:
        cuts: The same horizon cut by each calendar. Shifts with the same start and end are one.

    Returns:
        The grid, and for each calendar the index of its shift in every slot, -1 between shifts.
    """
    edges = np.unique(np.concatenate([cut.edges for cut in cuts]))
    by_time = {(shift.start, shift.end): shift for cut in cuts for shift in cut.shifts}
    index = {times: place for place, times in enumerate(sorted(by_time))}
    own = []
    for cut in cuts:
        place = np.array([index[shift.start, shift.end] for shift in cut.shifts], dtype=np.int32)
        shift = cut.shift_of_slot[np.searchsorted(cut.edges, edges[:-1], side="right") - 1]
        own.append(np.where(shift >= 0, place[shift], -1).astype(np.int32))
    grid = replace(
        cuts[0],
        edges=edges,
        shift_of_slot=np.maximum.reduce(own),
        shifts=tuple(by_time[times] for times in sorted(by_time)),
    )
    return grid, tuple(own)


def _extend(
    edges: list[int], of_slot: list[int], shift: int, begin: int, *, end: int, step: int
) -> None:
    """Append slots up to ``end``, counted from ``begin`` (which may lie before the horizon)."""
    edge = begin
    while edge < end:
        edge = min(edge + step, end)
        if edge > edges[-1]:
            edges.append(edge)
            of_slot.append(shift)


def _shifts(calendar: ShiftCalendar, start: datetime, end: datetime) -> list[Shift]:
    if end <= start:
        raise InvalidInput(f"the horizon ends at {end}, not after its start {start}")
    count = 16
    while True:
        shifts = calendar.next_shifts(start, count)
        if len(shifts) < count or shifts[-1].start >= end:
            break
        count *= 2
    inside = [shift for shift in shifts if shift.start < end]
    if not inside:
        raise InvalidInput(f"calendar {calendar.calendar_id} has no shift from {start} to {end}")
    return inside
