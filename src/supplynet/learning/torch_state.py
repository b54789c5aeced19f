"""Everything that a training changes as it goes, and its way into plain arrays and back."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from supplynet.learning.checkpoints import Array, Checkpoint
from supplynet.learning.torch_adam import Adam

_LESS = 1e-4  # a loss that is lower by less than this share counts as a plateau

Weights = dict[str, Tensor]


class TrainingState:
    """Weights, optimiser, schedule and random state of a training between two epochs.

    Attributes:
        losses: Validation loss of each epoch.
        learning_rate: Of the next step.
        best, best_loss: Weights of the best epoch so far, and its loss.
        since_best: Epochs since then.
        cautious: Whether the learning rate was reduced for a loss that was not finite.
    """

    def __init__(
        self, network: nn.Module, adam: Adam, *, learning_rate: float, wait: int, seed: int
    ) -> None:
        self.network, self.adam = network, adam
        self.learning_rate, self._wait = learning_rate, wait
        self._lowest, self._waited = float("inf"), 0
        self.shuffle = torch.Generator().manual_seed(seed)
        self.losses: list[float] = []
        self.best, self.best_loss = self.weights(), float("inf")
        self.since_best = 0
        self.cautious = False

    def weights(self) -> Weights:
        """A copy of the weights."""
        return copy.deepcopy(self.network.state_dict())

    def finish_epoch(self, loss: float) -> None:
        """Take in the validation loss of an epoch."""
        self.losses.append(loss)
        self._halve_on_plateau(loss)
        self.since_best += 1
        if loss < self.best_loss:
            self.best, self.best_loss, self.since_best = self.weights(), loss, 0

    def _halve_on_plateau(self, loss: float) -> None:
        if loss < self._lowest * (1 - _LESS):
            self._lowest, self._waited = loss, 0
        else:
            self._waited += 1
        if self._waited > self._wait:
            self.learning_rate, self._waited = self.learning_rate / 2, 0

    def step_back(self, weights: Weights) -> None:
        """Go on from earlier weights at a tenth of the learning rate, without momentum."""
        self.cautious = True
        self.network.load_state_dict(weights)
        self.adam.forget()
        self.learning_rate *= 0.1

    def checkpoint(self) -> Checkpoint:
        """The state as arrays and JSON values."""
        tensors = {f"network/{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"best/{name}": value for name, value in self.best.items()}
        tensors |= {f"adam/{name}": value for name, value in self.adam.state().items()}
        tensors |= {"random/shuffle": self.shuffle.get_state()}
        tensors |= {"random/cpu": torch.random.get_rng_state()}
        if torch.cuda.is_available():
            tensors |= {"random/cuda": torch.cuda.get_rng_state()}
        return Checkpoint(
            arrays={name: tensor.cpu().numpy() for name, tensor in tensors.items()},
            facts={
                "losses": self.losses,
                "best_loss": self.best_loss,
                "since_best": self.since_best,
                "cautious": self.cautious,
                "learning_rate": self.learning_rate,
                "lowest": self._lowest,
                "waited": self._waited,
            },
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Be as the state was when the checkpoint was made, bit for bit."""
        facts, arrays = checkpoint.facts, checkpoint.arrays
        self.network.load_state_dict(_below("network", arrays))
        self.best = _below("best", arrays)
        self.adam.restore(_below("adam", arrays))
        self.learning_rate = facts["learning_rate"]
        self._lowest, self._waited = facts["lowest"], facts["waited"]
        random = _below("random", arrays)
        self.shuffle.set_state(random["shuffle"])
        torch.random.set_rng_state(random["cpu"])
        if "cuda" in random and torch.cuda.is_available():
            torch.cuda.set_rng_state(random["cuda"])
        self.losses, self.best_loss = list(facts["losses"]), facts["best_loss"]
        self.since_best, self.cautious = facts["since_best"], facts["cautious"]


def _below(group: str, arrays: Mapping[str, Array]) -> Weights:
    prefix = f"{group}/"
    return {
        name.removeprefix(prefix): torch.from_numpy(value.copy())
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
