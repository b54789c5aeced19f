"""A fitted neural model: from a history to quantiles. Needs the extra ``neural``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import torch

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.neural_inputs import KNOWN, PAST, Float32, Inputs
from supplynet.forecast.neural_network import Network, Shape
from supplynet.forecast.neural_settings import NeuralSettings
from supplynet.forecast.quantiles import QUANTILES, at_levels, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import tail_of
from supplynet.learning.torch_device import limited_threads, reproducible
from supplynet.learning.windows import Index


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A fitted neural model: weights as arrays, which is what is saved.

    Attributes:
        shifts: Shift names in the order of the calendar inputs.
        typical: See ``learning.scaling.typical_level``.
        covariates: What it was trained with beside demand.
        series: Those with heads of their own.
    """

    settings: NeuralSettings
    shifts: tuple[str, ...]
    typical: float
    covariates: Covariates
    series: tuple[tuple[str, str], ...]
    weights: dict[str, Float32]

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``. On the processor."""
        settings, history = self.settings, tail_of(panel)
        inputs = Inputs.of(
            history,
            future,
            names=self.shifts,
            typical=self.typical,
            covariates=self.covariates,
            horizon=settings.horizon,
        )
        now, lookback = len(history.periods), settings.lookback
        targets, origins = now + np.arange(len(future)), np.full(len(future), now)
        own, location, spread = inputs.known(targets, origins)
        known = _beside(inputs.calendar[now:], own)
        past = _beside(inputs.calendar[:now], inputs.past())[:, -lookback:]
        past = np.pad(past, ((0, 0), (lookback - past.shape[1], 0), (0, 0)))
        with torch.inference_mode(), limited_threads(settings.threads):
            scaled = self._network(
                torch.from_numpy(past),
                torch.tensor([lookback - 1]),
                torch.from_numpy(known[:, None]),
                torch.from_numpy(np.hstack([self.heads(panel), inputs.beside.codes])),
            )
        shaped = scaled[:, 0].numpy().astype(float)
        values = tidy(location[:, :, None] + spread[:, :, None] * shaped)
        return at_levels(values, QUANTILES, quantiles)

    def heads(self, panel: Panel) -> Index:
        """Number of each series with a head of its own, from 1; 0 for others. Shape (series, 1)."""
        place = {name: i for i, name in enumerate(self.series, start=1)}
        return np.array([[place.get(name, 0)] for name in panel.series], dtype=np.int64)

    def fresh_network(self) -> Network:
        """A network of this model's shape that has learnt nothing."""
        return self.settings.network(Shape.of(len(self.shifts), len(self.series), self.covariates))

    @cached_property
    def _network(self) -> Network:
        with reproducible(self.settings.seed):  # leaves the caller's random state alone
            network = self.fresh_network()
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.weights.items()})
        return network.eval()

    def state(self) -> ModelState:
        """The model as plain data."""
        scaler = {
            "shifts": list(self.shifts),
            "typical": self.typical,
            "covariates": self.covariates.to_dict(),
        }
        own = {"series": [list(name) for name in self.series]} if self.series else {}
        return ModelState(
            model=self.settings.name,
            settings=asdict(self.settings),
            scaler=scaler | own,
            features=(*PAST, *KNOWN, *self.covariates.columns),
            arrays=self.weights,
        )


def _beside(calendar: Float32, own: Float32) -> Float32:
    """Calendar and own features of each series, (period, ...), (series, period, ...)."""
    shared = np.broadcast_to(calendar, (len(own), *calendar.shape))
    return np.concatenate([shared, own], axis=2)
