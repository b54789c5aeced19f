"""Window scaling: every series is told in units of its own recent profile and spread.

A global model learns from ``(demand - location) / spread``. Both come from a trailing window
that ends at the origin, so level, trend and weekly profile may move, and a series of thousands
weighs as much as one of tens. The model only has to learn what the profile does not say.

A *pair* is (target period, origin): nothing at or after the origin is known. Each series is
scaled by itself alone, so a shard of the series gets the same figures as all of them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel, Period
from supplynet.learning.timelines import timeline
from supplynet.learning.windows import (
    Index,
    Occurrences,
    RunningSums,
    gather,
    season_length,
    shift_codes,
    slot_codes,
    trailing_unit,
)

SLOT_WEEKS = 8
_DECAY = 0.85  # weight of a week relative to the one after it
_LEVEL_WEEKS = 4
_SPREAD_WEEKS = 8
_MAX_AGE_WEEKS = 10  # older occurrences of a slot are not looked at
_TAIL_WEEKS = 2 * _MAX_AGE_WEEKS + 1  # history that settles every figure in this module
_PRIOR_CV = 0.3
_FLOOR = 0.25  # parts squared: keeps a series without demand from a division by zero
_TYPICAL_WEIGHT = 0.05  # observations
_MOST_REMEMBERED = 4  # scalings
_MOST_CELLS = 2**16  # of demand in one: a larger panel costs more to keep than to scale again


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """Trailing weekly profile of a panel.

    Attributes:
        demand: Shape (series, period), NaN = not observed.
        season: Periods per season (``windows.season_length``): a week for shifts and days.
        unit: Periods that the trailing windows count as a week (``windows.trailing_unit``).
        slots, shifts: Occurrences of (weekday, shift) and of shifts, future included.
        shift_sums, level_sums: Running totals of demand by shift and over all.
        typical: Level of a series before its first observation, parts.
    """

    demand: FloatArray
    season: int
    unit: int
    slots: Occurrences
    shifts: Occurrences
    shift_sums: RunningSums
    level_sums: RunningSums
    typical: float

    @classmethod
    def of(
        cls, panel: Panel, future: Sequence[Period], names: Sequence[str], typical: float
    ) -> Profile:
        """The profile of ``panel``, with calendar places for ``future`` periods.

        Args:
            panel: History up to the cutoff.
            future: Periods to forecast.
            names: Shift names in the order in which the model counts them.
            typical: See ``typical_level``; of the panel that the model was trained on.
        """
        periods = timeline(panel.periods).then(future)
        shifts = Occurrences.of(shift_codes(periods, names))
        every = Occurrences.of(np.zeros(len(periods), dtype=np.int64))
        season = season_length(panel.periods)
        return cls(
            demand=panel.demand,
            season=season,
            unit=trailing_unit(panel.periods),
            slots=Occurrences.of(slot_codes(periods, names, season)),
            shifts=shifts,
            shift_sums=RunningSums.of(panel.demand, shifts),
            level_sums=RunningSums.of(panel.demand, every),
            typical=typical,
        )

    @property
    def per_week(self) -> int:
        """Periods of one shift in a week."""
        return max(1, round(self.unit / len(self.shifts.before)))

    def level(self, targets: Index, origins: Index) -> FloatArray:
        """Mean of the last four weeks before each origin, shape (series, pair)."""
        total, count = self.level_sums.last(targets, origins, _LEVEL_WEEKS * self.unit)
        weight = _TYPICAL_WEIGHT
        return (total + weight * self.typical) / (count + weight)

    def location(self, targets: Index, origins: Index) -> FloatArray:
        """Expected demand by the profile alone, shape (series, pair), parts.

        A weighted mean of the slot's last eight weeks, shrunk towards the shift's mean, which is
        shrunk towards the level: what a cold series lacks is filled from the coarser figure.
        """
        total, count = self.shift_sums.last(targets, origins, _LEVEL_WEEKS * self.per_week)
        shift = (total + 2.0 * self.level(targets, origins)) / (count + 2.0)
        total, weight = shift, np.ones_like(shift)
        # Week by week: all at once would take eight times the memory, which bounds the series.
        for week, index in enumerate(self._slot_index(targets, origins, SLOT_WEEKS).T):
            values = gather(self.demand, index)
            seen = ~np.isnan(values)
            total += _DECAY**week * np.where(seen, values, 0.0)
            weight += _DECAY**week * seen
        return np.asarray(total / weight)

    def slot_lags(self, targets: Index, origins: Index, count: int) -> FloatArray:
        """Demand in the target's slot, newest first, shape (series, pair, count)."""
        return gather(self.demand, self._slot_index(targets, origins, count))

    def _slot_index(self, targets: Index, origins: Index, count: int) -> Index:
        """Periods in the target's slot, newest first, -1 = none; shape (pair, count)."""
        return self.slots.previous(
            targets, origins, count, _MAX_AGE_WEEKS * max(self.season, self.unit)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """Location and spread of every (series, pair).

    Attributes:
        profile: Where the location comes from.
        errors: One-step errors of the profile over the history, shape (series, period), parts.
        squares: Running totals of their squares, by shift.
    """

    profile: Profile
    errors: FloatArray
    squares: RunningSums

    @classmethod
    def of(cls, profile: Profile) -> Scaling:
        """Measure the errors that the profile would have made period by period."""
        now = np.arange(profile.demand.shape[1])
        errors = profile.demand - profile.location(now, now)
        return cls(
            profile=profile, errors=errors, squares=RunningSums.of(errors**2, profile.shifts)
        )

    @cached_property
    def surprises(self) -> FloatArray:
        """One-step errors of the profile in units of the spread then, shape (series, period)."""
        now = np.arange(self.errors.shape[1])
        return np.asarray(self.errors / self.at(now, now)[1])

    def at(self, targets: Index, origins: Index) -> tuple[FloatArray, FloatArray]:
        """Location and spread, each of shape (series, pair), in parts; the spread is > 0.

        The spread is the root mean square error in the shift's last eight weeks. A prior of four
        observations (Poisson noise and a 30 % coefficient of variation) stands in for what has
        not been observed.
        """
        location = self.profile.location(targets, origins)
        window = _SPREAD_WEEKS * self.profile.per_week
        total, count = self.squares.last(targets, origins, window)
        prior = (_PRIOR_CV * location) ** 2 + location + _FLOOR
        return location, np.asarray(np.sqrt((total + 4.0 * prior) / (count + 4.0)))


def tail_of(panel: Panel) -> Panel:
    """The part of a long history that scaling looks at, so that every forecast costs the same."""
    line = timeline(panel.periods)
    recent = line.tail(400)
    count = _TAIL_WEEKS * max(season_length(recent), trailing_unit(recent))
    periods = line.tail(count)
    first = len(panel.periods) - len(periods)
    return replace(panel, periods=periods, demand=panel.demand[:, first:])


def scaling_of(
    panel: Panel, future: Sequence[Period], names: Sequence[str], typical: float
) -> Scaling:
    """The scaling of a panel that is forecast: the members of an ensemble ask for the same one.

    The last few of small panels are remembered, by what is in them. Arguments as for
    ``Profile.of``.
    """
    if panel.demand.size > _MOST_CELLS:
        return Scaling.of(Profile.of(panel, future, names, typical))
    periods = timeline(panel.periods).then(future)
    content = panel.demand.tobytes()
    key = (content, panel.demand.shape, id(periods), tuple(names), typical)
    with _lock:
        known = _remembered.get(key)
    if known is not None and known[0] is periods:
        return known[1]
    own = np.frombuffer(content, panel.demand.dtype).reshape(panel.demand.shape)
    kept = replace(panel, demand=own)  # nobody can change it
    made = Scaling.of(Profile.of(kept, future, names, typical))
    with _lock:
        _remembered[key] = (periods, made)
        while len(_remembered) > _MOST_REMEMBERED:
            _remembered.popitem(last=False)
    return made


_remembered: OrderedDict[tuple[object, ...], tuple[tuple[Period, ...], Scaling]] = OrderedDict()
_lock = threading.Lock()


def typical_level(panel: Panel) -> float:
    """Median of the series' means: all that is known of a series without any observation."""
    seen = ~np.isnan(panel.demand)
    counts = seen.sum(axis=1)
    means = np.where(seen, panel.demand, 0.0).sum(axis=1) / np.maximum(counts, 1)
    return float(np.median(means[counts > 0])) if (counts > 0).any() else 0.0
