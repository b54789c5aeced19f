"""Periods as arrays, and what is figured out of a calendar once and asked for again and again.

A forecast asks a dozen times how long the periods of one and the same calendar are, and an ensemble
as often for each member. Periods never change and a history keeps its tuple of them, so that what
was figured out of a tuple is kept with it: the tuple is told by identity, which takes no time where
comparing hundreds of periods does.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Period

_Index = npt.NDArray[np.int64]
Frequency = Literal["hour", "shift", "day", "week", "month"]
V = TypeVar("V")
S = TypeVar("S", bound=np.generic)

_MOST_KEPT = 32  # calendars; the hours of a year take half a megabyte
_MOST_PARTS = 4  # tails and continuations kept of each
_SECOND = 1_000_000  # microseconds
_DAY_MINUTES = 24 * 60
_YEARS_OF_WEEKS = 3  # years that a yearly pattern of weeks, or of months, must have been seen
_YEARS_OF_MONTHS = 2
_WEEKS_A_YEAR, _MONTHS_A_YEAR = 52, 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline:
    """A calendar as arrays, each of shape (period,).

    Attributes:
        periods: What it is made from.
        starts, ends: Microseconds since 1970 in UTC.
        days: Ordinal of the local date.
        holidays: Whether it is a day without regular shifts.
    """

    periods: tuple[Period, ...]
    starts: _Index
    ends: _Index
    days: _Index
    holidays: npt.NDArray[np.bool_]
    _tails: OrderedDict[int, tuple[Period, ...]] = field(default_factory=OrderedDict, repr=False)
    _longer: OrderedDict[int, tuple[tuple[Period, ...], tuple[Period, ...]]] = field(
        default_factory=OrderedDict, repr=False
    )

    @classmethod
    def of(cls, periods: tuple[Period, ...]) -> Timeline:
        """Read the periods."""
        return cls(
            periods=periods,
            starts=_microseconds([period.start.timestamp() for period in periods]),
            ends=_microseconds([period.end.timestamp() for period in periods]),
            days=_fixed(np.array([p.local_date.toordinal() for p in periods], dtype=np.int64)),
            holidays=_fixed(np.array([period.is_holiday for period in periods], dtype=bool)),
        )

    @cached_property
    def minutes(self) -> FloatArray:
        """Length of each period, as ``Period.minutes``."""
        return _fixed((self.ends - self.starts) / _SECOND / 60)

    @cached_property
    def idle_seconds(self) -> FloatArray:
        """Time between the end of the period before and each start; 0 before the first."""
        before = np.concatenate([self.starts[:1], self.ends[:-1]])
        return _fixed((self.starts - before) / _SECOND)

    @cached_property
    def weekdays(self) -> _Index:
        """0 = Monday."""
        return _fixed((self.days + 6) % 7)

    @cached_property
    def shift_names(self) -> tuple[str, ...]:
        """Names of the shifts in the order of their first start."""
        return tuple(dict.fromkeys(period.shift for period in self.periods))

    @cached_property
    def _shift_places(self) -> _Index:
        """Place of each period's shift in ``shift_names``."""
        place = {name: i for i, name in enumerate(self.shift_names)}
        return _fixed(np.array([place[period.shift] for period in self.periods], dtype=np.int64))

    def shift_codes(self, names: Sequence[str]) -> _Index:
        """Place of each period's shift in ``names``; an unknown shift is counted as the first."""
        place = {name: i for i, name in enumerate(names)}
        codes = np.array([place.get(name, 0) for name in self.shift_names], dtype=np.int64)
        return codes[self._shift_places]

    @cached_property
    def frequency(self) -> Frequency:
        """See ``windows.frequency``."""
        if not self.periods:
            return "day"
        minutes = float(np.median(self.minutes))
        if minutes <= 3 * 60:
            return "hour"
        if minutes > 20 * _DAY_MINUTES:
            return "month"
        if minutes > 4 * _DAY_MINUTES:
            return "week"
        if any(self.shift_names):
            return "shift"
        return "hour" if minutes < 0.8 * _DAY_MINUTES else "day"

    @cached_property
    def season_length(self) -> int:
        """See ``windows.season_length``."""
        if not self.periods:
            return 1
        days = (self.periods[-1].end - self.periods[0].start).days
        if self.frequency == "week":
            return _WEEKS_A_YEAR if days >= 7 * _WEEKS_A_YEAR * _YEARS_OF_WEEKS else 1
        if self.frequency == "month":
            return _MONTHS_A_YEAR if days >= 365 * _YEARS_OF_MONTHS else 1
        slots = self.slot_codes(self.shift_names)
        weeks = max(1.0, float(self.days[-1] - self.days[0]) / 7)
        return max(1, int((np.bincount(slots) >= weeks / 4).sum()))

    @cached_property
    def trailing_unit(self) -> int:
        """See ``windows.trailing_unit``."""
        return {"week": 4, "month": 3}.get(self.frequency) or self.season_length

    def slot_codes(self, names: Sequence[str], season: int | None = None) -> _Index:
        """See ``windows.slot_codes``."""
        if self.frequency in {"week", "month"}:
            year = (season or self.season_length) > 1
            return self._places_in_year if year else np.zeros(len(self.periods), dtype=np.int64)
        if self.frequency == "hour":
            codes = self.weekdays * _DAY_MINUTES + self.minutes_of_day
            return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)
        return self.weekdays * len(names) + self.shift_codes(names)

    @cached_property
    def _places_in_year(self) -> _Index:
        dates = [period.local_date for period in self.periods]
        if self.frequency == "month":
            return _fixed(np.array([date.month - 1 for date in dates], dtype=np.int64))
        weeks = [min(date.isocalendar().week, _WEEKS_A_YEAR) - 1 for date in dates]
        return _fixed(np.array(weeks, dtype=np.int64))

    @cached_property
    def minutes_of_day(self) -> _Index:
        """See ``windows.minutes_of_day``."""
        starts = self.starts / _SECOND / 60
        joined = (np.diff(self.days) != 0) & (self.ends[:-1] == self.starts[1:])
        changes = np.flatnonzero(joined) + 1
        if not len(changes):
            return _fixed((starts % _DAY_MINUTES).astype(np.int64))
        latest = np.searchsorted(changes, np.arange(len(starts)), side="right") - 1
        midnights = starts[changes[np.maximum(latest, 0)]]
        return _fixed(((starts - midnights) % _DAY_MINUTES).astype(np.int64))

    def tail(self, count: int) -> tuple[Period, ...]:
        """The last ``count`` periods, or all; the same tuple each time."""
        if count >= len(self.periods):
            return self.periods
        found = self._tails.get(count)
        if found is None:
            found = self._tails[count] = self.periods[len(self.periods) - count :]
            _shorten(self._tails, _MOST_PARTS)
        return found

    def then(self, future: Sequence[Period]) -> tuple[Period, ...]:
        """The periods and those after them; the same tuple each time for the same tuple."""
        if not isinstance(future, tuple):
            return (*self.periods, *future)
        known = self._longer.get(id(future))
        if known is None or known[0] is not future:
            joined = self._joined(timeline(future))
            known = self._longer[id(future)] = (future, joined.periods)
            _shorten(self._longer, _MOST_PARTS)
            _keep(joined)
        return known[1]

    def _joined(self, other: Timeline) -> Timeline:
        """What ``of`` makes of both, without reading the periods again."""
        return Timeline(
            periods=self.periods + other.periods,
            starts=_fixed(np.concatenate([self.starts, other.starts])),
            ends=_fixed(np.concatenate([self.ends, other.ends])),
            days=_fixed(np.concatenate([self.days, other.days])),
            holidays=_fixed(np.concatenate([self.holidays, other.holidays])),
        )


_kept: OrderedDict[int, Timeline] = OrderedDict()
_lock = threading.Lock()


def timeline(periods: Sequence[Period]) -> Timeline:
    """The arrays of a calendar; those of the tuples asked for last are kept."""
    if not isinstance(periods, tuple):
        return Timeline.of(tuple(periods))
    with _lock:
        known = _kept.get(id(periods))
        if known is not None and known.periods is periods:
            _kept.move_to_end(id(periods))
            return known
    made = Timeline.of(periods)
    _keep(made)
    return made


def _keep(made: Timeline) -> None:
    with _lock:  # what is kept holds its tuple, so that no other can take its identity
        _kept[id(made.periods)] = made
        _shorten(_kept, _MOST_KEPT)


def _shorten(kept: OrderedDict[int, V], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def _microseconds(seconds: list[float]) -> _Index:
    """Exact: until the year 2100 a float of seconds tells microseconds apart."""
    moments: _Index = np.rint(np.array(seconds, dtype=float) * _SECOND).astype(np.int64)
    return _fixed(moments)


def _fixed(array: npt.NDArray[S]) -> npt.NDArray[S]:
    """Many have it from here, so that none may change it."""
    array.flags.writeable = False
    return array
