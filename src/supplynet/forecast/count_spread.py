"""A count distribution around a model that forecasts the mean only.

The variance of demand around the mean ``m`` is a multiple of what the trailing window says of it:
``r * s^2 * (m / l)^1.5`` with the window's location ``l`` and spread ``s``; the power lies between
that of counts (1) and that of a common factor (2), as in Tweedie's family. The multiple ``r`` is
estimated per series from the model's residuals and shrunk to that of all series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaincinv
from scipy.stats import nbinom

from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.tree_rows import TreeRows

_POWER = 1.5
_FEWEST = 30.0  # residuals of all series beside a series' own
_LARGEST = 25.0  # times the variance: one wild period must not widen a series for good
_COUNTS_BELOW = 5.0  # parts: up to there demand varies at least as a Poisson count
_SMOOTH_ABOVE = 50.0  # parts: above it a gamma quantile is as good and cheaper
_LEAST_MEAN = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class CountSpread:
    """Multiples of the window's variance.

    Attributes:
        common: Over all series of the training; for a series that was not among them.
        own: By series.
    """

    common: float = 1.0
    own: dict[tuple[str, str], float] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rows: TreeRows, mean: FloatArray, series: Sequence[tuple[str, str]]) -> CountSpread:
        """From residuals.

        Args:
            rows: With their demand.
            mean: The model's forecast, shape (row,).
            series: Of the panel that the rows come from.
        """
        share = (rows.demand - mean) ** 2 / _variance(rows, mean)
        share = np.minimum(share, _LARGEST)
        common = float(share.mean())
        total = np.bincount(rows.series, share, len(series))
        count = np.bincount(rows.series, minlength=len(series))
        own = (total + _FEWEST * common) / (count + _FEWEST)
        return cls(common=common, own=dict(zip(series, own.tolist(), strict=True)))

    def quantiles(
        self,
        rows: TreeRows,
        mean: FloatArray,
        series: Sequence[tuple[str, str]],
        levels: Sequence[float],
    ) -> FloatArray:
        """Quantiles of demand, shape (row, quantile).

        Negative binomial where demand varies more than a Poisson count, gamma where it is large or
        varies less.

        Args:
            rows: To forecast.
            mean: The model's forecast, shape (row,).
            series: Of the panel that the rows come from.
            levels: In (0, 1), ascending.
        """
        multiple = np.array([self.own.get(name, self.common) for name in series])
        mean = np.maximum(mean, _LEAST_MEAN)
        variance = multiple[rows.series] * _variance(rows, mean)
        least = 1.001 * np.minimum(mean, _COUNTS_BELOW**2 / mean)
        variance = np.maximum(variance, least)
        wanted = np.asarray(levels)[None, :]
        counts = (variance > mean) & (mean < _SMOOTH_ABOVE)
        result = np.empty((len(mean), wanted.size))
        m, v = mean[counts, None], variance[counts, None]
        result[counts] = nbinom.ppf(wanted, m * m / (v - m), m / v)
        m, v = mean[~counts, None], variance[~counts, None]
        result[~counts] = gammaincinv(m * m / v, wanted) * v / m
        return result


def _variance(rows: TreeRows, mean: FloatArray) -> FloatArray:
    """What the window says of the variance around a mean, shape (row,), above 0."""
    ratio = np.maximum(mean, _LEAST_MEAN) / np.maximum(rows.location, _LEAST_MEAN)
    return np.asarray(rows.spread**2 * ratio**_POWER)
