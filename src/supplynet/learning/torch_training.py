"""The training loop of every torch model, on one page. Importing this module imports torch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Progress = Callable[[int, int, float], None]
"""Called after each epoch with the epoch (from 1), the most epochs, and the validation loss."""
Batch = Callable[[Tensor], Tensor]
"""Mean loss of the examples with these indices, shape (example,) -> ()."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How to train.

    Args:
        epochs: Most passes over the data.
        batch_size: Examples per step, >= 32 unless there are fewer.
        examples_per_epoch: Drawn without replacement for each epoch; 0 = all.
        patience: Epochs without a better validation loss after which it stops; the learning
            rate is halved after half as many.
        clip_norm: Gradients are scaled down to this norm.
    """

    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3
    examples_per_epoch: int = 0
    patience: int = 10
    clip_norm: float = 1.0
    seed: int = 0


def train(
    network: nn.Module,
    loss_of: Batch,
    *,
    examples: Tensor,
    validation: Tensor,
    training: Training,
    progress: Progress | None = None,
) -> list[float]:
    """Train in place, keep the weights of the best epoch, return the validation losses.

    Args:
        network: Ends with the weights of the best epoch, in evaluation mode.
        loss_of: Loss of a batch by the network; called with and without gradients.
        examples: Numbers of the examples to learn from, shape (example,).
        validation: Numbers of the examples that decide when to stop, shape (example,).
        training: How.
        progress: Told of every epoch.
    """
    shuffle = torch.Generator().manual_seed(training.seed)
    adam = torch.optim.Adam(network.parameters(), lr=training.learning_rate)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        adam, factor=0.5, patience=max(0, training.patience // 2 - 1)
    )
    best, losses = copy.deepcopy(network.state_dict()), []
    for epoch in range(1, training.epochs + 1):
        network.train()
        order = examples[torch.randperm(len(examples), generator=shuffle)]
        for batch in torch.split(order[: training.examples_per_epoch or None], training.batch_size):
            adam.zero_grad()
            loss = loss_of(batch)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            nn.utils.clip_grad_norm_(network.parameters(), training.clip_norm)
            adam.step()
        losses.append(_evaluate(network, loss_of, validation, training.batch_size))
        plateau.step(losses[-1])
        if losses[-1] <= min(losses):
            best = copy.deepcopy(network.state_dict())
        if progress:
            progress(epoch, training.epochs, losses[-1])
        if len(losses) - losses.index(min(losses)) > training.patience:
            break
    network.load_state_dict(best)
    network.eval()
    return losses


def _evaluate(network: nn.Module, loss_of: Batch, validation: Tensor, size: int) -> float:
    network.eval()
    with torch.no_grad():
        parts = [float(loss_of(batch)) * len(batch) for batch in torch.split(validation, 4 * size)]
    return sum(parts) / max(1, len(validation))


def pinball(predicted: Tensor, target: Tensor, levels: Tensor) -> Tensor:
    """Mean pinball loss over observed targets (Koenker and Bassett 1978).

    Args:
        predicted: Shape (..., quantile).
        target: Shape (...); NaN = not observed, adds nothing.
        levels: Shape (quantile,).
    """
    seen = ~torch.isnan(target)
    error = torch.where(seen, target, 0.0).unsqueeze(-1) - predicted
    loss = torch.maximum(levels * error, (levels - 1) * error).mean(dim=-1)
    return (loss * seen).sum() / seen.sum().clamp(min=1)


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seeded weights inside; torch's random state is as before on leaving."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """That many torch threads inside, the same as before on leaving.

    Two gain little on a quiet machine and lose a lot on a busy one; results may differ with
    their number.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
