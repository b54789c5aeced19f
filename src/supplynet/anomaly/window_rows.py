"""Windows of many series as rows: what detectors learn from that look at shape, not at values.

Every value is told as a surprise: how many spreads it lies from what the weeks before it lead to
expect (``learning.scaling``). So rows of all series and all levels can be learnt from together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from supplynet.anomaly.detector import Judged
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel
from supplynet.learning.scaling import Profile, Scaling, typical_level
from supplynet.learning.timelines import timeline
from supplynet.learning.windows import Occurrences, slot_codes

SHORTEST, LONGEST = 6, 125
_PAST = 16.0  # square spreads of one value, as far as it makes those after it odd
_MOST = 100.0  # spreads: beyond it one is as odd as another
_GAPS = 1 / 3  # share of a window that may be missing
_REACH = 21  # trailing units that the scaling looks back, see ``learning.scaling.tail_of``
_WARM_UNITS = 4  # in which a series must have been seen for as many periods as a window has
_CELLS = 2**21  # of windows at once, which bounds the memory
_HALF_LIFE = 1 / 7  # of a window: how fast what a period adds to the next ones fades


Opinion = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray, FloatArray]]
"""Of windows, shape (row, window): how odd each period of each is, in spreads squared, the same
shape; and what was usual for the last one, at least and at most, in spreads, (row,) each."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Surprises:
    """Demand in spreads from what was to be expected. All arrays have shape (series, period).

    Attributes:
        values: Surprises; NaN = not observed, or too little came before.
        location, spread: What undoes it, in parts.
    """

    values: FloatArray
    location: FloatArray
    spread: FloatArray

    def tail(self, count: int) -> Surprises:
        """The last ``count`` periods."""
        arrays = (self.values, self.location, self.spread)
        values, location, spread = (a[:, max(0, a.shape[1] - count) :] for a in arrays)
        return Surprises(values=values, location=location, spread=spread)

    def in_parts(self, values: FloatArray) -> FloatArray:
        """Surprises as demand, in parts; demand is not below 0."""
        return np.maximum(self.location + self.spread * values, 0.0)


@dataclass(frozen=True, kw_only=True)
class WindowRows:
    """How a panel is cut into windows; noted when a detector is fitted.

    Attributes:
        window: Periods in a window.
        shifts: Shift names in the order in which they are counted.
        season, unit: Of the calendar, see ``learning.scaling.Profile``.
        typical: Level of a series before its first observation, parts.
    """

    window: int
    shifts: tuple[str, ...]
    season: int
    unit: int
    typical: float

    @classmethod
    def of(cls, panel: Panel, window: int | None) -> WindowRows:
        """For a panel; None = windows of a week, between ``SHORTEST`` and ``LONGEST`` periods."""
        line = timeline(panel.periods)
        unit = line.trailing_unit
        return cls(
            window=window or min(max(unit, SHORTEST), LONGEST),
            shifts=line.shift_names,
            season=line.season_length,
            unit=unit,
            typical=typical_level(panel),
        )

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at."""
        return max(_REACH * max(self.season, self.unit), self._warm) + self.window

    @property
    def _warm(self) -> int:
        return _WARM_UNITS * max(self.unit, self.window)

    @property
    def needed(self) -> int:
        """Periods of history without which there is nothing to learn from."""
        return 3 * self.window

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "window": self.window,
            "shifts": list(self.shifts),
            "season": self.season,
            "unit": self.unit,
            "typical": self.typical,
        }

    @classmethod
    def of_dict(cls, told: dict[str, Any]) -> WindowRows:
        """What ``as_dict`` told."""
        return cls(**{**told, "shifts": tuple(told["shifts"])})

    def shards(self, panel: Panel) -> Iterator[Panel]:
        """The series of a panel, so few at a time that their windows fit the memory."""
        cells = max(1, len(panel.periods)) * self.window
        count = max(1, _CELLS // cells)
        for first in range(0, max(1, len(panel.series)), count):
            rows = slice(first, first + count)
            yield replace(panel, series=panel.series[rows], demand=panel.demand[rows])

    def surprises(self, panel: Panel) -> Surprises:
        """The values of a panel in units of what came before each; each series by itself."""
        profile = self._profile(panel)
        scaling = Scaling.of(profile)
        now = np.arange(len(panel.periods))
        location, spread = scaling.at(now, now)
        _, count = profile.level_sums.last(now, now, self._warm)
        values = np.clip((panel.demand - location) / spread, -_MOST, _MOST)
        values[count < self.window] = np.nan
        return Surprises(values=values, location=location, spread=spread)

    def _profile(self, panel: Panel) -> Profile:
        """The trailing profile, with the season that the detector was fitted on."""
        profile = Profile.of(panel, (), self.shifts, self.typical)
        if (profile.season, profile.unit) == (self.season, self.unit):
            return profile
        slots = Occurrences.of(slot_codes(panel.periods, self.shifts, self.season))
        return replace(profile, season=self.season, unit=self.unit, slots=slots)

    def rows(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Windows by the period that they end with, what is missing in them as 0.

        Args:
            values: Surprises, shape (series, period).

        Returns:
            Windows, shape (series, end, window), where ``end`` 0 is period ``window - 1``, and
            how much of each was observed, 0 to 1, NaN where that is too little; (series, end).
        """
        seen = ~np.isnan(values)
        filled = np.where(seen, values, 0.0)
        if values.shape[1] < self.window:
            return np.empty((len(values), 0, self.window)), np.empty((len(values), 0))
        cut = np.lib.stride_tricks.sliding_window_view
        share = cut(seen, self.window, axis=1).mean(axis=2)
        return cut(filled, self.window, axis=1), np.where(share > 1 - _GAPS - 1e-9, share, np.nan)

    def sample(self, panel: Panel, most: int, rng: np.random.Generator) -> FloatArray:
        """Windows to learn from, shape (row, window): all of them, or ``most`` by chance.

        Every series gives the same share of its windows.
        """
        total = len(panel.series) * max(0, len(panel.periods) - self.window + 1)
        kept = [np.empty((0, self.window))]
        for shard in self.shards(panel):
            rows, share = self.rows(self.surprises(shard).values)
            places = np.argwhere(~np.isnan(share))
            if total > most:
                places = places[rng.random(len(places)) < most / total]
            kept.append(rows[places[:, 0], places[:, 1]])
        return np.concatenate(kept)

    def judge(self, panel: Panel, last: int | None, opinion: Opinion, hindsight: bool) -> Judged:
        """What every detector of windows does with its opinion of them.

        Causal: the window ends with the period, and what its last periods bring counts most.
        With hindsight: the mean over all windows that contain it. The root of either is told.
        """
        last = len(panel.periods) if last is None else min(last, len(panel.periods))
        near = panel.tail(last + self.context)
        parts = [self._some(each, last, opinion, hindsight) for each in self.shards(near)]
        strangeness, expected, low, high = map(np.concatenate, zip(*parts, strict=True))
        return Judged(strangeness=strangeness, expected=expected, low=low, high=high)

    def _some(
        self, panel: Panel, last: int, opinion: Opinion, hindsight: bool
    ) -> tuple[FloatArray, ...]:
        told = self.surprises(panel)
        rows, share = self.rows(told.tail(last + self.window - 1).values)
        told, known = told.tail(last), ~np.isnan(share)
        squares, *levels = opinion(rows[known])
        made = np.full((4, *share.shape), np.nan)
        if not hindsight:  # an odd value was told when it came, and not again at those after it
            squares[:, :-1] = np.minimum(squares[:, :-1], _PAST)
        made[0, known] = squares.mean(axis=1) if hindsight else squares @ self.recency
        made[0] /= share  # what is missing adds next to nothing
        for place, level in enumerate(levels, start=1):
            made[place, known] = level
        odd = np.sqrt((self.over_windows if hindsight else self.at_ends)(made[0], last))
        parts = (told.in_parts(self.at_ends(level, last)) for level in made[1:])
        return (np.where(np.isnan(told.values), np.nan, odd), *parts)

    @property
    def recency(self) -> FloatArray:
        """How much each period of a window counts where it is judged by its end; sums to 1."""
        age = np.arange(self.window)[::-1]
        weights = 0.5 ** (age / (_HALF_LIFE * self.window))
        return np.asarray(weights / weights.sum())

    def at_ends(self, values: FloatArray, periods: int) -> FloatArray:
        """Values of windows as values of the periods that they end with; NaN before the first.

        Shape (series, end) -> (series, period).
        """
        ahead = np.full((len(values), periods - values.shape[1]), np.nan)
        return np.concatenate([ahead, values], axis=1)

    def over_windows(self, values: FloatArray, periods: int) -> FloatArray:
        """Mean over all windows that contain a period; values of windows are >= 0, or NaN.

        Shape (series, end) -> (series, period).
        """
        known = ~np.isnan(values)
        pad = ((0, 0), (1, periods - values.shape[1]))
        total = np.cumsum(np.pad(np.where(known, values, 0.0), pad), axis=1)
        count = np.cumsum(np.pad(known, pad), axis=1)
        last = np.arange(1, periods + 1)
        first = np.maximum(last - self.window, 0)
        total, count = total[:, last] - total[:, first], count[:, last] - count[:, first]
        mean = np.maximum(total, 0.0) / np.maximum(count, 1)
        return np.where(count > 0, mean, np.nan)
