"""Which (target period, cutoff) pairs the rows are, and what lies before each cutoff.

All looking back goes through ``Group.ranks``: how many occurrences were finished at the cutoff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.as_known import Index
from supplynet.frames.panel import Period

By: TypeAlias = Literal["period", "shift", "weekday", "slot"]
"""Which periods count as the same: all, those of the target's shift, of its weekday (local date),
or of both."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Pairs whose targets look back at the same occurrences.

    Attributes:
        positions: Those occurrences, as periods (or dates), ascending.
        pairs: The pairs, ascending.
        ranks: How many of ``positions`` were finished at the cutoff of each, shape (pair,).
    """

    positions: Index
    pairs: Index
    ranks: Index


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """The rows of each series.

    Attributes:
        periods: History and future, ascending.
        targets: Period of each pair, shape (pair,).
        origins: Number of periods that were finished at its cutoff, shape (pair,).
        cutoffs: Moment of its cutoff, microseconds, shape (pair,).
    """

    periods: tuple[Period, ...]
    targets: Index
    origins: Index
    cutoffs: Index

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def starts(self) -> Index:
        """Start of every period, microseconds."""
        return microseconds_of([period.start for period in self.periods])

    @cached_property
    def steps(self) -> Index:
        """1 for the first whole period after the cutoff, 0 for the one that runs at it."""
        after = np.minimum(self.origins, max(0, len(self.periods) - 1))
        running = (self.origins < len(self.periods)) & (self.starts[after] < self.cutoffs)
        return np.asarray(self.targets - self.origins + 1 - running)

    @cached_property
    def _groups(self) -> dict[By | Literal["date"], tuple[Group, ...]]:
        return {}

    def groups(self, by: By) -> tuple[Group, ...]:
        """The pairs by what they look back at."""
        if by not in self._groups:
            codes = _codes(self.periods, by)
            wanted = codes[self.targets]
            self._groups[by] = tuple(
                self._group(np.flatnonzero(codes == code), np.flatnonzero(wanted == code))
                for code in np.unique(wanted)
            )
        return self._groups[by]

    def _group(self, positions: Index, pairs: Index) -> Group:
        ranks = np.searchsorted(positions, self.origins[pairs])
        return Group(positions=positions, pairs=pairs, ranks=ranks)

    def dates(self) -> tuple[Group, ...]:
        """The pairs over local dates: a date is finished when its last shift is."""
        if "date" not in self._groups:
            ends = np.append(self.date_firsts[1:], len(self.periods))
            ranks = np.searchsorted(ends, self.origins, side="right")
            every = np.arange(len(self))
            group = Group(positions=np.arange(len(ends)), pairs=every, ranks=ranks)
            self._groups["date"] = (group,)
        return self._groups["date"]

    @cached_property
    def date_firsts(self) -> Index:
        """First period of each local date, shape (date,)."""
        days = np.array([period.local_date.toordinal() for period in self.periods])
        return np.flatnonzero(np.diff(days, prepend=0))

    @cached_property
    def at_origins(self) -> tuple[Pairs, Index]:
        """One pair per different origin, and which of them each pair belongs to.

        Only for what looks at all periods alike: cutoff and target of these pairs are not asked.
        """
        origins, place = np.unique(self.origins, return_inverse=True)
        targets = np.zeros_like(origins)
        one = Pairs(periods=self.periods, targets=targets, origins=origins, cutoffs=origins)
        return one, place

    @cached_property
    def memo(self) -> dict[tuple[object, ...], tuple[FloatArray, FloatArray]]:
        """Figures of whole lines, kept for the other shards of the same table."""
        return {}


def pairs_for(
    periods: tuple[Period, ...],
    steps: Sequence[int],
    cutoffs: Sequence[datetime] | None = None,
) -> Pairs:
    """Pairs of every cutoff with the periods ``steps`` ahead, by cutoff and then by step.

    Args:
        periods: History and future, ascending.
        steps: 1 = the first whole period after the cutoff; 0 = the one that runs at it, if any.
        cutoffs: Aware moments; None = the end of every period.

    Raises:
        InvalidInput: Steps below 0, doubled or none; a naive cutoff; periods that overlap.
    """
    wanted = sorted(set(steps))
    if not wanted or wanted[0] < 0 or len(wanted) != len(steps) or any(w % 1 for w in wanted):
        raise InvalidInput(f"steps are {list(steps)}; give different whole numbers from 0 on")
    starts, ends = (microseconds_of([getattr(p, at) for p in periods]) for at in ("start", "end"))
    if (starts[1:] < ends[:-1]).any() or (ends <= starts).any():
        raise InvalidInput("the periods overlap or are not in order of time; sort them")
    moments = ends if cutoffs is None else np.unique(microseconds_of(cutoffs))
    origins = np.searchsorted(ends, moments, side="right")
    running = np.append(starts, np.iinfo(np.int64).max)[origins] < moments
    targets = (origins + running)[:, None] + np.array(wanted, dtype=np.int64) - 1
    there = (targets >= origins[:, None]) & (targets < len(periods))
    row, _ = np.nonzero(there)
    return Pairs(
        periods=periods, targets=targets[there], origins=origins[row], cutoffs=moments[row]
    )


def pairs_at(periods: tuple[Period, ...], targets: Index, origins: Index) -> Pairs:
    """Pairs of given targets and origins, each known at the end of the last period before it.

    Args:
        periods: History and future, ascending.
        targets: Period of each pair, shape (pair,); it may lie before its origin.
        origins: Periods that were finished at its cutoff, shape (pair,).
    """
    ends = microseconds_of([periods[0].start, *(period.end for period in periods)])
    return Pairs(periods=periods, targets=targets, origins=origins, cutoffs=ends[origins])


def microseconds_of(moments: Sequence[datetime]) -> Index:
    """Moments as whole microseconds since 1970.

    Raises:
        InvalidInput: One has no time zone.
    """
    naive = [moment for moment in moments if moment.tzinfo is None]
    if naive:
        raise InvalidInput(f"{naive[0].isoformat()} has no time zone; give aware times")
    return np.array([round(moment.timestamp() * 1e6) for moment in moments], dtype=np.int64)


def _codes(periods: Sequence[Period], by: By) -> Index:
    shifts = {name: i for i, name in enumerate(dict.fromkeys(p.shift for p in periods))}
    shift = np.array([shifts[period.shift] for period in periods], dtype=np.int64)
    weekday = np.array([period.local_date.weekday() for period in periods], dtype=np.int64)
    codes = {"period": shift * 0, "shift": shift, "weekday": weekday}
    return codes[by] if by in codes else weekday * len(shifts) + shift
