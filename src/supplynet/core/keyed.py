"""Random numbers by key: the same key gives the same number, whoever asks and in what order.

Shards, policies and runs that share a key share the number (common random numbers), and no
generator has to be passed around. Unlike numpy's streams, these never change with a version.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray

Key = int | npt.NDArray[np.integer]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def uniform(seed: int, purpose: str, *keys: Key) -> FloatArray:
    """Uniform numbers in (0, 1), one per combination of the keys, which broadcast.

    SplitMix64 (Steele, Lea and Flood 2014) absorbs the keys one after the other.

    Args:
        seed: Of the run.
        purpose: What the number is for; different purposes are independent.
        keys: Whole numbers or arrays of them; put the longest last, it costs the most.
    """
    return np.asarray(((words(seed, purpose, *keys) >> np.uint64(11)) + 0.5) / 2.0**53)


def words(seed: int, purpose: str, *keys: Key) -> npt.NDArray[np.uint64]:
    """64 random bits per combination of the keys: what ``uniform`` makes its numbers of."""
    state = _absorb(np.array(name_key(purpose), dtype=np.int64).astype(np.uint64), seed)
    for key in keys:
        state = _absorb(state, key)
    return state


def name_key(name: str) -> int:
    """A 64-bit signed key from a name, the same on every machine and in every run."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _absorb(state: npt.NDArray[np.uint64], key: Key) -> npt.NDArray[np.uint64]:
    # Wrapping around is the point; two's complement lets negative keys in as well.
    with np.errstate(over="ignore"):
        word = np.asarray(key, dtype=np.int64).astype(np.uint64)
        mixed = np.asarray((state ^ word) + _GOLDEN)
        shifted = np.empty_like(mixed)  # in place from here: memory costs more than arithmetic
        for distance, factor in ((30, _MIX_1), (27, _MIX_2)):
            mixed ^= np.right_shift(mixed, np.uint64(distance), out=shifted)
            mixed *= factor
        mixed ^= np.right_shift(mixed, np.uint64(31), out=shifted)
        return mixed
