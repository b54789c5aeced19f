"""The methods: how made-up demand differs from what is usual for its series.

Each gives ratios of demand to what is usual in the period (level x profile by shift and weekday).
So a stretched or borrowed course never puts a Sunday's demand on a Monday.

- ``scaling``: the series' own course again, its size changed by a random factor (Um et al., "Data
  augmentation of wearable sensor data for Parkinson's disease monitoring using convolutional
  neural networks", 2017).
- ``window_warping``: the same, with windows of a tenth of it played at half or double speed (Le
  Guennec, Malinowski and Tavenard, "Data augmentation for time series classification using
  convolutional neural networks", 2016).
- ``borrow``: the course that the most similar longer series took in those very periods.
- ``continuation``: negative binomial demand around the usual, with the series' own spread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from supplynet.core.sample_paths import FloatArray

SCALE_SD = 0.1
"""Of the logarithm of the random factor."""
WINDOW_SHARE = 0.1
SPEEDS = (0.5, 2.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """One short series.

    Attributes:
        ratios: Demand over usual of its observed rows, oldest first, shape (row,), not empty.
        usual: Usual demand of the rows to make, oldest first, shape (new,).
        lump: Parts that it takes at once.
        excess: Squared spread of its rate beyond Poisson (of lumps).
        donor: Ratios of the similar series in the new periods, NaN where it has none; None = no
            series is similar.
    """

    ratios: FloatArray
    usual: FloatArray
    lump: float
    excess: float
    donor: FloatArray | None = None


def scaling(course: Course, rng: np.random.Generator) -> FloatArray:
    """Demand of the new rows, not yet whole; NaN = no row. Each time round has its own factor."""
    return _repeated(course, rng, lambda ratios: ratios)


def window_warping(course: Course, rng: np.random.Generator) -> FloatArray:
    """Likewise, with one warped window each time round."""
    return _repeated(course, rng, lambda ratios: _warped(ratios, rng))


def borrow(course: Course, _rng: np.random.Generator) -> FloatArray:
    """The donor's ratios around this series' usual demand."""
    if course.donor is None:
        return np.full(len(course.usual), np.nan)
    return course.usual * course.donor


def continuation(course: Course, rng: np.random.Generator) -> FloatArray:
    """Negative binomial: a Poisson number of lumps whose rate is gamma distributed."""
    mean = np.nan_to_num(course.usual) / course.lump
    factor: FloatArray | float = 1.0
    if course.excess > 0:
        factor = rng.gamma(1 / course.excess, course.excess, len(mean))
    made: FloatArray = course.lump * rng.poisson(mean * factor).astype(np.float64)
    return made


METHODS: dict[str, Callable[[Course, np.random.Generator], FloatArray]] = {
    "scaling": scaling,
    "window_warping": window_warping,
    "borrow": borrow,
    "continuation": continuation,
}
"""Every method by name."""


def _repeated(
    course: Course,
    rng: np.random.Generator,
    change: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """The course again and again, the last one ending where the real rows begin."""
    needed, made = len(course.usual), np.empty(0)
    while len(made) < needed:
        factor = np.exp(rng.normal(-(SCALE_SD**2) / 2, SCALE_SD))
        made = np.concatenate([change(course.ratios) * factor, made])
    return course.usual * made[len(made) - needed :]


def _warped(ratios: FloatArray, rng: np.random.Generator) -> FloatArray:
    """One window at another speed, and everything brought back to the old length."""
    length = len(ratios)
    size = max(2, round(WINDOW_SHARE * length))
    if length < 2 * size:
        return ratios
    first = int(rng.integers(0, length - size + 1))
    window = ratios[first : first + size]
    count = max(1, round(size / SPEEDS[int(rng.integers(len(SPEEDS)))]))
    played = np.interp(np.linspace(0, size - 1, count), np.arange(size), window)
    whole = np.concatenate([ratios[:first], played, ratios[first + size :]])
    places = np.linspace(0, len(whole) - 1, length)
    warped: FloatArray = np.interp(places, np.arange(len(whole)), whole)
    return warped
