"""TSB: the probability of demand is smoothed every period, so that a dying part is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.intermittent import Intermittent, Prior, Smoothed, Start


@dataclass(frozen=True, kw_only=True)
class Tsb(Intermittent):
    """Size ``z`` smoothed when there is demand, probability ``p`` in every period.

    The forecast is ``p z`` (Teunter, Syntetos and Babai 2011, "Intermittent demand: linking
    forecasting to inventory obsolescence", section 2). It needs no bias correction and fades
    when demand stops.

    Args:
        weights: Grid for the smoothing weights ``a`` of the size and ``b`` of the probability; one
            value fixes both.
        start: "mean" begins with the mean size and share of the history, "early" with those of
            its first third, which follows a fading part better, "first" with the first size and
            the first period.
    """

    name: ClassVar[str] = "tsb"

    start: Start = "early"

    def smooth(self, demand: FloatArray, a: FloatArray, b: FloatArray, prior: Prior) -> Smoothed:
        """Run through a history; see ``intermittent.Intermittent``."""
        share, mean = prior.start(demand, self.start)
        size = np.broadcast_to(mean, np.broadcast_shapes(a.shape, mean.shape)).copy()
        chance = np.broadcast_to(share, np.broadcast_shapes(b.shape, mean.shape)).copy()
        known = np.full(len(demand), self.start != "first")  # whether there was a period,
        sized = known.copy()  # and one with demand
        squared = np.zeros(np.broadcast_shapes(size.shape, chance.shape))
        for column in demand.T:
            seen, hit = ~np.isnan(column), column > 0
            value = np.where(seen, column, 0.0)
            error = (size * chance - value) * (seen & known & sized)
            squared += error * error
            size += np.where(sized, a, 1.0) * hit * (value - size)
            chance += np.where(known, b, 1.0) * seen * (hit - chance)
            known |= seen
            sized |= hit
        return Smoothed(
            occurrence=np.broadcast_to(chance, squared.shape),
            size=np.broadcast_to(size, squared.shape),
            squared=squared,
        )
