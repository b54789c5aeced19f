"""The pace of a line: how much faster or slower than usual it ran, from all of its parts.

Shocks of a line hit all of its parts and fade over several shifts. So what a line's other parts
used in a shift, and what the line did in the shifts around it, say something about a part that was
not observed. The pace is ``1 + x`` with ``x`` a stationary first-order autoregression of variance
``variance`` whose ``carried`` share is left in the next period; each period shows ``x`` with noise.
Its mean given everything around it is the smoother of Kalman's filter (Harvey, Forecasting,
Structural Time Series Models and the Kalman Filter, 1989, section 3.6). As the process reads the
same forwards and backwards, one filter from the left and one from the right meet in the middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray

REACH = 8
"""Periods looked at on each side; of a shock of 0.6 carried, 2 % is left after 8."""
_SURE = 1e-9
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class LinePeriods:
    """What the periods of all lines showed, sorted by line and time.

    Attributes:
        line: Index of the line, ascending, shape (period,).
        shown: Consumption over expectation, less 1; anything where nothing was seen.
        noise: Variance of ``shown`` given the pace; inf where nothing was seen.
        variance: Of the pace, by line, shape (line,).
        carried: Share of a shock that is left in the next period, 0 to 1.
    """

    line: Indices
    shown: FloatArray
    noise: FloatArray
    variance: FloatArray
    carried: float


def pace(periods: LinePeriods, wanted: Indices) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the pace in some periods, given all periods around them.

    Args:
        periods: Every period of every line.
        wanted: Places in ``periods``.

    Returns:
        Mean (about 1, at least 0.05) and variance, each of shape (wanted,).
    """
    variance = np.maximum(periods.variance[periods.line[wanted]], _SURE)
    left = _from_one_side(periods, wanted, variance, step=-1)
    right = _from_one_side(periods, wanted, variance, step=1)
    noise = np.maximum(periods.noise[wanted], _SURE)
    # Both sides hold the prior: it is counted once.
    precision = 1 / left[1] + 1 / right[1] - 1 / variance + 1 / noise
    shown = np.where(np.isfinite(noise), periods.shown[wanted], 0.0)
    mean = (left[0] / left[1] + right[0] / right[1] + shown / noise) / precision
    return np.maximum(1 + mean, 0.05), 1 / precision


def _from_one_side(
    periods: LinePeriods, wanted: Indices, variance: FloatArray, *, step: int
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of ``x`` at ``wanted`` from the periods on one side of it."""
    mean, spread = np.zeros(len(wanted)), variance.copy()
    last = len(periods.line) - 1
    for distance in range(REACH, 0, -1):
        place = wanted + step * distance
        inside = (place >= 0) & (place <= last)
        place = np.clip(place, 0, last)
        inside &= periods.line[place] == periods.line[wanted]
        noise = np.where(inside, np.maximum(periods.noise[place], _SURE), np.inf)
        gain = spread / (spread + noise)
        shown = np.where(np.isfinite(noise), periods.shown[place], 0.0)
        mean = periods.carried * (mean + gain * (shown - mean))
        spread = periods.carried**2 * (1 - gain) * spread + (1 - periods.carried**2) * variance
    return mean, spread
