"""Demand in a window of time on sample paths: summed over a path, never over quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths

_MINUTE = 60.0
_BLOCK = 512
"""Pairs that are read at once: their rows stay in the cache."""
_PATHS = 8
"""Paths that are summed at once, for the same reason."""


class PairDemand:
    """Cumulative demand of each pair on each path, to be read at any moment.

    A pair's demand is the sum of its series on the same path, so what series share is kept.
    Inside a period demand is spread evenly; between periods there is none.

    Args:
        values: Demand, shape (path, series, step).
        period_starts, period_ends: Aware, one per step, ascending.
        pair_of_series: Pair index of each series, -1 = no pair, shape (series,).
        pairs: Number of pairs.
        cutoff: Demand of step 0 is spread from here on when it lies inside the step.
    """

    def __init__(
        self,
        values: npt.NDArray[np.integer],
        *,
        period_starts: Sequence[datetime],
        period_ends: Sequence[datetime],
        pair_of_series: npt.NDArray[np.integer],
        pairs: int,
        cutoff: datetime,
    ) -> None:
        self._origin = cutoff
        starts = [max((moment - cutoff).total_seconds() / _MINUTE, 0.0) for moment in period_starts]
        ends = [(moment - cutoff).total_seconds() / _MINUTE for moment in period_ends]
        self._starts, self._ends = np.array(starts), np.array(ends)
        # Pairs last: a path reads one row of all pairs at its moment.
        self._before = _cumulative(values, pair_of_series, pairs)

    def between(
        self,
        now: datetime,
        until_minutes: FloatArray,
        pairs: npt.NDArray[np.integer],
        group_of_pair: npt.NDArray[np.integer],
    ) -> IntArray:
        """Demand from ``now`` until ``now + until_minutes``, rounded to whole parts.

        What lies after the last period counts as none: give enough periods.

        Args:
            now: Start of the window, not before the cutoff.
            until_minutes: Ends of the windows, shape (path or 1, group): pairs on one vehicle
                share the moment on a path, random transit makes it differ between paths.
            pairs: The pairs to read, shape (pair,).
            group_of_pair: Which end each of them has, shape (pair,).

        Returns:
            Shape (path, pair), int32.
        """
        begin = (now - self._origin).total_seconds() / _MINUTE
        paths = len(self._before)
        result = np.empty((paths, len(pairs)), dtype=np.int32)
        start = self._step(np.full(paths, begin))
        for group in np.unique(group_of_pair):
            ends = np.broadcast_to(begin + until_minutes[:, group], paths)
            end, columns = self._step(ends), np.flatnonzero(group_of_pair == group)
            for first in range(0, len(columns), _BLOCK):
                block = columns[first : first + _BLOCK]
                window = self._until(end, pairs[block])
                if begin > 0:  # at the cutoff itself nothing has passed
                    window -= self._until(start, pairs[block])
                window += 0.5
                result[:, block] = window  # to whole parts: demand is never below 0
        return result

    def _step(self, moments: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
        """Finished steps and the share of the running one that is over, shape (path,)."""
        step = np.searchsorted(self._ends, moments, side="right")
        inside = np.minimum(step, len(self._ends) - 1)
        length = self._ends[inside] - self._starts[inside]
        share = np.clip((moments - self._starts[inside]) / length, 0.0, 1.0)
        return step, np.where(step < len(self._ends), share, 0.0)

    def _until(
        self, at: tuple[npt.NDArray[np.intp], FloatArray], pairs: npt.NDArray[np.integer]
    ) -> FloatArray:
        step, share = at
        path, following = np.arange(len(step)), np.minimum(step + 1, len(self._ends))
        if np.array_equal(pairs, np.arange(pairs[0], pairs[0] + len(pairs))):
            # Side by side, as pairs of one stock point are: rows are copied whole.
            columns = slice(pairs[0], pairs[0] + len(pairs))
            passed = self._before[path, step, columns]
            next_passed = self._before[path, following, columns]
        else:
            passed = self._before[path[:, None], step[:, None], pairs]
            next_passed = self._before[path[:, None], following[:, None], pairs]
        total = np.subtract(next_passed, passed, dtype=np.float64)
        total *= share[:, None]
        total += passed
        return total


def _cumulative(
    values: npt.NDArray[np.integer], pair_of_series: npt.NDArray[np.integer], pairs: int
) -> IntArray:
    """Demand of each pair before each step, shape (path, step + 1, pair)."""
    paths, _, steps = values.shape
    before = np.zeros((paths, steps + 1, pairs), dtype=np.int32)
    chosen = np.flatnonzero(pair_of_series >= 0)
    order = chosen[np.argsort(pair_of_series[chosen], kind="stable")]
    if not len(order):
        return before
    of_pair = pair_of_series[order]
    present, first = np.unique(of_pair, return_index=True)
    alone = len(present) == len(order)  # no two series share a pair: nothing to sum
    every = len(present) == pairs and np.array_equal(order, np.arange(values.shape[1]))
    columns = slice(None) if len(present) == pairs else present
    for begin in range(0, paths, _PATHS):
        block = slice(begin, begin + _PATHS)
        # Steps of a series lie side by side: the block is read once, and not once per step.
        taken = values[block] if every else values[block, order]
        total = np.zeros((len(taken), len(present)), dtype=np.int64)
        for step in range(steps):
            of_step = taken[:, :, step]
            total += of_step if alone else np.add.reduceat(of_step, first, axis=1)
            np.minimum(total, np.iinfo(np.int32).max, out=total)
            before[block, step + 1, columns] = total
    return before


def pair_demand(
    paths: SamplePaths, pair_of_series: npt.NDArray[np.integer], pairs: int
) -> PairDemand:
    """``PairDemand`` of sample paths; ``pair_of_series`` follows ``paths.series``."""
    return PairDemand(
        paths.values,
        period_starts=paths.period_starts,
        period_ends=paths.period_ends,
        pair_of_series=pair_of_series,
        pairs=pairs,
        cutoff=paths.cutoff,
    )
