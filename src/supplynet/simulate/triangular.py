"""Random times: the triangular distribution, which people can state as low, usual and high."""

from __future__ import annotations

import numpy as np

from supplynet.core.network import Duration
from supplynet.core.sample_paths import FloatArray


def triangular(duration: Duration, share: FloatArray) -> FloatArray:
    """Minutes at the quantile ``share`` of a triangular duration (inverse of its distribution)."""
    low, mode, high = float(duration.low), float(duration.mode), float(duration.high)
    if high <= low:
        return np.full_like(share, low)
    rising = (mode - low) / (high - low)
    up = low + np.sqrt(share * (high - low) * (mode - low))
    down = high - np.sqrt((1.0 - share) * (high - low) * (high - mode))
    return np.where(share < rising, up, down)


def triangular_after(duration: Duration, share: FloatArray, elapsed: float) -> FloatArray:
    """The same of a duration that has lasted ``elapsed`` minutes and is not over.

    What is overdue by every experience gives the longest duration.
    """
    gone = float(triangular_share(duration, np.array([elapsed]))[0])
    return triangular(duration, gone + share * (1.0 - gone))


def triangular_share(duration: Duration, minutes: FloatArray) -> FloatArray:
    """Probability that a triangular duration is at most ``minutes``."""
    low, mode, high = float(duration.low), float(duration.mode), float(duration.high)
    if high <= low:
        return np.where(minutes >= low, 1.0, 0.0)
    clipped = np.clip(minutes, low, high)
    up = (clipped - low) ** 2 / ((high - low) * max(mode - low, 1e-9))
    down = 1.0 - (high - clipped) ** 2 / ((high - low) * max(high - mode, 1e-9))
    return np.where(clipped < mode, up, down)
