"""TSB: the probability of demand is smoothed every period, so that a dying part is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.intermittent import (
    GRID,
    FittedIntermittent,
    Prior,
    Smoothed,
    Start,
    fit_intermittent,
    restore_intermittent,
    settings_of,
)
from supplynet.forecast.model import Progress
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState


@dataclass(frozen=True, kw_only=True)
class Tsb:
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
        sizes: How many of the last sizes make the size distribution.
    """

    weights: tuple[float, ...] = GRID
    start: Start = "early"
    sizes: int = 64

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,  # noqa: ARG002
    ) -> FittedIntermittent:
        """Choose smoothing weights for every series.

        Raises:
            HistoryTooShort: No period at all.
        """
        return fit_intermittent("tsb", self, panel)

    @classmethod
    def restore(cls, state: ModelState) -> FittedIntermittent:
        """Bring a saved model back."""
        return restore_intermittent(cls(**settings_of(state)), state)

    def smooth(self, demand: FloatArray, a: FloatArray, b: FloatArray, prior: Prior) -> Smoothed:
        """Run through a history; see ``intermittent.Smoother``."""
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
