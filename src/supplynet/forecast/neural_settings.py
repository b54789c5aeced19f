"""Settings that all neural models have. Needs the extra ``neural``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from supplynet.errors import ConfigError
from supplynet.forecast.neural_examples import Cut
from supplynet.forecast.neural_network import Network, Shape
from supplynet.learning.torch_device import DEVICES

HEADS = ("shared", "individual")


@dataclass(frozen=True, kw_only=True)
class NeuralSettings(ABC):
    """Settings that all neural models have.

    Args:
        lookback: Periods that the network sees before an origin.
        width: Size of the head.
        horizon: Leads 0 .. horizon - 1 are trained; longer ones use the last.
        fork: Periods of one stretch in which origins lie; 1 = one origin per example.
        stride: Periods from one origin to the next; no divisor of the season, so that every
            shift is an origin.
        heads: ``individual`` gives every series of the training a bias of its own in the head;
            a new series has none.
        validation: Share of the history, its latest, that decides when to stop.
        finish: Epochs after that over all of the history, its latest share too, at a quarter of
            the learning rate: what is newest matters most.
        most_examples: Stretches held in memory; of more, some are drawn by chance.
        epochs, batch_size, examples_per_epoch, patience, learning_rate, seed: See
            ``learning.torch_training.Training``; an example is one stretch.
        threads: Of the processor.
        device: ``auto`` (a GPU when there is one), ``cpu`` or ``cuda``; for training.
        mixed_precision: bfloat16 where a GPU has it.
    """

    name: ClassVar[str]

    lookback: int = 30
    width: int = 48
    horizon: int = 14
    fork: int = 1
    stride: int = 1
    heads: str = "shared"
    validation: float = 0.2
    finish: int = 2
    most_examples: int = 200_000
    epochs: int = 100
    batch_size: int = 256
    examples_per_epoch: int = 20_000
    patience: int = 4
    learning_rate: float = 1e-3
    threads: int = 1
    seed: int = 0
    device: str = "auto"
    mixed_precision: bool = True

    def __post_init__(self) -> None:
        counts = ("lookback", "width", "horizon", "fork", "stride", "epochs", "batch_size")
        low = [name for name in counts if getattr(self, name) < 1]
        if low:
            raise ConfigError(f"model {self.name}: {', '.join(low)} must be 1 or more")
        if self.heads not in HEADS or self.device not in DEVICES:
            raise ConfigError(
                f"model {self.name}: heads is one of {', '.join(HEADS)}, not {self.heads!r}; "
                f"device one of {', '.join(DEVICES)}, not {self.device!r}"
            )
        if not 0 < self.validation < 1:
            raise ConfigError(f"model {self.name}: validation is a share above 0 and below 1")

    @abstractmethod
    def network(self, shape: Shape) -> Network:
        """A network that has learnt nothing."""

    @property
    def cut(self) -> Cut:
        """How it cuts a history into examples."""
        return Cut(
            lookback=self.lookback,
            horizon=self.horizon,
            fork=self.fork,
            stride=self.stride,
            validation=self.validation,
            most_examples=self.most_examples,
            seed=self.seed,
        )
