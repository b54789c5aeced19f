"""The training loop of every torch model, on one page. Importing this module imports torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from supplynet.errors import TrainingDiverged
from supplynet.learning.checkpoints import Checkpoints
from supplynet.learning.torch_adam import Adam
from supplynet.learning.torch_state import TrainingState

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
        patience: Epochs without a better validation loss after which it stops, >= 1; the learning
            rate is halved after half as many.
        clip_norm: See ``torch_adam.Adam``.
    """

    epochs: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3
    examples_per_epoch: int = 0
    patience: int = 10
    clip_norm: float = 1.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """Figures of one epoch, for a log.

    Attributes:
        number: From 1.
        training_loss, validation_loss: Means over the examples.
        learning_rate: That the epoch was trained with.
    """

    number: int
    training_loss: float
    validation_loss: float
    learning_rate: float


class _NonFinite(Exception):  # stays in this module
    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


def train(
    network: nn.Module,
    loss_of: Batch,
    *,
    examples: Tensor,
    validation: Tensor,
    training: Training,
    warm: bool = False,
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
    log: Callable[[Epoch], None] | None = None,
) -> list[float]:
    """Train in place, keep the weights of the best epoch, return the validation losses.

    A loss that is not finite ends its epoch: the weights go back to the epoch's start and the
    learning rate is reduced to a tenth, once.

    Args:
        network: Ends with the weights of the best epoch, in evaluation mode.
        loss_of: Loss of a batch by the network; called with and without gradients.
        examples: Numbers of the examples to learn from, shape (example,).
        validation: Numbers of the examples that decide when to stop, shape (example,).
        training: How.
        warm: The network has learnt before; its weights are kept where no epoch is better.
        checkpoints: Where each epoch is saved, and from where a killed training goes on: it ends
            with the weights that it would have had without the kill.
        progress: Told of every epoch that was trained here, when its checkpoint is written.
        log: Given the figures of the same epochs.

    Raises:
        TrainingDiverged: The loss was not finite for a second time.
    """
    state = TrainingState(
        network,
        Adam(network.parameters(), clip_norm=training.clip_norm),
        learning_rate=training.learning_rate,
        wait=max(0, training.patience // 2 - 1),
        seed=training.seed,
    )
    saved = checkpoints.latest() if checkpoints else None
    if saved:
        state.restore(saved)
    elif warm:
        state.best_loss = _evaluate(network, loss_of, validation, training.batch_size)
    while len(state.losses) < training.epochs and state.since_best < training.patience:
        figures = _epoch(state, loss_of, examples, validation, training)
        if checkpoints:
            checkpoints.save(figures.number, state.checkpoint())
        if log:
            log(figures)
        if progress:
            progress(figures.number, training.epochs, figures.validation_loss)
    network.load_state_dict(state.best)
    network.eval()
    return state.losses


def _epoch(
    state: TrainingState,
    loss_of: Batch,
    examples: Tensor,
    validation: Tensor,
    training: Training,
) -> Epoch:
    """One pass, or two where a loss of the first was not finite."""
    number, before = len(state.losses) + 1, state.weights()
    while True:
        rate = state.learning_rate
        try:
            trained = _pass(state, loss_of, examples, training)
            loss = _evaluate(state.network, loss_of, validation, training.batch_size)
            if not math.isfinite(loss):
                raise _NonFinite(0)
        except _NonFinite as error:
            if state.cautious:
                raise TrainingDiverged(number, error.step, rate) from None
            state.step_back(before)
        else:
            state.finish_epoch(loss)
            return Epoch(
                number=number, training_loss=trained, validation_loss=loss, learning_rate=rate
            )


def _pass(state: TrainingState, loss_of: Batch, examples: Tensor, training: Training) -> float:
    """Learn from the epoch's examples; their mean loss on the way."""
    network, adam = state.network, state.adam
    network.train()
    order = examples[torch.randperm(len(examples), generator=state.shuffle)]
    order = order[: training.examples_per_epoch or None]
    total = 0.0
    for step, batch in enumerate(torch.split(order, training.batch_size), start=1):
        adam.clear()
        loss = loss_of(batch)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        value = float(loss.detach())
        if not (math.isfinite(value) and adam.step(state.learning_rate)):
            raise _NonFinite(step)
        total += value * len(batch)
    return total / max(1, len(order))


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
    # Its own slope times the error: few operations, and fewer on the way back.
    slope = (levels - (error < 0).to(error.dtype)) * seen.unsqueeze(-1)
    return (slope * error).sum() / (seen.sum().clamp(min=1) * len(levels))
