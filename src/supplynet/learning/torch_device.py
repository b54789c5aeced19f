"""What torch computes on: device, precision, threads, random state. Importing it imports torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from supplynet.errors import ConfigError

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> torch.device:
    """The device of that name; ``auto`` is a GPU when there is one.

    Raises:
        ConfigError: No such device, or no GPU where one was asked for.
    """
    if name not in DEVICES:
        raise ConfigError(f"device {name!r} is unknown; choose one of {', '.join(DEVICES)}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device 'cuda' needs a GPU that torch can see; choose 'auto' or 'cpu'")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def precision(device: torch.device, *, mixed: bool) -> AbstractContextManager[object]:
    """Matrix products in bfloat16 inside, on a GPU that has it; all else as it was.

    bfloat16 has the exponent of float32, so that losses need no scaling.
    """
    if mixed and device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Seeded weights inside; torch's random state is as before on leaving."""
    devices = range(torch.cuda.device_count())
    with torch.random.fork_rng(devices=devices):
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
