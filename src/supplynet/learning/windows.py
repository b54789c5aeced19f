"""Seasonally aligned look-backs: "the same shift of the same weekday, k times ago".

Alignment goes by the calendar, not by counting columns, so holidays, overtime and weeks of any
number of shifts never shift Monday's day shift onto Tuesday's night. Weeks and months have no
weekday: their slot is the place in the year, once the history is long enough to show a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Period

Index = npt.NDArray[np.int64]
Frequency = Literal["hour", "shift", "day", "week", "month"]

_DAY_MINUTES = 24 * 60
_YEARS_OF_WEEKS = 3  # years that a yearly pattern of weeks, or of months, must have been seen
_YEARS_OF_MONTHS = 2
_WEEKS_A_YEAR, _MONTHS_A_YEAR = 52, 12


def shift_codes(periods: Sequence[Period], names: Sequence[str]) -> Index:
    """Place of each period's shift in ``names``; an unknown shift is counted as the first."""
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(period.shift, 0) for period in periods], dtype=np.int64)


def frequency(periods: Sequence[Period]) -> Frequency:
    """How long the periods are, by their median; an empty calendar counts as days.

    "shift" has a name, "hour" is any other part of a day, and one of up to 3 hours even with a
    name: what tells it from the rest of its day is the clock.
    """
    if not periods:
        return "day"
    minutes = float(np.median([period.minutes for period in periods]))
    if minutes <= 3 * 60:
        return "hour"
    if minutes > 20 * _DAY_MINUTES:
        return "month"
    if minutes > 4 * _DAY_MINUTES:
        return "week"
    if any(period.shift for period in periods):
        return "shift"
    return "hour" if minutes < 0.8 * _DAY_MINUTES else "day"


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
    of = frequency(periods)
    if of in {"week", "month"}:
        year = (season or season_length(periods)) > 1
        places = [_place_in_year(period, of) if year else 0 for period in periods]
        return np.array(places, dtype=np.int64)
    weekdays = np.array([period.local_date.weekday() for period in periods], dtype=np.int64)
    if of == "hour":
        codes = weekdays * _DAY_MINUTES + minutes_of_day(periods)
        return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)
    return weekdays * len(names) + shift_codes(periods, names)


def _place_in_year(period: Period, of: Frequency) -> int:
    if of == "month":
        return period.local_date.month - 1
    return min(period.local_date.isocalendar().week, _WEEKS_A_YEAR) - 1


def minutes_of_day(periods: Sequence[Period]) -> Index:
    """Minutes from the site's midnight to each start, in [0, 1440).

    A midnight is where the local date changes between two periods without a gap; the last one
    counts, so that summer time moves nothing but the day it begins on. A site that stands still
    over every midnight is told by UTC: its slots are the same, under another number.
    """
    starts = np.array([period.start.astimezone(UTC).timestamp() / 60 for period in periods])
    joined = [a.local_date != b.local_date and a.end == b.start for a, b in pairwise(periods)]
    changes = np.flatnonzero([False, *joined])
    if not len(changes):
        return np.asarray(starts % _DAY_MINUTES, dtype=np.int64)
    latest = np.searchsorted(changes, np.arange(len(periods)), side="right") - 1
    midnights = starts[changes[np.maximum(latest, 0)]]
    return np.asarray((starts - midnights) % _DAY_MINUTES, dtype=np.int64)


def shift_names(periods: Sequence[Period]) -> tuple[str, ...]:
    """Shift names in the order of their first start."""
    return tuple(dict.fromkeys(period.shift for period in periods))


def season_length(periods: Sequence[Period]) -> int:
    """Periods in a season, which is a week for hours, shifts and days, else a year.

    14 for two shifts a day, 7 for daily data, 10 for a five-day week, 24 * 7 for hours (its
    days differ by more than its hours do alone). Counted as the slots of the week that come up
    in at least every fourth week, so that a few overtime shifts do not make the week longer.
    52 for weeks with three years of history and 12 for months with two, 1 with less: a yearly
    pattern cannot be told from chance sooner.
    """
    if not periods:
        return 1
    of, days = frequency(periods), (periods[-1].end - periods[0].start).days
    if of == "week":
        return _WEEKS_A_YEAR if days >= 7 * _WEEKS_A_YEAR * _YEARS_OF_WEEKS else 1
    if of == "month":
        return _MONTHS_A_YEAR if days >= 365 * _YEARS_OF_MONTHS else 1
    slots = slot_codes(periods, shift_names(periods))
    weeks = max(1.0, (periods[-1].local_date - periods[0].local_date).days / 7)
    return max(1, int((np.bincount(slots) >= weeks / 4).sum()))


def trailing_unit(periods: Sequence[Period]) -> int:
    """Periods that trailing windows count as one unit: a week, 4 weeks of weeks, 3 of months.

    A level over "the last four" is then four weeks, 16 weeks or a year.
    """
    of = frequency(periods)
    return {"week": 4, "month": 3}.get(of) or season_length(periods)


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
        totals = [np.where(seen, values, 0.0), seen.astype(float)]
        padded = [np.pad(np.cumsum(t, axis=1), ((0, 0), (1, 0), (0, 0))) for t in totals]
        return cls(occurrences=occurrences, sums=padded[0], counts=padded[1])

    def last(self, targets: Index, origins: Index, window: int) -> tuple[FloatArray, FloatArray]:
        """Sum and count of the last ``window`` occurrences before each origin, (series, pair)."""
        codes = self.occurrences.codes[targets]
        end = self.occurrences.before[codes, origins]
        start = np.maximum(end - window, 0)
        total = self.sums[codes, end] - self.sums[codes, start]
        count = self.counts[codes, end] - self.counts[codes, start]
        return total.T, count.T
