"""The core of all neural models: fitting and bringing back. A model adds settings and its network.

Quantile outputs on window-scaled demand, one network for all series; see
``neural_examples`` for what it learns from and ``neural_network`` for the head. Needs the extra
``neural``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from supplynet.errors import ModelError
from supplynet.forecast.covariates import Covariates
from supplynet.forecast.model import Progress, check_features, check_history
from supplynet.forecast.neural_examples import Examples
from supplynet.forecast.neural_fitted import Fitted
from supplynet.forecast.neural_inputs import KNOWN, PAST
from supplynet.forecast.neural_network import Network
from supplynet.forecast.neural_settings import NeuralSettings
from supplynet.forecast.quantiles import QUANTILES
from supplynet.frames.panel import Panel, Period
from supplynet.learning.artifacts import ModelState
from supplynet.learning.checkpoints import Checkpoints
from supplynet.learning.scaling import typical_level
from supplynet.learning.tensorboard_log import tensorboard_log
from supplynet.learning.torch_device import (
    choose_device,
    limited_threads,
    precision,
    reproducible,
)
from supplynet.learning.torch_training import Training, pinball, train
from supplynet.learning.windows import shift_names

_STRETCHES = 4  # the least that a history is cut into


@dataclass(frozen=True, kw_only=True)
class Neural(NeuralSettings):
    """A neural model: its settings, and how they are fitted."""

    def fit(
        self,
        panel: Panel,
        future: Sequence[Period] = (),  # noqa: ARG002  # one shape for all models
        *,
        progress: Progress | None = None,
        start: Fitted | None = None,
        checkpoints: Path | None = None,
        log: Path | None = None,
    ) -> Fitted:
        """Train on all but the latest share of the history, which decides when to stop.

        Args:
            panel: History.
            future: Not looked at.
            progress: Told of every epoch.
            start: Go on from this model instead of from scratch, where data were added; the
                epochs that finish then start from it or from a better one.
            checkpoints: Folder for a checkpoint per epoch. The same fit, started again after it
                was killed, goes on from the last one and gives the same model.
            log: Folder for a TensorBoard log of the epochs that early stopping watches.

        Raises:
            HistoryTooShort: Fewer periods than look-back, horizon and a few stretches.
            ModelError: ``start`` has other settings of the network, or other shifts.
            ConfigError: No such device.
            MissingExtra: A log is asked for and tensorboard is not installed.
            TrainingDiverged: The loss was not finite, at a lower learning rate neither.
        """
        check_history(panel, self.lookback + self.horizon + _STRETCHES * min(self.stride + 1, 4))
        blank = Fitted(
            settings=self,
            shifts=shift_names(panel.periods),
            typical=typical_level(panel),
            covariates=Covariates.of(panel),
            series=panel.series if self.heads == "individual" else (),
            weights={},
        )
        device = choose_device(self.device)
        with tensorboard_log(log) as epoch_log, limited_threads(self.threads):
            examples = Examples(
                panel, blank.shifts, blank.typical, blank.covariates, self.cut, device
            )
            with reproducible(self.seed):
                network = blank.fresh_network()
                if start:
                    _take_over(network, blank, start)
                key = _key(self, panel, network) if checkpoints else ""
                numbers = torch.from_numpy(blank.heads(panel)).to(device)
                loss = self._loss_of(network.to(device), examples, numbers, device)
                done = 0
                for phase in self._phases(examples):
                    done += len(
                        train(
                            network,
                            loss,
                            examples=phase.examples,
                            validation=examples.validation,
                            training=phase.training,
                            warm=start is not None and not phase.last,
                            checkpoints=phase.checkpoints(checkpoints, key),
                            progress=_from(progress, done, self.finish * (not phase.last)),
                            log=None if phase.last else epoch_log,
                        )
                    )
        weights = {name: value.cpu().numpy() for name, value in network.state_dict().items()}
        return replace(blank, weights=weights)

    def _loss_of(
        self, network: Network, examples: Examples, numbers: Tensor, device: torch.device
    ) -> Callable[[Tensor], Tensor]:
        levels = torch.tensor(QUANTILES, device=device)

        def loss(chosen: Tensor) -> Tensor:
            batch = examples.batch(chosen)
            with precision(device, mixed=self.mixed_precision):
                told = torch.cat([numbers[batch.series], batch.codes], dim=1)
                predicted = network(batch.past, batch.origins, batch.known, told)
            return pinball(predicted.float(), batch.target, levels)

        return loss

    def _phases(self, examples: Examples) -> Iterator[_Phase]:
        first = Training(
            epochs=self.epochs,
            batch_size=self.batch_size,
            examples_per_epoch=self.examples_per_epoch,
            patience=self.patience,
            learning_rate=self.learning_rate,
            seed=self.seed,
        )
        yield _Phase(training=first, examples=examples.training, last=False)
        if self.finish:
            rate = self.learning_rate / 4
            last = replace(first, epochs=self.finish, learning_rate=rate, patience=self.finish)
            every = torch.cat([examples.training, examples.validation])
            yield _Phase(training=last, examples=every, last=True)

    @classmethod
    def restore(cls, state: ModelState) -> Fitted:
        """Bring a saved model back.

        Raises:
            ModelError: It was made with other features, settings or shapes.
        """
        covariates = Covariates.from_dict(state.scaler.get("covariates", {}))
        check_features(state, (*PAST, *KNOWN, *covariates.columns))
        try:
            settings = cls(**state.settings)
        except TypeError as error:
            raise ModelError(
                f"{state.model} was saved with other settings ({error}); train again"
            ) from error
        found = Fitted(
            settings=settings,
            shifts=tuple(state.scaler["shifts"]),
            typical=state.scaler["typical"],
            covariates=covariates,
            series=tuple((line, part) for line, part in state.scaler.get("series", ())),
            weights=dict(state.arrays),
        )
        wanted = {name: tuple(v.shape) for name, v in found.fresh_network().state_dict().items()}
        if wanted != {name: array.shape for name, array in state.arrays.items()}:
            raise ModelError(f"{state.model} was saved with another network; train again")
        return found


@dataclass(frozen=True, kw_only=True)
class _Phase:
    """Training with early stopping, then the last epochs over everything."""

    training: Training
    examples: Tensor
    last: bool

    def checkpoints(self, folder: Path | None, key: str) -> Checkpoints | None:
        return Checkpoints(folder=folder, key=f"{key}{self.last}") if folder else None


def _from(progress: Progress | None, done: int, ahead: int) -> Progress | None:
    """Progress that counts the phases' epochs on."""
    if progress is None:
        return None
    return lambda epoch, most, loss: progress(done + epoch, done + most + ahead, loss)


def _take_over(network: Network, blank: Fitted, start: Fitted) -> None:
    """Weights of another training; heads are matched by series."""
    weights = {name: torch.from_numpy(value) for name, value in start.weights.items()}
    own = weights.pop("own.weight", None)
    fresh = network.state_dict()
    same = {n: v.shape for n, v in weights.items()} == {
        n: v.shape for n, v in fresh.items() if n != "own.weight"
    }
    if not same or start.shifts != blank.shifts or start.settings.name != blank.settings.name:
        raise ModelError(
            f"{blank.settings.name} cannot go on from this {start.settings.name}: it has another "
            "network or other shifts; train afresh"
        )
    if "own.weight" in fresh:
        weights["own.weight"] = fresh["own.weight"].clone()
        if own is not None:
            place = {name: i for i, name in enumerate(start.series, start=1)}
            rows = [place.get(name, 0) for name in blank.series]
            weights["own.weight"][1:] = own[rows]
    network.load_state_dict(weights)


def _key(settings: Neural, panel: Panel, network: Network) -> str:
    """Sum over all that the course of a training depends on."""
    digest = hashlib.sha256()
    facts = (settings.name, asdict(settings), panel.series, PAST, KNOWN, torch.__version__)
    digest.update(json.dumps(facts).encode())
    digest.update("".join(start.isoformat() for start in panel.period_starts).encode())
    digest.update(np.ascontiguousarray(panel.demand).tobytes())
    if panel.inputs:
        digest.update(panel.inputs.fingerprint.encode())
    for value in network.state_dict().values():
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
