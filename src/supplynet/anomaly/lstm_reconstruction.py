"""LSTM reconstruction: an autoencoder on windows that finds odd what it cannot repeat.

Asked for by name; published comparisons put it behind subsequence PCA, and so do ours. One network
for all series, on windows in units of what was to be expected (``window_rows``). Needs the extra
``neural``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from supplynet.anomaly.detector import Judged, Progress
from supplynet.anomaly.window_rows import SHORTEST, WindowRows
from supplynet.core.sample_paths import FloatArray
from supplynet.errors import ConfigError, ModelError
from supplynet.forecast.model import check_history
from supplynet.frames.panel import Panel
from supplynet.learning.artifacts import ModelState
from supplynet.learning.torch_device import limited_threads, reproducible
from supplynet.learning.torch_training import Training, train

_MOST = 10.0  # spreads: what lies beyond is repeated as this, so that no single value rules
_VALIDATION = 5  # every fifth window decides when to stop
_AT_ONCE = 2048  # windows that are judged together: they fit the processor's cache
_LEAST_THRESHOLD = 1e-6
_BAND = (0.005, 0.995)


@dataclass(frozen=True, kw_only=True)
class LstmReconstruction:
    """LSTM autoencoder, one for all series.

    Args:
        window: Periods in a window.
        hidden: Size of the code that a window is squeezed into.
        threshold_sigmas: The limit is the mean training error and this many standard deviations.
        most_rows: Windows that it learns from; of more, some are drawn by chance.
        epochs, batch_size, examples_per_epoch, patience, learning_rate, seed: See
            ``learning.torch_training.Training``.
        threads: Of the processor.
    """

    window: int = 30
    hidden: int = 8
    threshold_sigmas: float = 2.0
    most_rows: int = 20_000
    epochs: int = 6
    batch_size: int = 128
    examples_per_epoch: int = 8_000
    patience: int = 3
    learning_rate: float = 5e-3
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        counts = ("hidden", "most_rows", "epochs", "batch_size", "patience", "threads")
        low = [name for name in counts if getattr(self, name) < 1]
        if low:
            raise ConfigError(f"lstm_reconstruction: {', '.join(low)} must be 1 or more")
        if self.window < SHORTEST:
            raise ConfigError(
                f"lstm_reconstruction: window must be {SHORTEST} or more, not {self.window}"
            )

    def fit(self, panel: Panel, *, progress: Progress | None = None) -> FittedLstmReconstruction:
        """Learn to repeat the windows of a history.

        Raises:
            HistoryTooShort: Fewer than three windows.
            TrainingDiverged: The loss was not finite, at a lower learning rate neither.
        """
        cut = WindowRows.of(panel, self.window)
        check_history(panel, cut.needed)
        drawn = cut.sample(panel, self.most_rows, np.random.default_rng(self.seed))
        rows = _tamed(np.concatenate([drawn, np.zeros((_VALIDATION, self.window))]))
        with limited_threads(self.threads), reproducible(self.seed):
            network = Autoencoder(self.hidden)
            self._train(network, torch.from_numpy(rows), progress)
            errors = rows - _repeat(network, rows)
        size = np.sqrt((errors**2) @ cut.recency)
        limit = float(size.mean() + self.threshold_sigmas * size.std())
        return FittedLstmReconstruction(
            settings=self,
            cut=cut,
            threshold=max(limit, _LEAST_THRESHOLD),
            band=np.quantile(errors[:, -1].astype(float), _BAND),
            weights={name: value.numpy() for name, value in network.state_dict().items()},
        )

    def _train(self, network: Autoencoder, rows: Tensor, progress: Progress | None) -> None:
        places = torch.arange(len(rows))
        held = places % _VALIDATION == 0

        def loss_of(batch: Tensor) -> Tensor:
            chosen = rows[batch]
            return nn.functional.huber_loss(network(chosen), chosen)

        train(
            network,
            loss_of,
            examples=places[~held],
            validation=places[held],
            training=Training(
                epochs=self.epochs,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                examples_per_epoch=self.examples_per_epoch,
                patience=self.patience,
                seed=self.seed,
            ),
            progress=progress,
        )

    @classmethod
    def restore(cls, state: ModelState) -> FittedLstmReconstruction:
        """Bring a saved detector back.

        Raises:
            ModelError: It was saved with another network.
        """
        arrays, scaler = dict(state.arrays), dict(state.scaler)
        found = FittedLstmReconstruction(
            settings=cls(**state.settings),
            threshold=scaler.pop("threshold"),
            cut=WindowRows.of_dict(scaler),
            band=arrays.pop("band"),
            weights=arrays,
        )
        wanted = {name: tuple(v.shape) for name, v in found.fresh_network().state_dict().items()}
        if wanted != {name: array.shape for name, array in arrays.items()}:
            raise ModelError(f"{state.model} was saved with another network; train again")
        return found


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedLstmReconstruction:
    """A trained autoencoder.

    Attributes:
        threshold: Mean training error and ``threshold_sigmas`` standard deviations, in spreads:
            the guide's limit. It flags a few in a hundred normal windows; see ``calibrated``.
        band: Low and high error of the last value of a usual window, in spreads.
        weights: Of the network.
    """

    settings: LstmReconstruction
    cut: WindowRows
    threshold: float
    band: FloatArray
    weights: dict[str, npt.NDArray[np.float32]]

    @property
    def context(self) -> int:
        """Periods before a judged one that may be looked at."""
        return self.cut.context

    def guide_score(self, error: FloatArray) -> FloatArray:
        """Strangeness as 0 to 1, where the threshold is 0.5; NaN stays NaN."""
        return np.minimum(error / (2 * self.threshold), 1.0)

    def judge(self, panel: Panel, last: int | None = None, *, hindsight: bool = False) -> Judged:
        """Errors of repeating windows, in spreads; see ``WindowRows.judge``."""
        with limited_threads(self.settings.threads):
            return self.cut.judge(panel, last, self._opinion, hindsight)

    def _opinion(self, rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        tamed = _tamed(rows)
        repeated = _repeat(self._network, tamed)
        squares = (tamed - repeated).astype(float) ** 2
        usual = repeated[:, -1].astype(float)
        return squares, usual, usual + self.band[0], usual + self.band[1]

    def fresh_network(self) -> Autoencoder:
        """A network of this detector's shape that has learnt nothing."""
        with reproducible(self.settings.seed):  # leaves the caller's random state alone
            return Autoencoder(self.settings.hidden)

    @cached_property
    def _network(self) -> Autoencoder:
        network = self.fresh_network()
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.weights.items()})
        return network.eval()

    def state(self) -> ModelState:
        """The detector as plain data."""
        return ModelState(
            model="lstm_reconstruction",
            settings=asdict(self.settings),
            scaler={**self.cut.as_dict(), "threshold": self.threshold},
            arrays={**self.weights, "band": self.band},
        )


class Autoencoder(nn.Module):
    """A window, (batch, period), through one state of an LSTM, and back by another."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.encoder = nn.LSTM(1, hidden, batch_first=True)
        self.decoder = nn.LSTM(hidden, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, windows: Tensor) -> Tensor:
        """Windows as it repeats them, (batch, period) -> (batch, period)."""
        _, (code, _) = self.encoder(windows.unsqueeze(-1))
        every = code[0].unsqueeze(1).expand(-1, windows.shape[1], -1)
        repeated: Tensor = self.head(self.decoder(every)[0])
        return repeated.squeeze(-1)


def _tamed(rows: FloatArray) -> npt.NDArray[np.float32]:
    return np.clip(rows, -_MOST, _MOST).astype(np.float32)


def _repeat(network: Autoencoder, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    with torch.inference_mode():
        parts = [network(some) for some in torch.split(torch.from_numpy(rows), _AT_ONCE)]
    return np.concatenate([part.numpy() for part in parts])
