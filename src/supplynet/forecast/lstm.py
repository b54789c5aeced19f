"""A global LSTM with quantile outputs on window-scaled demand. Needs the extra ``neural``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.lstm_inputs import KNOWN, PAST, Float32, Inputs, calendar_width
from supplynet.forecast.model import Progress, check_features, check_history
from supplynet.forecast.quantiles import QUANTILES, at_levels, normal_levels, tidy
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.scaling import tail_of, typical_level
from supplynet.learning.torch_training import (
    Training,
    limited_threads,
    pinball,
    reproducible,
    train,
)
from supplynet.learning.windows import shift_names


@dataclass(frozen=True, kw_only=True)
class Lstm:
    """One LSTM for all series, trained on forking sequences (Wen et al. 2017, MQ-RNN).

    One pass over a stretch of history gives a forecast at every few periods in it, so the
    recurrence over a look-back is not repeated for each of them. The head joins the state at the
    origin with what is known ahead of the target period.

    Args:
        lookback: Periods that the network sees before an origin.
        hidden: Size of the LSTM's state.
        width: Size of the head.
        horizon: Leads 0 .. horizon - 1 are trained; longer ones use the last.
        fork: Periods of one stretch in which origins lie.
        stride: Periods from one origin to the next; no divisor of the season, so that every
            shift is an origin.
        epochs, batch_size, examples_per_epoch, patience, learning_rate, threads, seed: See
            ``learning.torch_training.Training``; an example is one stretch.
    """

    lookback: int = 30
    hidden: int = 64
    width: int = 48
    horizon: int = 14
    fork: int = 42
    stride: int = 3
    epochs: int = 8
    batch_size: int = 32
    examples_per_epoch: int = 1400
    patience: int = 4
    learning_rate: float = 1e-3
    threads: int = 1
    seed: int = 0

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,
    ) -> FittedLstm:
        """Train on all stretches but the last one of each series, which decides when to stop.

        Raises:
            HistoryTooShort: Fewer periods than look-back, two stretches and the horizon.
        """
        check_history(panel, self.lookback + 2 * self.fork + self.horizon)
        names, typical = shift_names(panel.periods), typical_level(panel)
        stretches = Stretches(panel, names, typical, self)
        with reproducible(self.seed), limited_threads(self.threads):
            network = Network(len(names), self)
            train(
                network,
                stretches.loss_of(network),
                examples=stretches.examples,
                validation=stretches.validation,
                training=self.training,
                progress=progress,
            )
        weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
        return FittedLstm(settings=self, shifts=names, typical=typical, weights=weights)

    @property
    def training(self) -> Training:
        """Settings of the training loop."""
        return Training(
            epochs=self.epochs,
            batch_size=self.batch_size,
            examples_per_epoch=self.examples_per_epoch,
            patience=self.patience,
            learning_rate=self.learning_rate,
            seed=self.seed,
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedLstm:
        """Bring a saved model back.

        Raises:
            ModelError: It was made with other features.
        """
        check_features(state, (*PAST, *KNOWN))
        return FittedLstm(
            settings=cls(**state.settings),
            shifts=tuple(state.scaler["shifts"]),
            typical=state.scaler["typical"],
            weights=dict(state.arrays),
        )


class Network(nn.Module):
    """Encoder over the past, head over what is known of the target."""

    def __init__(self, shifts: int, settings: Lstm) -> None:
        super().__init__()
        calendar = calendar_width(shifts)
        past, known = len(PAST) - 1 + calendar, len(KNOWN) - 1 + calendar
        self.encoder = nn.LSTM(past, settings.hidden, batch_first=True)
        self.context = nn.Linear(settings.hidden, settings.width)
        self.known = nn.Linear(known, settings.width)
        self.head = nn.Linear(settings.width, len(QUANTILES))
        # Before it has learnt anything it says: as the profile has it, with normal errors.
        nn.init.zeros_(self.head.weight)
        self.head.bias.data = torch.tensor(normal_levels(QUANTILES), dtype=torch.float32)

    def forward(self, past: Tensor, origins: Tensor, known: Tensor) -> Tensor:
        """Scaled quantiles.

        Args:
            past: Shape (batch, period, past feature).
            origins: Last period that each origin sees, shape (origin,).
            known: Shape (batch, origin, step, known feature).

        Returns:
            Shape (batch, origin, step, quantile), not sorted.
        """
        states, _ = self.encoder(past)  # (batch, period, hidden)
        context = self.context(states[:, origins]).unsqueeze(2)  # (batch, origin, 1, width)
        quantiles: Tensor = self.head(torch.relu(context + self.known(known)))
        return quantiles


class Stretches:
    """Training examples: stretches of the history, cut from arrays that are made once.

    Attributes:
        examples, validation: Numbers of stretches, ``series * stretches per series + stretch``.
    """

    def __init__(self, panel: Panel, names: Sequence[str], typical: float, settings: Lstm) -> None:
        inputs = Inputs.of(panel, (), names=names, typical=typical, horizon=settings.horizon)
        lookback, forks = settings.lookback, torch.arange(0, settings.fork, settings.stride)
        # The last target of the last stretch is the last period.
        last = len(panel.periods) - settings.horizon - settings.fork + 1
        starts = range(last, 2 * settings.stride, -settings.fork)[::-1]
        self.starts = torch.tensor(starts)  # first origin of each stretch
        self.seen = forks + lookback - 1
        self.length = lookback + int(forks[-1])
        past = np.pad(inputs.past(), ((0, 0), (lookback, 0), (0, 0)))
        self.past = torch.from_numpy(past)  # (series, lookback + period, feature)
        known, target = inputs.examples((self.starts[:, None] + forks).numpy())
        self.known, self.target = torch.from_numpy(known), torch.from_numpy(target)
        number = torch.arange(len(target) * len(starts)).reshape(-1, len(starts))
        self.examples, self.validation = number[:, :-1].reshape(-1), number[:, -1].reshape(-1)

    def loss_of(self, network: Network) -> Callable[[Tensor], Tensor]:
        """Pinball loss of a batch of stretches by ``network``."""
        levels, window = torch.tensor(QUANTILES), torch.arange(self.length)

        def loss(batch: Tensor) -> Tensor:
            series, stretch = batch // len(self.starts), batch % len(self.starts)
            past = self.past[series[:, None], self.starts[stretch][:, None] + window]
            predicted = network(past, self.seen, self.known[series, stretch])
            return pinball(predicted, self.target[series, stretch], levels)

        return loss


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLstm:
    """Weights as arrays, which is what is saved: before and after are the same model."""

    settings: Lstm
    shifts: tuple[str, ...]
    typical: float
    weights: dict[str, Float32]

    def predict(
        self, panel: Panel, future: Sequence[Period], quantiles: Sequence[float]
    ) -> FloatArray:
        """Quantiles, shape (series, step, quantile); see ``model.Predictor``."""
        settings, history = self.settings, tail_of(panel)
        inputs = Inputs.of(
            history, future, names=self.shifts, typical=self.typical, horizon=settings.horizon
        )
        now, lookback = len(history.periods), settings.lookback
        targets, origins = now + np.arange(len(future)), np.full(len(future), now)
        known, location, spread = inputs.known(targets, origins)
        past = inputs.past()[:, -lookback:]
        past = np.pad(past, ((0, 0), (lookback - past.shape[1], 0), (0, 0)))
        with torch.inference_mode(), limited_threads(settings.threads):
            scaled = self._network(
                torch.from_numpy(past),
                torch.tensor([lookback - 1]),
                torch.from_numpy(known[:, None]),
            )
        shaped = scaled[:, 0].numpy().astype(float)
        values = tidy(location[:, :, None] + spread[:, :, None] * shaped)
        return at_levels(values, QUANTILES, quantiles)

    @cached_property
    def _network(self) -> Network:
        with reproducible(self.settings.seed):  # leaves the caller's random state alone
            network = Network(len(self.shifts), self.settings)
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.weights.items()})
        return network.eval()

    def state(self) -> ModelState:
        """The model as plain data."""
        return ModelState(
            model="lstm",
            settings=asdict(self.settings),
            scaler={"shifts": list(self.shifts), "typical": self.typical},
            features=(*PAST, *KNOWN),
            arrays=self.weights,
        )
