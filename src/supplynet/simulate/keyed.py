"""Random numbers by key: the same key gives the same number, whoever asks and in what order.

That is how all policies and all runs meet the same transit times and the same phases of demand
(common random numbers), and how shards agree without sharing a generator.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from supplynet.core.network import Duration
from supplynet.core.sample_paths import FloatArray

UintArray = npt.NDArray[np.uint64]
Key = int | npt.NDArray[np.integer]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def uniform(seed: int, purpose: str, *keys: Key) -> FloatArray:
    """Uniform numbers in [0, 1), one per combination of the (broadcast) keys.

    SplitMix64 (Steele, Lea and Flood 2014) absorbs the keys one after the other.

    Args:
        seed: Of the run.
        purpose: What the number is for; different purposes are independent.
        keys: Whole numbers or arrays of them.
    """
    state = _absorb(np.full((1,), name_key(purpose), dtype=np.uint64), seed)
    for key in keys:
        state = _absorb(state, key)
    return np.asarray((state >> np.uint64(11)).astype(np.float64) / 2.0**53)


def name_key(name: str) -> int:
    """A key from a name: CRC-32, the same on every machine and in every run."""
    return zlib.crc32(name.encode())


def triangular(duration: Duration, share: FloatArray) -> FloatArray:
    """Minutes at the quantile ``share`` of a triangular duration (inverse of its distribution)."""
    low, mode, high = float(duration.low), float(duration.mode), float(duration.high)
    if high <= low:
        return np.full_like(share, low)
    rising = (mode - low) / (high - low)
    up = low + np.sqrt(share * (high - low) * (mode - low))
    down = high - np.sqrt((1.0 - share) * (high - low) * (high - mode))
    return np.where(share < rising, up, down)


def triangular_share(duration: Duration, minutes: FloatArray) -> FloatArray:
    """Probability that a triangular duration is at most ``minutes``."""
    low, mode, high = float(duration.low), float(duration.mode), float(duration.high)
    if high <= low:
        return np.where(minutes >= low, 1.0, 0.0)
    clipped = np.clip(minutes, low, high)
    up = (clipped - low) ** 2 / ((high - low) * max(mode - low, 1e-9))
    down = 1.0 - (high - clipped) ** 2 / ((high - low) * max(high - mode, 1e-9))
    return np.where(clipped < mode, up, down)


def _absorb(state: UintArray, key: Key) -> UintArray:
    # Wrapping around is the point; two's complement lets negative keys in as well.
    with np.errstate(over="ignore"):
        word = np.asarray(key, dtype=np.int64).astype(np.uint64)
        mixed = (state ^ word) + _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
        return np.asarray(mixed ^ (mixed >> np.uint64(31)))
