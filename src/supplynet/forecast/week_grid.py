"""A regular grid for methods that count columns: every season has the same number of places.

A calendar leaves out closed days and puts in overtime; a method that takes "14 columns ago" for
the same shift of last week would then slip. Here every regular slot of the week has its place in
every week, and what the calendar left out is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.closed_days import usual_demand
from supplynet.frames.panel import Panel, Period
from supplynet.learning.timelines import Timeline, timeline
from supplynet.learning.windows import Index, season_length


@dataclass(frozen=True, kw_only=True, eq=False)
class WeekGrid:
    """History on the grid, and where the periods ahead lie on it.

    Attributes:
        demand: Shape (series, place), NaN = not observed, closed, or not in the calendar.
        season: Places per season.
        ahead: Places after the last one of each future period, 1 = next; shape (step,).
    """

    demand: FloatArray
    season: int
    ahead: Index

    @classmethod
    def of(cls, panel: Panel, future: Sequence[Period], seasons: int) -> WeekGrid:
        """The last ``seasons`` seasons of a panel. Overtime outside the regular week is left out.

        A future period outside the regular week is given the place before it.
        """
        line = timeline(panel.periods)
        season = season_length(line.tail(400))
        history = panel.tail(seasons * season)
        recent = timeline(line.tail(len(history.periods)))
        places, regular = _places(timeline(recent.then(future)), season)
        count = len(history.periods)
        first = places[0] if count else 0
        last = places[count - 1] if count else -1
        demand = np.full((len(panel.series), last - first + 1), np.nan)
        kept = np.flatnonzero(regular[:count])
        demand[:, places[kept] - first] = usual_demand(history)[:, kept]
        ahead = np.maximum(places[count:] - last, 1)
        return cls(demand=demand, season=season, ahead=ahead)


def fill_gaps(demand: FloatArray, season: int) -> FloatArray:
    """One series from its first observation on, without gaps: linear between same places.

    Args:
        demand: Shape (place,), at least one observed.
        season: Places per season.
    """
    values = demand[np.flatnonzero(~np.isnan(demand))[0] :].copy()
    usual = np.nanmean(values)
    for phase in range(min(season, len(values))):
        part = values[phase::season]
        seen = np.flatnonzero(~np.isnan(part))
        filled = np.interp(np.arange(len(part)), seen, part[seen]) if len(seen) else usual
        values[phase::season] = np.where(np.isnan(part), filled, part)
    return np.asarray(values)


def _places(
    line: Timeline, season: int
) -> tuple[Index, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Place of each period, and whether its slot belongs to the regular season."""
    total = np.arange(len(line.periods))
    if line.frequency in {"week", "month"} or not line.periods:
        return total, np.ones(len(total), dtype=bool)
    slots = line.slot_codes(line.shift_names)
    counts = np.bincount(slots)
    often = np.argsort(-counts, kind="stable")[:season]  # season_length counted as many
    regular = np.zeros(len(counts), dtype=bool)
    regular[often] = True
    rank = np.maximum(np.cumsum(regular) - 1, 0)
    monday = line.days - line.weekdays
    weeks = (monday - monday[0]) // 7
    return np.asarray(weeks * season + rank[slots], dtype=np.int64), regular[slots]
