"""What a fitted network is given at the end of a history, and its output in parts: no torch here.

The network itself runs in torch (``neural_fitted``) or in onnxruntime (``onnx_predictors``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.neural_inputs import Float32, Inputs
from supplynet.forecast.quantiles import QUANTILES, at_levels, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.scaling import tail_of
from supplynet.learning.windows import Index


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What a fitted network looks at.

    Attributes:
        lookback: Periods that it sees.
        horizon: Longer leads are told as the longest that was trained.
        shifts: Shift names in the order of the calendar inputs.
        typical: See ``learning.scaling.typical_level``.
        covariates: What it was trained with beside demand.
        series: Those with heads of their own.
    """

    lookback: int
    horizon: int
    shifts: tuple[str, ...]
    typical: float
    covariates: Covariates
    series: tuple[tuple[str, str], ...]

    def numbers(self, panel: Panel) -> Index:
        """Number of each series with a head of its own, from 1; 0 for others. Shape (series, 1)."""
        place = {name: i for i, name in enumerate(self.series, start=1)}
        numbers = [place.get(name, 0) for name in panel.series]
        return np.array(numbers, dtype=np.int64).reshape(-1, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuralWindow:
    """Inputs of the network; see ``neural_network.Network.forward``.

    Attributes:
        past: Shape (series, period, past feature).
        known: Shape (series, 1, step, known feature).
        series: Shape (series, 1 + category).
        location, spread: What undoes the scaling, parts, each (series, step).
    """

    past: Float32
    known: Float32
    series: Index
    location: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, sight: Sight, panel: Panel, future: Sequence[Period]) -> NeuralWindow:
        """At the end of a panel, for the periods after it."""
        history = tail_of(panel)
        inputs = Inputs.of(
            history,
            future,
            names=sight.shifts,
            typical=sight.typical,
            covariates=sight.covariates,
            horizon=sight.horizon,
        )
        now, lookback = len(history.periods), sight.lookback
        targets, origins = now + np.arange(len(future)), np.full(len(future), now)
        own, location, spread = inputs.known(targets, origins)
        known = _beside(inputs.calendar[now:], own)
        past = _beside(inputs.calendar[:now], inputs.past())[:, -lookback:]
        return cls(
            past=np.pad(past, ((0, 0), (lookback - past.shape[1], 0), (0, 0))),
            known=known[:, None],
            series=np.hstack([sight.numbers(panel), inputs.beside.codes]),
            location=location,
            spread=spread,
        )

    def quantiles(self, scaled: Float32, levels: Sequence[float]) -> FloatArray:
        """Quantiles in parts, shape (series, step, quantile).

        Args:
            scaled: What the network says, at ``QUANTILES``, not sorted; the same shape.
            levels: In (0, 1), ascending.
        """
        values = self.location[:, :, None] + self.spread[:, :, None] * scaled.astype(float)
        return at_levels(tidy(values), QUANTILES, levels)


def _beside(calendar: Float32, own: Float32) -> Float32:
    """Calendar and own features of each series, (period, ...), (series, period, ...)."""
    shared = np.broadcast_to(calendar, (len(own), *calendar.shape))
    return np.concatenate([shared, own], axis=2)
