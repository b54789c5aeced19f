"""Whether one of two models was better, or only luckier, on the same cells.

The test of Diebold and Mariano (1995) on the difference of the losses, summed over all cells of a
cutoff: errors of one moment hang together over series and steps. Near cutoffs do too, above all
where their forecasts overlap; with few cutoffs the usual estimate of that variance finds far too
much. Here it is the mean of the first ``m`` ordinates of the periodogram, ``m`` the cube root of
the number of cutoffs, and the statistic is held against Student's t with ``2 m`` degrees of freedom
(Coroneo and Iacone 2020, J. Applied Econometrics 35, 391-409).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from supplynet.core.sample_paths import FloatArray

LEAST_CUTOFFS = 8
"""With fewer, no chance is told: a variance of so few says nothing."""
_CENTRAL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """Mean loss of two models on the same cells.

    Attributes:
        first, second: Mean losses.
        low, high: 95 % interval of ``first - second``; NaN with too few cutoffs.
        p_value: Chance of so large a difference between equally good models; NaN as above.
        cutoffs: How many had an observed cell.
    """

    first: float
    second: float
    low: float
    high: float
    p_value: float
    cutoffs: int

    @property
    def difference(self) -> float:
        """``first - second``; below 0 = the first is better."""
        return self.first - self.second


def paired_difference(
    first: FloatArray, second: FloatArray, seen: npt.NDArray[np.bool_]
) -> PairedDifference:
    """Compare two models cell by cell.

    Args:
        first: Losses of one model, shape (cutoff, series, step), by time, cutoffs evenly apart.
        second: Of the other, on the same cells.
        seen: Which cells were observed; the others do not count.
    """
    count = seen.sum(axis=(1, 2))
    means, sums = [], []
    for losses in (first, second):
        total = np.where(seen, losses, 0.0).sum(axis=(1, 2))
        sums.append(total[count > 0])
        means.append(float(total.sum() / count.sum()) if count.any() else float("nan"))
    there = count[count > 0]
    cutoffs, difference = len(there), means[0] - means[1]
    low = high = chance = float("nan")
    if cutoffs >= LEAST_CUTOFFS:
        # Cutoffs with more observed cells weigh more: a ratio of two sums, linearised.
        away = (sums[0] - sums[1] - difference * there) / there.mean()
        error, freedom = _error_of_mean(away)
        half = float(student.ppf((1 + _CENTRAL) / 2, freedom)) * error
        low, high = difference - half, difference + half
        chance = _chance(difference, error, freedom)
    return PairedDifference(
        first=means[0], second=means[1], low=low, high=high, p_value=chance, cutoffs=cutoffs
    )


def _error_of_mean(values: FloatArray) -> tuple[float, int]:
    """Standard error of the mean of a series with mean 0, and its degrees of freedom."""
    count = len(values)
    ordinates = int(np.cbrt(count) + 1e-9)
    spectrum = np.abs(np.fft.rfft(values)[1 : ordinates + 1]) ** 2 / count
    return float(np.sqrt(spectrum.mean() / count)), 2 * ordinates


def _chance(difference: float, error: float, freedom: int) -> float:
    if error == 0.0:
        return 1.0 if difference == 0.0 else 0.0
    return float(2 * student.sf(abs(difference) / error, freedom))
