"""What the noise of a series allows: the least error that any forecast of it can have.

Demand of a period is drawn about a mean that a forecast may at best know. The variance of the draw
is estimated without any model, from what a period differs by from the same place of the season
before and after it (a linear drift of the mean cancels out; Gasser, Sroka and Jennen-Steinmetz
1986, Biometrika 73, 625-633), and taken as that of a negative binomial, ``mean + beyond * mean**2``
with ``beyond >= 0``: counts scatter at least as Poisson's do. A MAPE under 15 % can be promised
only where this floor lies well below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import nbinom

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel
from supplynet.learning.windows import season_length

GOAL_MAPE, GOAL_R2 = 0.15, 0.7
"""What a forecast of a series with little noise is to reach."""
FLOOR_MAPE, FLOOR_R2 = 0.12, 0.8
"""Where the goals can be promised: a forecast that knew the mean would do better than this."""
_SEASONS = 26
_WINDOW_SEASONS = 4
_LEAST_PLACES = 12
_POISSON = 1e-6  # variance beyond Poisson's that is none
_LEVELS = (np.arange(99) + 0.5) / 99
_PLACES = (1 / 6, 1 / 2, 5 / 6)  # of the levels of a series, at which its floor is computed


@dataclass(frozen=True, kw_only=True, eq=False)
class Attainable:
    """The floor of each series, each of shape (series,); NaN where too little is known.

    Attributes:
        mape: Least mean of ``|e| / actual`` over periods with demand.
        mae: Least mean of ``|e|``, parts.
        r2: Largest share of the variance within four seasons that is not noise; may be below 0.
    """

    mape: FloatArray
    mae: FloatArray
    r2: FloatArray

    @property
    def promised(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Series whose noise allows ``GOAL_MAPE`` and ``GOAL_R2``, shape (series,)."""
        return np.asarray((self.mape < FLOOR_MAPE) & (self.r2 > FLOOR_R2))


def attainable(panel: Panel) -> Attainable:
    """The floor of each series from its last 26 seasons.

    Noise is what neighbouring seasons do not share: an event that a forecast is told ahead counts
    as noise here, so that the floor of a series with many of them is too high.

    Args:
        panel: History; what was not observed is left out.
    """
    season = season_length(panel.periods)
    demand = panel.demand[:, -_SEASONS * season :]
    before, now, after = _neighbours(demand, season)
    seen = ~np.isnan(before + now + after)
    level = np.where(seen, (before + now + after) / 3, 0.0)
    noise = np.where(seen, 2 / 3 * (now - (before + after) / 2) ** 2, 0.0)
    count = seen.sum(axis=1)
    # The squared mean of three has a third of the noise in it.
    square = np.maximum((level**2).sum(axis=1) - noise.sum(axis=1) / 3, 1e-12)
    beyond = np.maximum((noise - level).sum(axis=1) / square, _POISSON)
    known = (count >= _LEAST_PLACES) & (level.sum(axis=1) > 0)
    mape, mae = _errors(_spread_of_levels(level, seen), beyond)
    variance = _variance(demand, _WINDOW_SEASONS * season)
    some = np.maximum(count, 1)
    drawn = (level.sum(axis=1) + beyond * square) / some
    unknown = np.full(len(demand), np.nan)
    return Attainable(
        mape=np.where(known, mape, unknown),
        mae=np.where(known, mae, unknown),
        r2=np.where(
            known & (variance > 0), 1 - drawn / np.where(variance > 0, variance, 1), unknown
        ),
    )


def why_not(floor: Attainable) -> str:
    """For people: of how many series a percentage can be promised, and why of no more."""
    judged = ~np.isnan(floor.mape)
    total, promised = int(judged.sum()), int(floor.promised.sum())
    if not total:
        return "No series is long enough to tell its noise."
    rest = judged & ~floor.promised
    told = (
        f"{promised} of {total} series have so little noise that MAPE below {GOAL_MAPE:.0%} and "
        f"R2 above {GOAL_R2} can be promised."
    )
    if not rest.any():
        return told
    middle = float(np.median(floor.mape[rest]))
    return (
        f"{told} The demand of the other {int(rest.sum())} scatters about its own mean: a forecast "
        f"that knew this mean would still have a MAPE of {middle:.0%} in the median, so they are "
        "judged by how near their MAE comes to the least that is possible."
    )


def _neighbours(demand: FloatArray, season: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A season before, now, a season after; each of shape (series, period - 2 seasons)."""
    inner = max(0, demand.shape[1] - 2 * season)
    return (
        demand[:, :inner],
        demand[:, season : season + inner],
        demand[:, 2 * season : 2 * season + inner],
    )


def _spread_of_levels(
    level: FloatArray, seen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> FloatArray:
    """A low, a middle and a high level of each series, shape (series, 3)."""
    if not level.shape[1]:
        return np.zeros((len(level), len(_PLACES)))
    ordered = np.sort(np.where(seen, level, np.inf), axis=1)
    last = np.maximum(seen.sum(axis=1) - 1, 0)
    place = np.rint(last[:, None] * np.array(_PLACES)).astype(np.int64)
    found = np.take_along_axis(ordered, place, axis=1)
    return np.where(np.isfinite(found), found, 0.0)


def _errors(level: FloatArray, beyond: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Least MAPE and MAE of negative binomials, each of shape (series,)."""
    size = (1 / beyond)[:, None, None]
    mean = np.maximum(level, 1e-9)[:, :, None]
    drawn = nbinom.ppf(_LEVELS, size, size / (size + mean))  # (series, place, draw), ascending
    median = drawn[:, :, [len(_LEVELS) // 2]]
    mae = np.abs(drawn - median).mean(axis=(1, 2))
    weight = np.where(drawn > 0, 1 / np.maximum(drawn, 1), 0.0)
    # |y - f| / y is least at the median of the draws weighted by 1 / y.
    half = weight.sum(axis=2, keepdims=True) / 2
    best = np.take_along_axis(
        drawn, (weight.cumsum(axis=2) < half).sum(axis=2, keepdims=True).clip(max=98), axis=2
    )
    positive = np.maximum((drawn > 0).sum(axis=(1, 2)), 1)
    return (np.abs(drawn - best) * weight).sum(axis=(1, 2)) / positive, mae


def _variance(demand: FloatArray, window: int) -> FloatArray:
    """Mean variance within windows of so many periods, shape (series,)."""
    total, count = np.zeros(len(demand)), np.zeros(len(demand))
    for end in range(demand.shape[1], 0, -window):
        part = demand[:, max(0, end - window) : end]
        seen = ~np.isnan(part)
        some = seen.sum(axis=1)
        mean = np.where(seen, part, 0.0).sum(axis=1) / np.maximum(some, 1)
        total += np.where(seen, (part - mean[:, None]) ** 2, 0.0).sum(axis=1)
        count += some
    return np.asarray(total / np.maximum(count, 1))
