"""ADIDA: aggregate until the gaps are gone, forecast the sum, share it out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.intermittent import Intermittent, Prior, Smoothed


@dataclass(frozen=True, kw_only=True)
class Adida(Intermittent):
    """Blocks of as many periods as demand is apart, counted back from the last one, smoothed.

    The forecast of a period is the smoothed block over its length (Nikolopoulos et al. 2011, "An
    aggregate-disaggregate intermittent demand approach (ADIDA) to forecasting"; equal weights
    within a block). A block that was observed in part counts with its rate.

    Args:
        weights: Grid for the smoothing weight of the blocks; one value fixes it.
        start: "mean" begins with the mean of the history, "early" with that of its first third,
            "first" with the first block.
    """

    name: ClassVar[str] = "adida"

    def smooth(self, demand: FloatArray, a: FloatArray, b: FloatArray, prior: Prior) -> Smoothed:
        """Run through a history; ``b`` only gives the shape. See ``intermittent.Intermittent``."""
        share, size = prior.start(demand, self.start)
        rate = np.broadcast_to(share * size, np.broadcast_shapes(a.shape, size.shape)).copy()
        squared = np.zeros_like(rate)
        lengths = _block_lengths(demand)
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            weight = np.broadcast_to(a, rate.shape)[:, :, rows]
            blocks = _block_rates(demand[rows], int(length))
            rate[:, :, rows], squared[:, :, rows] = self._blocks(blocks, weight, rate[:, :, rows])
        shape = np.broadcast_shapes(a.shape, b.shape, size.shape)
        chance = np.minimum(rate / size, 1.0)
        return Smoothed(
            occurrence=np.broadcast_to(chance, shape),
            size=np.broadcast_to(np.where(chance < 1, size, rate), shape),
            squared=np.broadcast_to(squared, shape),
        )

    def _blocks(
        self, blocks: FloatArray, weight: FloatArray, rate: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Smooth blocks, shape (series, block): the rate and the squared errors at the end."""
        started = np.full(len(blocks), self.start != "first")
        squared = np.zeros_like(rate)
        for column in blocks.T:
            seen = ~np.isnan(column)
            error = (np.where(seen, column, 0.0) - rate) * seen
            squared += error * error * started
            rate = rate + np.where(started, weight, 1.0) * error
            started |= seen
        return rate, squared


def _block_lengths(demand: FloatArray) -> npt.NDArray[np.int64]:
    """Mean interval between demands in observed periods, rounded, shape (series,); at least 1."""
    clock = np.cumsum(~np.isnan(demand), axis=1)
    hits = demand > 0
    last = np.where(hits, clock, 0).max(axis=1, initial=0)
    mean = last / np.maximum(hits.sum(axis=1), 1)
    return np.asarray(np.maximum(np.round(mean), 1), dtype=np.int64)


def _block_rates(demand: FloatArray, length: int) -> FloatArray:
    """Mean of what was observed in each whole block, shape (series, block); NaN without any."""
    blocks = demand.shape[1] // length
    cut = demand[:, demand.shape[1] - blocks * length :].reshape(len(demand), blocks, length)
    seen = ~np.isnan(cut)
    count = seen.sum(axis=2)
    total = np.where(seen, cut, 0.0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
