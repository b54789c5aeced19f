"""The periods of a made-up plant as numbers: when they are, how long lines run, who works when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import IntArray
from supplynet.frames.synthetic.demand import Generated

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_APART = 1 << 40  # minutes; keeps the calendars apart in one sorted array
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Clock:
    """Times of periods.

    Attributes:
        start: Minutes since 1970, shape (period,).
        minutes: Length, shape (period,).
        running: Minutes that a line has and is not stopped, int32, shape (line, period).
        calendar: Which of the distinct calendars a line has, shape (line,).
        last_shift: Whether a period is the last of several shifts of its day, shape (calendar,
            period).
    """

    start: Longs
    minutes: Longs
    running: IntArray
    calendar: Longs
    last_shift: npt.NDArray[np.bool_]
    _ends: Longs
    _own: Longs

    def is_last_shift(self, line: Longs, period: int) -> npt.NDArray[np.bool_]:
        """Whether ``period`` is the night of its day for each line."""
        found: npt.NDArray[np.bool_] = self.last_shift[self.calendar[line], period]
        return found

    def unloaded(self, line: Longs, ready: Longs) -> tuple[Longs, Longs]:
        """Period and minute in which what arrives at ``ready`` is unloaded at each line.

        A truck that comes while the line is closed waits until it opens. After the last period:
        ``len(periods)`` and -1.
        """
        calendar = self.calendar[line]
        place = np.searchsorted(self._ends, ready + calendar * _APART, side="right")
        period = self._own[place]
        known = period < len(self.start)
        begins = self.start[np.where(known, period, 0)]
        return period, np.where(known, np.maximum(ready, begins), -1)


def clock_of(made: Generated) -> Clock:
    """The clock of ``made``; lines that work in the same periods share a calendar."""
    start = np.array([(p.start - _EPOCH).total_seconds() // 60 for p in made.periods]).astype(
        np.int64
    )
    minutes = np.array([p.minutes for p in made.periods], dtype=np.int64)
    known: dict[bytes, int] = {}
    calendar = [known.setdefault(works.tobytes(), len(known)) for works in made.works]
    calendars = [np.frombuffer(works, dtype=bool) for works in known]
    ends, own = [], []
    for place, works in enumerate(calendars):
        periods = np.flatnonzero(works)
        ends += [*((start + minutes)[periods] + place * _APART), (place + 1) * _APART - 1]
        own += [*periods, len(start)]
    day = np.array([p.day.toordinal() for p in made.periods])
    return Clock(
        start=start,
        minutes=minutes,
        running=np.where(made.works, minutes - made.stopped_minutes, 0).astype(np.int32),
        calendar=np.array(calendar, dtype=np.int64),
        last_shift=np.array([_last_shifts(works, day) for works in calendars]),
        _ends=np.array(ends, dtype=np.int64),
        _own=np.array(own, dtype=np.int64),
    )


def _last_shifts(works: npt.NDArray[np.bool_], day: Longs) -> npt.NDArray[np.bool_]:
    own = np.flatnonzero(works)
    days, count = np.unique(day[own], return_counts=True)
    last = np.zeros(len(works), dtype=bool)
    last[own[np.searchsorted(day[own], days, side="right") - 1]] = count > 1
    return last
