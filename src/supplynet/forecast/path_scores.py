"""Normal scores of joint paths: keyed shocks of plant, lines and series, carried from step to step.

Every number is keyed: the plant's shocks by (seed, path, step), a line's by its name too, a
series' own by its name too. So any subset of the series, in any process, and any number of paths
or steps gives the same values where they overlap.

One 64-bit word serves four paths: 16 bits choose one of 65,536 equally likely slices of the normal
distribution, whose mean is the shock. Its variance is 1 within 2e-6 and its largest value 4.39;
sums of shocks go on to 6 and more. Work goes in blocks that fit into a processor's cache, which
makes it about ten times as fast as whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from supplynet.core.ids import series_id
from supplynet.core.keyed import name_key, words
from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.dependence import Dependence

Single = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint16]

_LANES = 4  # numbers of 16 bits in a word
SLICES = 1 << 16
_PER_SCORE = 4096  # codes per unit of the score, so that all of them reach from -8 to 8
_BLOCK_CELLS = 1 << 18


@dataclass(frozen=True, kw_only=True)
class PathScores:
    """Where the scores of one seed come from.

    Args:
        dependence: How shocks are shared and carried on.
        steps, paths: How many.
        seed: Same seed, same scores.
    """

    dependence: Dependence
    steps: int
    paths: int
    seed: int

    def codes(self, series: Sequence[tuple[str, str]]) -> Codes:
        """Scores as codes (``score_of_code``), shape (step, series, path)."""
        kept = self.dependence
        lines = list(dict.fromkeys(line for line, _ in series))
        place = {line: i for i, line in enumerate(lines)}
        shared = self._carried("line", lines, kept.line, kept.line_persistence)
        shared += self._of_plant
        names = [series_id(*name) for name in series]
        scores = self._carried("own", names, kept.own, kept.own_persistence)
        scores += shared[:, [place[line] for line, _ in series]]
        return code_of_score(scores)

    @cached_property
    def _of_plant(self) -> Single:
        kept = self.dependence
        return self._carried("plant", [""], kept.plant, kept.plant_persistence)

    def _carried(
        self, purpose: str, names: Sequence[str], share: float, persistence: float
    ) -> Single:
        """First-order autoregressions of variance ``share``, shape (step, name, path)."""
        made = shocks(self.seed, purpose, names, steps=self.steps, paths=self.paths)
        made *= np.sqrt(share, dtype=np.float32)
        made[1:] *= np.sqrt(1 - persistence**2, dtype=np.float32)
        for step in range(1, self.steps):
            made[step] += np.float32(persistence) * made[step - 1]
        return made


def shocks(seed: int, purpose: str, names: Sequence[str], *, steps: int, paths: int) -> Single:
    """Independent standard normal numbers by key, shape (step, name, path)."""
    drawn = slices(seed, f"demand {purpose}", names, steps=steps, paths=paths)
    return np.take(_slice_means(), drawn, mode="clip")


def slices(seed: int, purpose: str, names: Sequence[str], *, steps: int, paths: int) -> Codes:
    """Uniform whole numbers below 65,536 by key, shape (step, name, path)."""
    keys = np.array([name_key(name) for name in names], dtype=np.int64)[:, None]
    step, fours = np.arange(steps)[:, None, None], np.arange(-(-paths // _LANES))
    bits = words(seed, purpose, keys, step, fours)
    # Little-endian, so that a word means the same paths on every machine.
    drawn: Codes = bits.astype("<u8", copy=False).view("<u2")[..., :paths]
    return drawn


def score_of_code() -> FloatArray:
    """The score that each code stands for, shape (code,)."""
    return (np.arange(SLICES) - SLICES // 2) / _PER_SCORE


def code_of_score(scores: npt.NDArray[np.floating]) -> Codes:
    """Code of the nearest score that has one; the farthest beyond +-8."""
    scaled = scores * scores.dtype.type(_PER_SCORE)
    scaled += scores.dtype.type(SLICES // 2 + 0.5)
    return np.clip(scaled, 0, SLICES - 1, out=scaled).astype(np.uint16)


def cache_runs(series: int, cells_per_series: int) -> Iterator[slice]:
    """Runs of series whose cells fit into the cache together."""
    size = max(1, _BLOCK_CELLS // max(1, cells_per_series))
    return (slice(first, min(first + size, series)) for first in range(0, series, size))


@lru_cache(maxsize=1)
def _slice_means() -> Single:
    """Mean of each of 65,536 equally likely slices of the standard normal distribution."""
    edges = ndtri(np.arange(SLICES + 1) / SLICES)
    density = np.exp(-(edges**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(SLICES * (density[:-1] - density[1:]), dtype=np.float32)
