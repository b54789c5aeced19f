"""What the recurrent models share: a state that goes through the past once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from supplynet.forecast.neural import Neural
from supplynet.forecast.neural_network import Network, Shape


@dataclass(frozen=True, kw_only=True)
class Recurrent(Neural):
    """One recurrent network for all series, on forking sequences (Wen et al. 2017, MQ-RNN).

    One pass over a stretch of history gives a forecast at every few periods in it, so the
    recurrence over a look-back is not repeated for each of them. The head joins the state at the
    origin with what is known ahead of the target period.

    Args:
        hidden: Size of the state.
    """

    cell: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    hidden: int = 32
    fork: int = 42
    stride: int = 3
    epochs: int = 4
    finish: int = 1
    most_examples: int = 10_000
    batch_size: int = 16
    examples_per_epoch: int = 1000
    learning_rate: float = 5e-3

    def network(self, shape: Shape) -> RecurrentNetwork:
        """A network that has learnt nothing."""
        return RecurrentNetwork(shape, self)


class RecurrentNetwork(Network):
    """States of the cell at the origins."""

    def __init__(self, shape: Shape, settings: Recurrent) -> None:
        super().__init__(shape, settings.hidden, settings.width)
        self.encoder = settings.cell(shape.past, settings.hidden, batch_first=True)
        for name, weight in self.encoder.named_parameters():  # learns in fewer steps from these
            if name.startswith("weight_ih"):
                nn.init.xavier_uniform_(weight)
            elif name.startswith("weight_hh"):
                nn.init.orthogonal_(weight)

    def encode(self, past: Tensor, origins: Tensor, steps: int) -> Tensor:  # noqa: ARG002
        """One state per origin; see ``Network.encode``."""
        states: Tensor = self.encoder(past)[0]  # (batch, period, hidden)
        return states.index_select(1, origins).unsqueeze(2)
