"""Random numbers that depend on nothing but a seed, what they are for, and a name.

For what ``core.keyed`` cannot give one by one: counts, and processes that remember. Every stream is
drawn in order of time. So a longer history begins with the shorter one, a further
line or part changes no other, and any lines can be made alone and equal their rows of the whole.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from supplynet.core.sample_paths import FloatArray


def stream(seed: int, purpose: str, name: str) -> np.random.Generator:
    """The generator of ``purpose`` for the line, series, product or part of that name."""
    digest = blake2b(f"{seed}\0{purpose}\0{name}".encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest))


def carry(steps: FloatArray, carried: float) -> FloatArray:
    """``steps`` with each column's ``carried`` share of the one before added; shape (row, step).

    First-order autoregressive where the first column has the stationary spread and the others
    ``sqrt(1 - carried**2)`` of it.
    """
    level = steps.copy()
    for i in range(1, steps.shape[1]):
        level[:, i] += carried * level[:, i - 1]
    return level
