"""A fitted neural model: from a history to quantiles. Needs the extra ``neural``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import torch

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.neural_inputs import KNOWN, PAST, Float32
from supplynet.forecast.neural_network import Network, Shape
from supplynet.forecast.neural_settings import NeuralSettings
from supplynet.forecast.neural_window import NeuralWindow, Sight
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
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
        window = NeuralWindow.of(self.sight, panel, future)
        with torch.inference_mode(), limited_threads(self.settings.threads):
            scaled = self._network(
                torch.from_numpy(window.past),
                torch.tensor([self.settings.lookback - 1]),
                torch.from_numpy(window.known),
                torch.from_numpy(window.series),
            )
        return window.quantiles(scaled[:, 0].numpy(), quantiles)

    @property
    def sight(self) -> Sight:
        """What the network looks at."""
        return Sight(
            lookback=self.settings.lookback,
            horizon=self.settings.horizon,
            shifts=self.shifts,
            typical=self.typical,
            covariates=self.covariates,
            series=self.series,
        )

    def heads(self, panel: Panel) -> Index:
        """Number of each series with a head of its own; see ``Sight.numbers``."""
        return self.sight.numbers(panel)

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
