"""What every forecast cell adds to the metrics: its errors, in parts, in shares and scaled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.quantiles import QUANTILES, coverage, mean

LEVELS = np.array(QUANTILES)
_ROUNDING = 1e-9  # deviations from the mean below this share of it are none

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """One model's forecasts beside what happened, shape (origin, series, step).

    Attributes:
        quantiles: At ``QUANTILES``, shape (origin, series, step, quantile).
        actual: NaN = not observed.
        scale, square_scale: Mean absolute and mean squared error of the seasonal naive forecast in
            the history, shape (series,), or (origin, series) where histories differ; NaN where
            there is none.
    """

    quantiles: FloatArray
    actual: FloatArray
    scale: FloatArray
    square_scale: FloatArray
    _known: dict[str, FloatArray] = field(default_factory=dict, init=False, repr=False)

    def total(self, term: str) -> FloatArray:
        """A term of ``TERMS`` summed over origins, shape (series, step)."""
        if term not in self._known:
            self._known[term] = np.asarray(TERMS[term](self), dtype=float).sum(axis=0)
        return self._known[term]

    @cached_property
    def seen(self) -> Mask:
        """Which cells were observed."""
        return ~np.isnan(self.actual)

    @cached_property
    def truth(self) -> FloatArray:
        """What happened, 0 where it was not observed."""
        return np.where(self.seen, self.actual, 0.0)

    @cached_property
    def absolute(self) -> FloatArray:
        """Absolute error of the median, 0 where not observed."""
        return np.where(self.seen, np.abs(self.truth - self._median), 0.0)

    @cached_property
    def surplus(self) -> FloatArray:
        """Mean less demand, 0 where not observed."""
        return np.where(self.seen, mean(self.quantiles, QUANTILES) - self.truth, 0.0)

    @property
    def _median(self) -> FloatArray:
        return np.asarray(self.quantiles[..., QUANTILES.index(0.5)])

    def relative(self) -> FloatArray:
        """Absolute error over demand, 0 without demand."""
        zeros = np.zeros(self.truth.shape)
        return np.asarray(np.divide(self.absolute, self.truth, out=zeros, where=self.truth > 0))

    def symmetric(self) -> FloatArray:
        """Twice the absolute error over the sum of demand and median."""
        both = np.maximum(self.truth + self._median, 1e-12)
        return np.where(self.seen, 2 * self.absolute / both, 0.0)

    def loss(self) -> FloatArray:
        """Quantile loss, mean over the levels."""
        error = self.truth[..., None] - self.quantiles
        values = np.maximum(LEVELS * error, (LEVELS - 1) * error).mean(axis=-1)
        return np.where(self.seen, values, 0.0)

    def about(self) -> FloatArray:
        """Squared deviation from the mean of the series."""
        count = np.maximum(self.seen.sum(axis=(0, 2)), 1)
        level = (self.truth.sum(axis=(0, 2)) / count)[:, None]
        away = np.where(self.seen, self.truth - level, 0.0)
        return np.where(np.abs(away) <= _ROUNDING * np.abs(level), 0.0, away) ** 2

    def inside(self, width: float) -> FloatArray:
        """Share inside the central interval."""
        return np.where(self.seen, coverage(self.quantiles, QUANTILES, self.actual, width), 0.0)

    def scaled(self, errors: FloatArray, scale: FloatArray) -> FloatArray:
        """Errors in units of the scale, 0 where there is none."""
        zeros = np.zeros(self.actual.shape)
        where = self.scalable(scale)
        return np.asarray(np.divide(errors, self._unit(scale), out=zeros, where=where))

    def scalable(self, scale: FloatArray) -> Mask:
        """Which observed cells have a scale."""
        return np.asarray(self.seen & (self._unit(scale) > 0))

    def _unit(self, scale: FloatArray) -> FloatArray:
        return np.asarray(np.broadcast_to(scale, self.actual.shape[:2])[:, :, None])


TERMS: dict[str, Callable[[Cells], npt.ArrayLike]] = {
    "observed": lambda cells: cells.seen,
    "zero": lambda cells: cells.seen & (cells.truth <= 0),
    "positive": lambda cells: cells.truth > 0,
    "demand": lambda cells: cells.truth,
    "absolute": lambda cells: cells.absolute,
    "square": lambda cells: cells.surplus**2,
    "surplus": lambda cells: cells.surplus,
    "relative": Cells.relative,
    "symmetric": Cells.symmetric,
    "loss": Cells.loss,
    "about": Cells.about,
    "inside_80": lambda cells: cells.inside(0.8),
    "inside_95": lambda cells: cells.inside(0.95),
    "scaled": lambda cells: cells.scaled(cells.absolute, cells.scale),
    "scalable": lambda cells: cells.scalable(cells.scale),
    "scaled_square": lambda cells: cells.scaled(cells.surplus**2, cells.square_scale),
    "scalable_square": lambda cells: cells.scalable(cells.square_scale),
}
"""Terms by name; 0 where nothing was observed."""
