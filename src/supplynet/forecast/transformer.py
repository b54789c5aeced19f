"""A transformer over patches of the past. Needs the extra ``neural``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from supplynet.errors import ConfigError
from supplynet.forecast.neural import Neural
from supplynet.forecast.neural_network import Network, Shape, own_features, windows


@dataclass(frozen=True, kw_only=True)
class Transformer(Neural):
    """Patches of the window-scaled past as tokens (Nie et al. 2023, PatchTST), one encoder.

    Unlike there, the features of a series share their patches, and the head joins what is known
    ahead.

    Args:
        hidden: Size of a token.
        patch: Periods of a patch; each begins half a patch after the one before.
        layers, attention_heads: Of the encoder.
        dropout: In the encoder, while training.
    """

    name: ClassVar[str] = "transformer"

    hidden: int = 64
    patch: int = 6
    layers: int = 2
    attention_heads: int = 4
    dropout: float = 0.1
    epochs: int = 8
    examples_per_epoch: int = 4000
    learning_rate: float = 2e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.patch <= self.lookback or self.hidden % self.attention_heads:
            raise ConfigError(
                "model transformer: patch lies between 1 and lookback, and hidden is a multiple "
                "of attention_heads"
            )

    def network(self, shape: Shape) -> TransformerNetwork:
        """A network that has learnt nothing."""
        return TransformerNetwork(shape, self)


class TransformerNetwork(Network):
    """All tokens of what each origin sees."""

    def __init__(self, shape: Shape, settings: Transformer) -> None:
        self.stride = max(1, settings.patch // 2)
        tokens = (settings.lookback - settings.patch) // self.stride + 1
        super().__init__(shape, tokens * settings.hidden, settings.width)
        self.lookback, self.patch = settings.lookback, settings.patch
        self.embed = nn.Linear(shape.own_past * settings.patch, settings.hidden)
        self.place = nn.Parameter(0.02 * torch.randn(tokens, settings.hidden))
        layer = nn.TransformerEncoderLayer(
            settings.hidden,
            settings.attention_heads,
            dim_feedforward=2 * settings.hidden,
            dropout=settings.dropout,
            batch_first=True,
            norm_first=True,
        )
        self.encoder = nn.TransformerEncoder(
            layer,
            settings.layers,
            norm=nn.LayerNorm(settings.hidden),
            enable_nested_tensor=False,
        )

    def encode(self, past: Tensor, origins: Tensor, steps: int) -> Tensor:  # noqa: ARG002
        """One state per origin; see ``Network.encode``."""
        seen = windows(own_features(past, self.own_past), origins, self.lookback)
        late = (self.lookback - self.patch) % self.stride  # the last patch ends at the origin
        patches = seen[..., late:].unfold(3, self.patch, self.stride)
        tokens = patches.transpose(2, 3).flatten(3)  # (batch, origin, token, feature x period)
        encoded: Tensor = self.encoder(self.embed(tokens.flatten(0, 1)) + self.place)
        return encoded.view(*seen.shape[:2], 1, -1)
