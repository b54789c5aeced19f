"""Adam over all parameters as one vector. Importing this module imports torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

_EPSILON = 1e-8


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1) with the gradient cut to a norm.

    A few operations on one long vector cost a small network less than several on each of its
    tensors, and ``torch.optim`` would load torch's compiler: seconds, in every process.

    Args:
        parameters: Changed in place.
        clip_norm: The gradient is scaled down to this norm.
        decay: Of the running means of the gradient and of its square.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        *,
        clip_norm: float,
        decay: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        self._parameters = [p for p in parameters if p.requires_grad]
        self._sizes = [p.numel() for p in self._parameters]
        self._clip_norm, self._decay = clip_norm, decay
        self.forget()

    def forget(self) -> None:
        """Be as at the start, without momentum."""
        self._steps = 0
        self._mean = torch.cat([torch.zeros_like(p).flatten() for p in self._parameters])
        self._square = torch.zeros_like(self._mean)

    def clear(self) -> None:
        """Drop the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, learning_rate: float) -> bool:
        """Move along the gradients; False, and nothing is changed, where one is not finite."""
        gradient = torch.cat([_gradient(p) for p in self._parameters])
        norm = gradient.norm()
        if not torch.isfinite(norm):
            return False
        gradient *= (self._clip_norm / (norm + 1e-6)).clamp(max=1.0)
        self._steps += 1
        first, second = self._decay
        self._mean.lerp_(gradient, 1 - first)
        self._square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        spread = (self._square / (1 - second**self._steps)).sqrt_().add_(_EPSILON)
        change = (self._mean / spread).mul_(-learning_rate / (1 - first**self._steps))
        parts = torch.split(change, self._sizes)
        for parameter, part in zip(self._parameters, parts, strict=True):
            parameter.add_(part.view_as(parameter))
        return True

    def state(self) -> dict[str, Tensor]:
        """What it has learnt of the gradients, see ``restore``."""
        return {"mean": self._mean, "square": self._square, "steps": torch.tensor(self._steps)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Be as when ``state`` was taken."""
        self._mean.copy_(state["mean"])
        self._square.copy_(state["square"])
        self._steps = int(state["steps"])


def _gradient(parameter: nn.Parameter) -> Tensor:
    found = parameter.grad
    return (torch.zeros_like(parameter) if found is None else found).flatten()
