"""From strangeness to probability: how often a normal history shows something as odd.

Below a high quantile the share is counted. Beyond it the excess follows a generalised Pareto
distribution (Pickands 1975; for streams Siffer et al., "Anomaly detection in streams with extreme
value theory", KDD 2017), because alarms are wanted once in 10,000 values or less. What the history
shows is not all normal: a first tail goes through two quantiles further in, which a few faults do
not move; values that are far too many for it are taken out before the tail is fitted to the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from supplynet.core.sample_paths import FloatArray

SMALLEST = 1e-12
"""Nothing is said to be rarer than this."""
_SCORE_DIGITS = 6.0
_BEYOND = 0.05  # share of the values that make the tail
_LEAST_TAIL = 30  # values; with fewer the tail is taken from further in
_LEAST = 20  # values below which nothing can be counted
_MOST_SHAPE = 0.5
_PRIOR = 100.0  # values of a tail that count as much as what is assumed of its shape
_INNER, _DEEPER = 0.2, 0.4  # share beyond the first quantile of the first guess; of it the second
_ASSUMED_SHAPE = 0.1
_SURPLUS = 3.0  # times as many as the tail says, of the rarest, are no chance
_GRID = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Tail:
    """Survival function of the strangeness of normal values.

    Attributes:
        grid: Quantiles that the share above falls evenly along from 1 to ``beyond``, ascending.
        beyond: Share above the last of them.
        scale, shape: Of the generalised Pareto tail above it.
    """

    grid: FloatArray
    beyond: float
    scale: float
    shape: float

    def p_values(self, strangeness: FloatArray) -> FloatArray:
        """Share of normal values that are at least as odd, in (0, 1]; NaN stays NaN."""
        top = self.grid[-1]
        within = self._within(strangeness)
        excess = np.maximum(strangeness - top, 0.0) / self.scale
        if abs(self.shape) < 1e-6:
            far = np.exp(-excess)
        else:
            far = np.maximum(1 + self.shape * excess, 0.0) ** (-1 / self.shape)
        p = np.where(strangeness > top, self.beyond * far, within)
        return np.asarray(np.where(np.isnan(strangeness), np.nan, np.maximum(p, SMALLEST)))

    def _within(self, strangeness: FloatArray) -> FloatArray:
        """Share at or above a value of the grid; of a value that many have, with all of these."""
        shares = np.linspace(1.0, self.beyond, len(self.grid))
        place = np.searchsorted(self.grid, strangeness, side="left").clip(0, len(self.grid) - 1)
        before = np.maximum(place - 1, 0)
        width = np.maximum(self.grid[place] - self.grid[before], SMALLEST)
        way = np.clip((strangeness - self.grid[before]) / width, 0.0, 1.0)
        return np.asarray(shares[before] + way * (shares[place] - shares[before]))

    def threshold(self, p: float) -> float:
        """Strangeness that a share ``p`` of normal values reaches."""
        if p >= self.beyond:
            return float(np.interp(-p, -np.linspace(1.0, self.beyond, len(self.grid)), self.grid))
        ratio = p / self.beyond
        far = -np.log(ratio) if abs(self.shape) < 1e-6 else (ratio**-self.shape - 1) / self.shape
        return float(self.grid[-1] + self.scale * far)

    def as_dict(self) -> dict[str, Any]:
        """JSON values; ``Tail.of_dict`` reads them."""
        return {
            "grid": self.grid.tolist(),
            "beyond": self.beyond,
            "scale": self.scale,
            "shape": self.shape,
        }

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Tail:
        """The tail that ``as_dict`` told."""
        return cls(
            grid=np.array(told["grid"], dtype=float),
            beyond=told["beyond"],
            scale=told["scale"],
            shape=told["shape"],
        )


def fit_tail(strangeness: FloatArray) -> Tail | None:
    """The tail of the normal values among these; None where they are too few.

    Args:
        strangeness: Any shape; NaN = not judged.
    """
    values = np.sort(strangeness[np.isfinite(strangeness)], axis=None)
    if len(values) < _LEAST or values[-1] <= values[0]:
        return None
    first = _first_guess(values)
    return _fit(values if first is None else _without_surplus(values, first))


def score_of(p_values: FloatArray) -> FloatArray:
    """0 to 1: 0 = as usual, 0.5 = as odd as one normal value in 1,000, 1 = one in a million."""
    return np.asarray(np.clip(-np.log10(p_values) / _SCORE_DIGITS, 0.0, 1.0))


def _first_guess(values: FloatArray) -> Tail | None:
    """A tail of an assumed shape through two quantiles; None where too few values differ.

    Args:
        values: Ascending.
    """
    common = float(np.quantile(values, 1 - _INNER))
    outer = float((values > common).mean())  # less than asked for where many values are the same
    low, high = np.quantile(values, [1 - outer, 1 - _DEEPER * outer])
    if outer * len(values) < _LEAST or high <= low:
        return None
    steps = (_DEEPER**-_ASSUMED_SHAPE - 1) / _ASSUMED_SHAPE
    grid = np.quantile(values, np.linspace(0.0, 1 - outer, _GRID))
    return Tail(grid=grid, beyond=outer, scale=float(high - low) / steps, shape=_ASSUMED_SHAPE)


def _fit(values: FloatArray) -> Tail:
    """Pareto tail by probability-weighted moments (Hosking and Wallis 1987), near what is assumed.

    Args:
        values: Ascending.
    """
    count = len(values)
    beyond = min(0.5, max(_BEYOND, _LEAST_TAIL / count))
    grid = np.quantile(values, np.linspace(0.0, 1 - beyond, _GRID))
    excess = values[values > grid[-1]] - grid[-1]
    beyond = max(len(excess), 1) / count
    if not len(excess):
        spread = max(float(values[-1] - values[0]), SMALLEST)
        return Tail(grid=grid, beyond=beyond, scale=spread / 5, shape=0.0)
    mean = float(excess.mean())
    place = (np.arange(len(excess)) + 0.65) / len(excess)
    weighted = float(((1 - place) * excess).mean())
    divisor = mean - 2 * weighted
    shape = 2 - mean / divisor if divisor > 0 else _MOST_SHAPE
    shape = float(np.clip(shape, 0.0, _MOST_SHAPE)) * len(excess) + _ASSUMED_SHAPE * _PRIOR
    shape /= len(excess) + _PRIOR
    return Tail(grid=grid, beyond=beyond, scale=mean * (1 - shape), shape=shape)


def _without_surplus(values: FloatArray, tail: Tail) -> FloatArray:
    """Without the values that are too rare and too many to be normal.

    Counted from the oddest on, the place up to which there are most times as many as the tail
    says; a single one is never too many.
    """
    top = values[values > tail.grid[-1]][::-1]
    if not len(top):
        return values
    found = np.arange(1, len(top) + 1)
    wanted = tail.p_values(top) * len(values)
    surplus = np.flatnonzero((found > _SURPLUS * wanted + 2) & (tail.p_values(top) < 0.01))
    return values[: len(values) - (surplus[-1] + 1)] if len(surplus) else values
