"""A global feed-forward network on windows. Needs the extra ``neural``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from supplynet.forecast.neural import Neural
from supplynet.forecast.neural_network import Network, Shape, own_features, windows


@dataclass(frozen=True, kw_only=True)
class Mlp(Neural):
    """Two layers over the flat look-back: much of a recurrent network's accuracy, at less cost.

    Args:
        hidden: Size of both layers.
    """

    name: ClassVar[str] = "mlp"

    hidden: int = 128
    epochs: int = 12
    examples_per_epoch: int = 6000
    learning_rate: float = 2e-3

    def network(self, shape: Shape) -> MlpNetwork:
        """A network that has learnt nothing."""
        return MlpNetwork(shape, self)


class MlpNetwork(Network):
    """Layers over what each origin sees."""

    def __init__(self, shape: Shape, settings: Mlp) -> None:
        super().__init__(shape, settings.hidden, settings.width)
        self.lookback = settings.lookback
        self.layers = nn.Sequential(
            nn.Linear(shape.own_past * settings.lookback, settings.hidden),
            nn.ReLU(),
            nn.Linear(settings.hidden, settings.hidden),
            nn.ReLU(),
        )

    def encode(self, past: Tensor, origins: Tensor, steps: int) -> Tensor:  # noqa: ARG002
        """One state per origin; see ``Network.encode``."""
        seen = windows(own_features(past, self.own_past), origins, self.lookback)
        states: Tensor = self.layers(seen.flatten(2))
        return states.unsqueeze(2)
