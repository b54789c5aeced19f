"""The rows of one shard and what a feature may ask about them.

``trailing`` is the only way to the history: it hands a statistic the windows that end at the last
occurrence finished at each row's cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.as_known import NONE
from supplynet.frames.features import kernels
from supplynet.frames.features.pairs import By, Group, Pairs
from supplynet.frames.features.source import Source

Kernel: TypeAlias = Callable[[FloatArray, int], FloatArray]
"""A statistic of every window; see ``kernels``."""

T = TypeVar("T", bound=np.generic)

PIECE_CELLS = 60_000
"""Cells of (series, pair) worked on at once: a column of them fits the processor's cache."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows of the series ``[first, last)`` of the source; arrays have shape (series, pair).

    Attributes:
        source: Demand and the tables beside it.
        pairs: Target period and cutoff of each pair.
        first, last: The series of this shard.
    """

    source: Source
    pairs: Pairs
    first: int
    last: int

    @property
    def series(self) -> tuple[tuple[str, str], ...]:
        """``(location_id, part_id)`` of each series."""
        return self.source.series[self.first : self.last]

    def of_series(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """The shard's part of an array over all series."""
        return values[self.first : self.last]

    @property
    def demand(self) -> FloatArray:
        """Demand of every period, shape (series, period); only for ``trailing``."""
        return self.of_series(self.source.demand)

    @cached_property
    def date_demand(self) -> FloatArray:
        """Demand of every local date, shape (series, date); NaN where none of it was observed.

        Shifts of the date that were not observed count with the mean of its others.
        """
        firsts = self.pairs.date_firsts
        lengths = np.diff(firsts, append=len(self.pairs.periods))
        total = np.zeros((len(self.demand), len(firsts)))
        seen = np.zeros_like(total)
        for place in range(int(lengths.max(initial=0))):
            there = np.flatnonzero(lengths > place)
            values = self.demand[:, firsts[there] + place]
            observed = ~np.isnan(values)
            total[:, there] += np.where(observed, values, 0.0)
            seen[:, there] += observed
        return np.where(seen > 0, total / np.maximum(seen, 1.0) * lengths, np.nan)

    def trailing(
        self, values: FloatArray, kernel: Kernel, window: int, by: By = "period"
    ) -> FloatArray:
        """A statistic of the last ``window`` occurrences finished at each cutoff.

        Args:
            values: Shape (series, period), NaN = not observed.
            kernel: Of a window of any length, e.g. ``kernels.mean``.
            window: Occurrences; where fewer have been, those that have.
            by: Which periods are occurrences.

        Returns:
            Shape (series, pair).
        """
        return _trailing(values, kernel, window, self.pairs.groups(by), len(self.pairs))

    def trailing_dates(self, kernel: Kernel, days: int) -> FloatArray:
        """A statistic of the last ``days`` local dates finished at each cutoff, (series, pair)."""
        return _trailing(self.date_demand, kernel, days, self.pairs.dates(), len(self.pairs))

    def mean(self, window: int, by: By = "period") -> FloatArray:
        """Mean demand of the last occurrences; kept, as several features ask for it."""
        key = (window, by)
        if key not in self._means:
            self._means[key] = self.trailing(self.demand, kernels.mean, window, by)
        return self._means[key]

    @cached_property
    def _means(self) -> dict[tuple[int, By], FloatArray]:
        return {}

    def ratio(
        self, above: FloatArray, below: FloatArray, window: int, by: By = "period"
    ) -> FloatArray:
        """Sum of ``above`` over sum of ``below`` where both were observed, (series, pair)."""
        both = ~(np.isnan(above) | np.isnan(below))
        sums = [
            self.trailing(np.where(both, values, np.nan), kernels.total, window, by)
            for values in (above, below)
        ]
        return kernels.ratio(*sums)

    def of_line(
        self, key: tuple[Hashable, ...], statistic: Callable[[Rows], FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        """Sum of a statistic over all parts of each row's line, and of how many parts.

        A part whose statistic is NaN is left out. Parts of other shards count as well.

        Args:
            key: Names the statistic: the sums are kept for the other shards of the line.
            statistic: Of any rows, shape (series, pair).

        Returns:
            Two arrays of shape (series, pair).
        """
        line_of = self.source.line_of
        lines = range(int(line_of[self.first]), int(line_of[self.last - 1]) + 1)
        sums = [self._line_sum(line, key, statistic) for line in lines]
        place = self.of_series(line_of) - lines.start
        return np.stack([s for s, _ in sums])[place], np.stack([n for _, n in sums])[place]

    def _line_sum(
        self, line: int, key: tuple[Hashable, ...], statistic: Callable[[Rows], FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        kept, name = self.pairs.memo, (line, *key)
        if name not in kept:
            first, last = np.searchsorted(self.source.line_of, [line, line + 1])
            total, number = np.zeros(len(self.pairs)), np.zeros(len(self.pairs))
            for piece in pieces(self.source, self.pairs, int(first), int(last)):
                # One part after the other, in the order of the series: the sum must not depend on
                # how the parts were cut into pieces.
                for values in statistic(piece):
                    seen = ~np.isnan(values)
                    total += np.where(seen, values, 0.0)
                    number += seen
            kept[name] = total, number
        return kept[name]

    def planned_units(self, product: str | None) -> FloatArray:
        """Units that the target's plan had at the cutoff, shape (series, pair)."""
        lines, place = np.unique(self.of_series(self.source.line_of), return_inverse=True)
        targets, cutoffs = self.pairs.targets[None, :], self.pairs.cutoffs[None, :]
        units = self.source.plan.units(lines[:, None], targets, cutoffs, product)
        return np.asarray(units[place])

    def units_built(self, product: str | None) -> FloatArray:
        """Units of each line and period as its plan stood at the period's end, (series, period)."""
        built = self.source.plan.units_built(product)
        return np.asarray(built[self.of_series(self.source.line_of)])

    def stock_column(self, column: str) -> FloatArray:
        """The newest stock figure at each cutoff, shape (series, pair)."""
        stock, entries = self.source.stock
        series = np.arange(self.first, self.last)[:, None]
        cutoffs = self.pairs.cutoffs[None, :]
        found = entries.newest(series, cutoffs, cutoffs)
        values = np.append(stock[column].cast(pl.Float64).to_numpy(), np.nan)
        return np.asarray(values[np.where(found == NONE, len(values) - 1, found)])


def pieces(source: Source, pairs: Pairs, first: int, last: int) -> list[Rows]:
    """The series ``[first, last)`` in shards of at most ``PIECE_CELLS`` rows (or one series)."""
    size = max(1, PIECE_CELLS // max(1, len(pairs)))
    return [
        Rows(source=source, pairs=pairs, first=start, last=min(start + size, last))
        for start in range(first, last, size)
    ]


def _trailing(
    values: FloatArray, kernel: Kernel, window: int, groups: tuple[Group, ...], pairs: int
) -> FloatArray:
    out = np.empty((len(values), pairs))
    for group in groups:
        least, most = int(group.ranks.min()), int(group.ranks.max())
        # Only what the windows cover is touched: a live row costs one window, not a history.
        oldest = max(0, least - window)
        columns = group.positions[oldest:most]
        padded = np.full((len(values), window + most - least), np.nan)
        if len(columns):
            padded[:, padded.shape[1] - len(columns) :] = values[:, columns]
        figures = kernel(padded, window)
        out[:, group.pairs] = figures[:, group.ranks - least]
    return out
