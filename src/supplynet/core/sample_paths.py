"""Joint sample paths of demand: the one thing that forecasting hands to deciding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class SamplePaths:
    """Possible futures of demand, joint over series and steps. Rebuilt from a seed, never stored.

    Attributes:
        values: Demand in parts, >= 0, int32, shape (path, series, step).
        series: ``(location_id, part_id)`` of each series; the location is the consuming line.
        period_starts: Start of each step, aware; step 0 is the rest of the running period when
            ``cutoff`` lies inside it, else the first period after the cutoff.
        period_ends: End of each step (exclusive), aware.
        cutoff: Nothing after this moment was known.
        seed: Same seed, same cutoff, same model: same paths.
        model_version: What made them.
    """

    values: IntArray
    series: tuple[tuple[str, str], ...]
    period_starts: tuple[datetime, ...]
    period_ends: tuple[datetime, ...]
    cutoff: datetime
    seed: int
    model_version: str

    def __post_init__(self) -> None:
        paths, series, steps = self.values.shape
        assert paths > 0
        assert series == len(self.series)
        assert steps == len(self.period_starts) == len(self.period_ends)

    def head(self, paths: int, steps: int) -> SamplePaths:
        """The first ``paths`` paths and ``steps`` steps, or all where there are fewer."""
        return replace(
            self,
            values=self.values[:paths, :, :steps],
            period_starts=self.period_starts[:steps],
            period_ends=self.period_ends[:steps],
        )
