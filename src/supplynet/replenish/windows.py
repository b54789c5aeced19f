"""Demand in a window of time on sample paths: summed over a path, never over quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray, IntArray, SamplePaths

_MINUTE = 60.0


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
        paths, _, steps = values.shape
        self._values = np.zeros((paths, pairs, steps), dtype=np.int64)
        chosen = np.flatnonzero(pair_of_series >= 0)
        order = chosen[np.argsort(pair_of_series[chosen], kind="stable")]
        if len(order):
            present, first = np.unique(pair_of_series[order], return_index=True)
            self._values[:, present] = np.add.reduceat(values[:, order], first, axis=1)
        self._before = np.zeros((paths, pairs, steps + 1), dtype=np.int64)
        np.cumsum(self._values, axis=2, out=self._before[:, :, 1:])

    def between(
        self, now: datetime, until_minutes: FloatArray, pairs: npt.NDArray[np.integer]
    ) -> IntArray:
        """Demand from ``now`` until ``now + until_minutes``, rounded to whole parts.

        What lies after the last period counts as none: give enough periods.

        Args:
            now: Start of the window, not before the cutoff.
            until_minutes: End of the window, shape (path, pair) or (1, pair).
            pairs: The pairs to read, shape (pair,).

        Returns:
            Shape (path, pair), int32.
        """
        begin = (now - self._origin).total_seconds() / _MINUTE
        paths = self._values.shape[0]
        until = np.broadcast_to(begin + until_minutes, (paths, len(pairs)))
        start = np.full((1, len(pairs)), begin)
        window = self._until(until, pairs) - self._until(np.broadcast_to(start, until.shape), pairs)
        return np.floor(window + 0.5).astype(np.int32)

    def _until(self, moments: FloatArray, pairs: npt.NDArray[np.integer]) -> FloatArray:
        steps = len(self._ends)
        step = np.searchsorted(self._ends, moments, side="right")
        inside = np.minimum(step, steps - 1)
        length = self._ends[inside] - self._starts[inside]
        share = np.clip((moments - self._starts[inside]) / length, 0.0, 1.0)
        path = np.arange(self._values.shape[0])[:, None]
        running = np.where(step < steps, self._values[path, pairs, inside] * share, 0.0)
        total: FloatArray = self._before[path, pairs, step] + running
        return total


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


def window_demand(
    paths: SamplePaths,
    pair_of_series: npt.NDArray[np.integer],
    pairs: int,
    now: datetime,
    until_minutes: FloatArray,
) -> IntArray:
    """Demand of each pair from ``now`` until ``until_minutes`` later, on joint paths.

    Args:
        paths: Demand by series and period.
        pair_of_series: Pair index of each of ``paths.series``, -1 = no pair.
        pairs: Number of pairs.
        now: Start of the window, not before ``paths.cutoff``.
        until_minutes: Length of the window, shape (path, pair) or (1, pair); random transit makes
            it differ from path to path.

    Returns:
        Shape (path, pair), int32.
    """
    demand = pair_demand(paths, pair_of_series, pairs)
    return demand.between(now, until_minutes, np.arange(pairs))
