"""Seasonally aligned look-backs: "the same shift of the same weekday, k times ago".

Alignment goes by the calendar, not by counting columns, so holidays, overtime and weeks of any
number of shifts never shift Monday's day shift onto Tuesday's night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Period

Index = npt.NDArray[np.int64]


def shift_codes(periods: Sequence[Period], names: Sequence[str]) -> Index:
    """Place of each period's shift in ``names``; an unknown shift is counted as the first."""
    place = {name: i for i, name in enumerate(names)}
    return np.array([place.get(period.shift, 0) for period in periods], dtype=np.int64)


def slot_codes(periods: Sequence[Period], names: Sequence[str]) -> Index:
    """One number per (weekday, shift): ``weekday * len(names) + shift``."""
    weekdays = np.array([period.local_date.weekday() for period in periods], dtype=np.int64)
    return weekdays * len(names) + shift_codes(periods, names)


def shift_names(periods: Sequence[Period]) -> tuple[str, ...]:
    """Shift names in the order of their first start."""
    return tuple(dict.fromkeys(period.shift for period in periods))


def season_length(periods: Sequence[Period]) -> int:
    """Periods in a week: 14 for two shifts a day, 7 for daily data, 10 for a five-day week.

    Counted as the (weekday, shift) slots that come up in at least every fourth week, so that a
    few overtime shifts do not make the week longer.
    """
    if not periods:
        return 1
    slots = slot_codes(periods, shift_names(periods))
    weeks = max(1.0, (periods[-1].local_date - periods[0].local_date).days / 7)
    return max(1, int((np.bincount(slots) >= weeks / 4).sum()))


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
