"""Croston's method with the correction of Syntetos and Boylan: sizes and intervals, smoothed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.intermittent import Intermittent, Prior, Smoothed


@dataclass(frozen=True, kw_only=True)
class CrostonSba(Intermittent):
    """Size ``z`` and interval ``q`` of demand, each smoothed when there is demand.

    The forecast is ``(1 - b / 2) z / q``; the factor takes out the bias of ``z / q`` (Syntetos
    and Boylan 2005, "The accuracy of intermittent demand estimates", equation 5). Because nothing
    moves while there is no demand, a part that has run out keeps its forecast: see ``Tsb``.

    Args:
        weights: Grid for the smoothing weights ``a`` of the size and ``b`` of the interval; one
            value fixes both.
        start: "mean" begins with the mean size and interval of the history, "early" with those of
            its first third, "first" with the first of each, as the papers do.
    """

    name: ClassVar[str] = "croston_sba"

    def smooth(self, demand: FloatArray, a: FloatArray, b: FloatArray, prior: Prior) -> Smoothed:
        """Run through a history; see ``intermittent.Intermittent``."""
        occurrence, mean = prior.start(demand, self.start)
        size = np.broadcast_to(mean, np.broadcast_shapes(a.shape, mean.shape)).copy()
        interval = np.broadcast_to(1 / occurrence, np.broadcast_shapes(b.shape, mean.shape)).copy()
        started = np.full(len(demand), self.start != "first")
        waited = np.zeros(len(demand))
        squared = np.zeros(np.broadcast_shapes(size.shape, interval.shape))
        factor = 1 - b / 2
        for column in demand.T:
            seen, hit = ~np.isnan(column), column > 0
            value = np.where(seen, column, 0.0)
            error = (size * (factor / interval) - value) * (seen & started)
            squared += error * error
            waited += seen
            size += np.where(started, a, 1.0) * hit * (value - size)
            interval += np.where(started, b, 1.0) * hit * (waited - interval)
            started |= hit
            waited[hit] = 0.0
        chance = np.broadcast_to(factor / np.maximum(interval, 1.0), squared.shape)
        return Smoothed(
            occurrence=chance, size=np.broadcast_to(size, squared.shape), squared=squared
        )
