"""N-HiTS: blocks that look at the past, and forecast, at several rates. Needs ``neural``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from supplynet.forecast.neural import Neural
from supplynet.forecast.neural_network import Network, Shape, own_features, windows


@dataclass(frozen=True, kw_only=True)
class Nhits(Neural):
    """Hierarchical interpolation (Challu et al. 2023), its output joined with what is known ahead.

    Each block sees the past pooled at its rate, explains a part of it, which the next block no
    longer sees, and gives states at a few knots of the horizon; between them they are linear.

    Args:
        hidden: Size of a block's layers.
        states: Size of the state of a step.
        rates: Periods per pool and per knot of each block, coarse to fine.
    """

    name: ClassVar[str] = "nhits"

    hidden: int = 96
    states: int = 24
    rates: tuple[int, ...] = (8, 4, 1)
    epochs: int = 8
    batch_size: int = 128
    examples_per_epoch: int = 6000
    learning_rate: float = 2e-3

    def network(self, shape: Shape) -> NhitsNetwork:
        """A network that has learnt nothing."""
        return NhitsNetwork(shape, self)


class NhitsNetwork(Network):
    """States of every step, summed over the blocks."""

    def __init__(self, shape: Shape, settings: Nhits) -> None:
        super().__init__(shape, settings.states, settings.width)
        self.lookback = settings.lookback
        self.blocks = nn.ModuleList(
            _Block(rate, shape.own_past, settings) for rate in settings.rates
        )

    def encode(self, past: Tensor, origins: Tensor, steps: int) -> Tensor:
        """A state per origin and step; steps beyond the horizon have the last one's."""
        seen = windows(own_features(past, self.own_past), origins, self.lookback)
        rest = seen.flatten(0, 1)  # (window, feature, period)
        states: Tensor | float = 0.0
        for block in self.blocks:
            explained, ahead = block(rest)
            rest, states = rest - explained, states + ahead
        assert isinstance(states, Tensor)
        step = torch.arange(steps, device=past.device).clamp(max=states.shape[2] - 1)
        ahead = states[:, :, step].transpose(1, 2)
        return ahead.reshape(*seen.shape[:2], *ahead.shape[1:])


class _Block(nn.Module):
    def __init__(self, rate: int, features: int, settings: Nhits) -> None:
        super().__init__()
        self.rate, self.features, self.horizon = rate, features, settings.horizon
        pooled = -(-settings.lookback // rate)
        self.knots = max(1, settings.horizon // rate)
        self.layers = nn.Sequential(
            nn.Linear(features * pooled, settings.hidden),
            nn.ReLU(),
            nn.Linear(settings.hidden, settings.hidden),
            nn.ReLU(),
        )
        self.back = nn.Linear(settings.hidden, features * pooled)
        self.ahead = nn.Linear(settings.hidden, settings.states * self.knots)

    def forward(self, rest: Tensor) -> tuple[Tensor, Tensor]:
        """What it explains of the past, and its states: (window, state, horizon)."""
        pooled = functional.avg_pool1d(rest, self.rate, ceil_mode=True)
        hidden = self.layers(pooled.flatten(1))
        back = self.back(hidden).unflatten(1, (self.features, -1))
        ahead = self.ahead(hidden).unflatten(1, (-1, self.knots))
        return _stretch(back, rest.shape[2]), _stretch(ahead, self.horizon)


def _stretch(knots: Tensor, length: int) -> Tensor:
    if knots.shape[2] == length:
        return knots
    return functional.interpolate(knots, size=length, mode="linear")
