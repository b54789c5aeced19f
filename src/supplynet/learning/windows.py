"""Seasonally aligned look-backs: "the same shift of the same weekday, k times ago".

Alignment goes by the calendar, not by counting columns, so holidays, overtime and weeks of any
number of shifts never shift Monday's day shift onto Tuesday's night. Weeks and months have no
weekday: their slot is the place in the year, once the history is long enough to show a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Period
from supplynet.learning.timelines import Frequency, timeline

Index = npt.NDArray[np.int64]


def shift_codes(periods: Sequence[Period], names: Sequence[str]) -> Index:
    """Place of each period's shift in ``names``; an unknown shift is counted as the first."""
    return timeline(periods).shift_codes(names)


def frequency(periods: Sequence[Period]) -> Frequency:
    """How long the periods are, by their median; an empty calendar counts as days.

    "shift" has a name, "hour" is any other part of a day, and one of up to 3 hours even with a
    name: what tells it from the rest of its day is the clock.
    """
    return timeline(periods).frequency


def slot_codes(periods: Sequence[Period], names: Sequence[str], season: int | None = None) -> Index:
    """One number per place in the season.

    Days and shifts: ``weekday * len(names) + shift``. Hours: weekday and hour of the site's day.
    Weeks and months: the ISO week (53 counts as 52) and the month when ``season`` is a year,
    otherwise 0 for all.

    Args:
        periods: History and future.
        names: Shift names in the order in which they are counted.
        season: ``season_length`` of the history; None = of ``periods``.
    """
    return timeline(periods).slot_codes(names, season)


def minutes_of_day(periods: Sequence[Period]) -> Index:
    """Minutes from the site's midnight to each start, in [0, 1440).

    A midnight is where the local date changes between two periods without a gap; the last one
    counts, so that summer time moves nothing but the day it begins on. A site that stands still
    over every midnight is told by UTC: its slots are the same, under another number.
    """
    return timeline(periods).minutes_of_day


def shift_names(periods: Sequence[Period]) -> tuple[str, ...]:
    """Shift names in the order of their first start."""
    return timeline(periods).shift_names


def season_length(periods: Sequence[Period]) -> int:
    """Periods in a season, which is a week for hours, shifts and days, else a year.

    14 for two shifts a day, 7 for daily data, 10 for a five-day week, 24 * 7 for hours (its
    days differ by more than its hours do alone). Counted as the slots of the week that come up
    in at least every fourth week, so that a few overtime shifts do not make the week longer.
    52 for weeks with three years of history and 12 for months with two, 1 with less: a yearly
    pattern cannot be told from chance sooner.
    """
    return timeline(periods).season_length


def trailing_unit(periods: Sequence[Period]) -> int:
    """Periods that trailing windows count as one unit: a week, 4 weeks of weeks, 3 of months.

    A level over "the last four" is then four weeks, 16 weeks or a year.
    """
    return timeline(periods).trailing_unit


@dataclass(frozen=True, kw_only=True, eq=False)
class Occurrences:
    """Where each code (slot or shift) occurs among the periods.

    Attributes:
        codes: Code of each period, shape (period,).
        positions: Periods of each code, ascending, padded with -1; shape (code, most).
        before: How often a code occurred before a period; shape (code, period + 1).
    """

    codes: Index
    positions: Index
    before: Index

    @classmethod
    def of(cls, codes: Index) -> Occurrences:
        """Index the codes of all periods, history and future."""
        kinds = int(codes.max(initial=0)) + 1
        hits = codes[None, :] == np.arange(kinds)[:, None]
        before = np.zeros((kinds, len(codes) + 1), dtype=np.int64)
        np.cumsum(hits, axis=1, out=before[:, 1:])
        positions = np.full((kinds, max(1, int(before[:, -1].max(initial=0)))), -1, dtype=np.int64)
        positions[codes, before[codes, np.arange(len(codes))]] = np.arange(len(codes))
        return cls(codes=codes, positions=positions, before=before)

    def previous(self, targets: Index, origins: Index, count: int, max_age: int) -> Index:
        """The last ``count`` periods before each origin with the code of its target.

        Args:
            targets: Period of each pair, shape (pair,).
            origins: Nothing at or after the origin of a pair is known, shape (pair,).
            count: How many to look back, newest first.
            max_age: Periods older than this before the origin are not looked at.

        Returns:
            Shape (pair, count), -1 where there is none.
        """
        codes = self.codes[targets]
        rank = self.before[codes, origins][:, None] - 1 - np.arange(count)
        found = np.where(rank >= 0, self.positions[codes[:, None], np.maximum(rank, 0)], -1)
        return np.where(found >= origins[:, None] - max_age, found, -1)


def gather(demand: FloatArray, index: Index) -> FloatArray:
    """Values at ``index``; NaN where it is -1. Shapes (series, period), (...) -> (series, ...)."""
    if not demand.shape[1]:
        return np.full((len(demand), *index.shape), np.nan)
    values = demand[:, np.maximum(index, 0)]
    values[:, index < 0] = np.nan
    return values


@dataclass(frozen=True, kw_only=True, eq=False)
class RunningSums:
    """Sums and counts of observed values over the last occurrences of a code, by differences.

    Attributes:
        occurrences: Index of the code.
        sums, counts: Running totals, shape (code, occurrence + 1, series).
    """

    occurrences: Occurrences
    sums: FloatArray
    counts: FloatArray

    @classmethod
    def of(cls, demand: FloatArray, occurrences: Occurrences) -> RunningSums:
        """Running totals of ``demand``, shape (series, period); later periods may lack columns."""
        periods = demand.shape[1]
        index = np.where(occurrences.positions < periods, occurrences.positions, -1)
        values = np.moveaxis(gather(demand, index), 0, 2)  # (code, occurrence, series)
        seen = ~np.isnan(values)
        codes, occurred, series = values.shape
        sums, counts = np.zeros((2, codes, occurred + 1, series))
        np.cumsum(np.where(seen, values, 0.0), axis=1, out=sums[:, 1:])
        np.cumsum(seen, axis=1, out=counts[:, 1:], dtype=float)
        return cls(occurrences=occurrences, sums=sums, counts=counts)

    def last(self, targets: Index, origins: Index, window: int) -> tuple[FloatArray, FloatArray]:
        """Sum and count of the last ``window`` occurrences before each origin, (series, pair)."""
        codes = self.occurrences.codes[targets]
        end = self.occurrences.before[codes, origins]
        start = np.maximum(end - window, 0)
        total = self.sums[codes, end] - self.sums[codes, start]
        count = self.counts[codes, end] - self.counts[codes, start]
        return total.T, count.T
