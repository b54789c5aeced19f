"""Sampled futures carried over to a changed plant: other rates, lines and shifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.core.shifts import Shift, ShiftCalendar
from supplynet.errors import InvalidInput
from supplynet.forecast.announced import scaled_paths
from supplynet.study.what_if_plant import Change

_MOST = 2**28
_NOTHING = 0.5
"""Parts in all the futures of a line below which it does not run."""


def carried_over(
    paths: SamplePaths,
    change: Change,
    *,
    calendar: ShiftCalendar,
    shifts: Sequence[Shift],
    usual: Mapping[tuple[str, str], float],
) -> SamplePaths:
    """The same futures under ``change``.

    A line works at the pace that it has at the same time in the future as it is; where nobody
    works then, at that of the next shift of the same name.

    Args:
        paths: Futures of the plant as it is.
        change: Rates, lines and shifts.
        calendar: After the change.
        shifts: Of ``paths``, one per step.
        usual: Parts that a series usually uses in a shift, for lines that are switched on.

    Raises:
        InvalidInput: A line that is switched on runs already, or never used anything.
    """
    values = scaled_paths(paths, _rates(paths, change)[:, None]).values.astype(np.float64)
    _switch_on(values, paths, change, usual)
    starts, ends = paths.period_starts, paths.period_ends
    if change.shifts:
        new = _shifts_between(calendar, paths.cutoff, ends[-1])
        values = values @ _spread(paths, shifts, new)
        starts, ends = tuple(s.start for s in new), tuple(s.end for s in new)
    counts = np.minimum(np.rint(values), _MOST).astype(np.int32)
    return replace(paths, values=counts, period_starts=starts, period_ends=ends)


def _rates(paths: SamplePaths, change: Change) -> FloatArray:
    off = {line for line, on in change.switched.items() if not on}
    return np.array(
        [0.0 if line in off else change.rates.get(line, 1.0) for line, _ in paths.series]
    )


def _switch_on(
    values: FloatArray,
    paths: SamplePaths,
    change: Change,
    usual: Mapping[tuple[str, str], float],
) -> None:
    """Give lines that are switched on their usual use in every shift, in place."""
    for line in (name for name, on in change.switched.items() if on):
        rows = [row for row, (name, _) in enumerate(paths.series) if name == line]
        if values[:, rows].sum() > _NOTHING:
            raise InvalidInput(f"{line} is on already; give a rate to change what it uses")
        uses = np.array([usual.get(paths.series[row], 0.0) for row in rows])
        if not rows or not uses.any():
            raise InvalidInput(f"{line} never used anything, so nobody knows what it would use")
        values[:, rows] = (uses * change.rates.get(line, 1.0))[:, None]


def _shifts_between(calendar: ShiftCalendar, now: datetime, end: datetime) -> list[Shift]:
    found = calendar.shifts_between(now, end)
    if not found:
        raise InvalidInput(f"calendar {calendar.calendar_id} has no shift until {end:%Y-%m-%d}")
    return found


def _spread(paths: SamplePaths, old: Sequence[Shift], new: Sequence[Shift]) -> FloatArray:
    """Share of each old step that each new one takes, shape (old, new).

    The pace of a new shift is that of the old ones it overlaps, by their shares; old shifts that
    nothing overlaps give theirs away to nobody.
    """
    begins = np.array([_minute(max(start, paths.cutoff)) for start in paths.period_starts])
    stops = np.array([_minute(end) for end in paths.period_ends])
    table = np.zeros((len(old), len(new)))
    for column, shift in enumerate(new):
        begin, stop = _minute(max(shift.start, paths.cutoff)), _minute(shift.end)
        shared = np.maximum(np.minimum(stops, stop) - np.maximum(begins, begin), 0.0)
        if not shared.any():
            same = [i for i, each in enumerate(old) if each.name == shift.name] or range(len(old))
            shared[min(same, key=lambda i: abs(begins[i] - begin))] = 1.0
        pace = shared / shared.sum() / (stops - begins)
        table[:, column] = pace * (stop - begin)
    return table


def _minute(moment: datetime) -> float:
    return moment.timestamp() / 60
