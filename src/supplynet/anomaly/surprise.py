"""How far values are from what was expected, in units of their own noise.

Two views. *Alone*: against the forecast. *Beside the line*: against the forecast times the pace of
the line, by which all its parts were above or below what was expected of them in that period; a
part that goes its own way shows better, and a line that stood for an hour raises no alarm at each
of its parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supplynet.anomaly.medians import median_seen
from supplynet.anomaly.sameness import sameness_of
from supplynet.anomaly.weekly_forecast import Expected
from supplynet.core.sample_paths import FloatArray
from supplynet.forecast.batches import batches
from supplynet.frames.panel import Panel

LEAST_PARTS = 4
"""A line's pace is known from at least this many parts."""
_LEAST_EXPECTED = 2.0  # parts; of less a ratio says nothing
_SLOWEST, _FASTEST = 0.05, 20.0
_FLOOR = 0.05  # of what is expected: forecasts are not surer than that
MEMORY = 28
"""Periods before a value that tell the noise of its series."""
_PRIOR = 10.0  # periods that the noise of all series counts as
_CUT = 4.0  # larger ones say nothing more of the noise
_Z95, _Z99 = 1.6449, 2.3263


@dataclass(frozen=True, kw_only=True, eq=False)
class Surprise:
    """Signed surprises, shape (series, period), about 1 in size for usual noise; NaN = none.

    Attributes:
        alone: Against the forecast.
        beside: Against the forecast times the line's pace, where that is known.
        same: See ``sameness.sameness_of``; >= 0.
        expected: The forecast times the pace, in parts.
        spread: One unit of ``beside``, in parts.
    """

    alone: FloatArray
    beside: FloatArray
    same: FloatArray
    expected: FloatArray
    spread: FloatArray


def surprise_of(panel: Panel, demand: FloatArray, expected: Expected, noise: float) -> Surprise:
    """The surprise of each value.

    Args:
        panel: Names the series; those of one location are a line.
        demand: Shape (series, period), NaN = not observed.
        expected: Same shape.
        noise: Size of a usual surprise beside the line, over all series; see ``noise_of``.
    """
    above, below = _spreads(expected)
    pace = _pace(panel, demand, expected.middle)
    damped = np.sqrt(np.clip(pace, 0.2, 5.0))
    middle = expected.middle * pace
    beside = _units(demand - middle, above * damped, below * damped)
    own = _own_noise(beside, noise)
    return Surprise(
        alone=_units(demand - expected.middle, above, below),
        beside=beside / own,
        same=sameness_of(panel.demand)[:, -demand.shape[1] :],
        expected=middle,
        spread=above * damped * own,
    )


def noise_of(panel: Panel, demand: FloatArray, expected: Expected) -> float:
    """Size of a usual surprise beside the line, in units of what the forecast takes for usual."""
    above, below = _spreads(expected)
    pace = _pace(panel, demand, expected.middle)
    damped = np.sqrt(np.clip(pace, 0.2, 5.0))
    beside = np.abs(_units(demand - expected.middle * pace, above * damped, below * damped))
    seen = beside[np.isfinite(beside)]
    return float(np.clip(1.4826 * np.median(seen), 0.1, 3.0)) if len(seen) else 1.0


def _spreads(expected: Expected) -> tuple[FloatArray, FloatArray]:
    """One standard deviation upwards and downwards, by the quantiles, in parts."""
    floor = _FLOOR * expected.middle
    up = np.maximum(expected.high - expected.middle, 0.0) / _Z95
    far = np.maximum(expected.highest - expected.middle, 0.0) / _Z99
    down = np.maximum(expected.middle - expected.low, 0.0) / _Z95
    above = np.maximum(np.maximum(up, far), floor)
    return above, np.maximum(np.maximum(down, 0.7 * above), floor)


def _units(error: FloatArray, above: FloatArray, below: FloatArray) -> FloatArray:
    spread = np.maximum(np.where(error > 0, above, below), 1e-9)
    return np.clip(error / spread, -1e3, 1e3)


def _pace(panel: Panel, demand: FloatArray, middle: FloatArray) -> FloatArray:
    """Median over the line's parts of value over expectation; 1 where too few are known."""
    ratio = np.where(middle >= _LEAST_EXPECTED, demand / np.maximum(middle, 1e-9), np.nan)
    pace = np.ones_like(demand)
    for rows in batches(panel.series, 1):
        if rows.stop - rows.start >= LEAST_PARTS:
            common, count = median_seen(ratio[rows].T)
            pace[rows] = np.where(count >= LEAST_PARTS, common, 1.0)
    return np.clip(pace, _SLOWEST, _FASTEST)


def _own_noise(raw: FloatArray, noise: float) -> FloatArray:
    """Size of a series' usual surprise before each period: trailing, cut, drawn to that of all."""
    seen = np.isfinite(raw)
    squares = np.where(seen, np.minimum(np.abs(raw), _CUT * noise) ** 2, 0.0)
    totals = np.cumsum(np.pad(squares, ((0, 0), (1, 0))), axis=1)
    counts = np.cumsum(np.pad(seen.astype(float), ((0, 0), (1, 0))), axis=1)
    now = np.arange(raw.shape[1])
    back = np.maximum(now - MEMORY, 0)
    total, count = totals[:, now] - totals[:, back], counts[:, now] - counts[:, back]
    return np.asarray(np.sqrt((total + _PRIOR * noise**2) / (count + _PRIOR)))
