"""Everything that a training changes as it goes, and its way into plain arrays and back."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from supplynet.learning.checkpoints import Array, Checkpoint

Weights = dict[str, Tensor]


class TrainingState:
    """Weights, optimiser, schedule and random state of a training between two epochs.

    Attributes:
        losses: Validation loss of each epoch.
        best, best_loss: Weights of the best epoch so far, and its loss.
        since_best: Epochs since then.
        cautious: Whether the learning rate was reduced for a loss that was not finite.
    """

    def __init__(self, network: nn.Module, *, learning_rate: float, wait: int, seed: int) -> None:
        self.network = network
        self.adam = torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.adam, factor=0.5, patience=wait
        )
        self.shuffle = torch.Generator().manual_seed(seed)
        self.losses: list[float] = []
        self.best, self.best_loss = self.weights(), float("inf")
        self.since_best = 0
        self.cautious = False

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        return float(self.adam.param_groups[0]["lr"])

    def weights(self) -> Weights:
        """A copy of the weights."""
        return copy.deepcopy(self.network.state_dict())

    def finish_epoch(self, loss: float) -> None:
        """Take in the validation loss of an epoch."""
        self.losses.append(loss)
        self.plateau.step(loss)
        self.since_best += 1
        if loss < self.best_loss:
            self.best, self.best_loss, self.since_best = self.weights(), loss, 0

    def step_back(self, weights: Weights) -> None:
        """Go on from earlier weights at a tenth of the learning rate, without momentum."""
        self.cautious = True
        self.network.load_state_dict(weights)
        self.adam.state.clear()
        for group in self.adam.param_groups:
            group["lr"] *= 0.1

    def checkpoint(self) -> Checkpoint:
        """The state as arrays and JSON values."""
        tensors = {f"network/{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"best/{name}": value for name, value in self.best.items()}
        for index, state in self.adam.state_dict()["state"].items():
            tensors |= {f"adam/{index}/{name}": value for name, value in state.items()}
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
                "plateau": self.plateau.state_dict(),
            },
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Be as the state was when the checkpoint was made, bit for bit."""
        facts, arrays = checkpoint.facts, checkpoint.arrays
        self.network.load_state_dict(_below("network", arrays))
        self.best = _below("best", arrays)
        moments: dict[int, Weights] = {}
        for path, value in _below("adam", arrays).items():
            index, _, name = path.partition("/")
            moments.setdefault(int(index), {})[name] = value
        groups = self.adam.state_dict()["param_groups"]
        groups = [group | {"lr": facts["learning_rate"]} for group in groups]
        self.adam.load_state_dict({"state": moments, "param_groups": groups})
        self.plateau.load_state_dict(facts["plateau"])
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
