"""Rank correlations: of two things, of all rows of an array, and of drivers with their lead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.decomposition import remainders
from supplynet.frames.exploration.driver_grid import DriverSeries
from supplynet.frames.exploration.source import Source

LEADS = {"day": 14, "week": 8, "month": 6}
"""How far drivers are shifted either way, by unit."""
FEWEST_PAIRS = 20
_SURE = 0.05  # chance that any of all the lags of all drivers looks like one by accident


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Correlation of two named things; ``lag`` > 0 means that the first comes earlier."""

    kind: str
    first: str
    second: str
    lag: int
    correlation: float
    pairs: int


def spearman(first: FloatArray, second: FloatArray) -> tuple[float, int]:
    """Rank correlation of the pairs without NaN, and how many; NaN under 20 or when one is flat."""
    both = np.isfinite(first) & np.isfinite(second)
    many = int(both.sum())
    if many < FEWEST_PAIRS:
        return math.nan, many
    a, b = rankdata(first[both]), rankdata(second[both])
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return (float((a * b).sum()) / size if size > 0 else math.nan), many


def all_pairs(rows: FloatArray) -> FloatArray:
    """Spearman correlation of every two rows, shape (row, row); NaN on the diagonal."""
    made = np.full((len(rows), len(rows)), np.nan)
    for i in range(len(rows)):
        for j in range(i):
            made[i, j] = made[j, i] = spearman(rows[i], rows[j])[0]
    return made


def driver_leads(source: Source, drivers: Sequence[DriverSeries]) -> tuple[list[list[Pair]], float]:
    """For each driver its correlation at every lag, and the size that chance would not reach.

    The limit is the two-sided 5 % point of a correlation of independent ranks, divided among all
    that was tried (Bonferroni). Pairs that follow each other are alike, so they count for less:
    ``n (1 - ab) / (1 + ab)`` with the autocorrelations of both at lag 1 (Bartlett 1935).
    """
    reach = LEADS[source.unit.name]
    lags = range(-reach, reach + 1)
    made: list[list[Pair]] = []
    worth: list[float] = []
    for driver in drivers:
        target = driver.target(source)
        if target is None:
            continue
        used, said = (remainders(row[None], source.unit)[0] for row in (target, driver.values))
        pairs = []
        for lag in lags:
            value, many = spearman(*_shifted(said, used, lag))
            if math.isfinite(value):
                name = driver.of(source)
                pairs.append(
                    Pair(
                        kind="plan" if driver.planned else "driver",
                        first=driver.name,
                        second=name,
                        lag=lag,
                        correlation=value,
                        pairs=many,
                    )
                )
        if pairs:
            made.append(pairs)
            worth.append(min(p.pairs for p in pairs) * _independent(said, used))
    made.sort(key=lambda pairs: (-max(abs(p.correlation) for p in pairs), pairs[0].first))
    tried = sum(len(pairs) for pairs in made)
    if not tried:
        return [], 1.0
    limit = float(norm.ppf(1 - _SURE / (2 * tried))) / math.sqrt(max(2.0, min(worth)) - 1)
    return made, min(1.0, limit)


def _independent(first: FloatArray, second: FloatArray) -> float:
    """Share of the pairs of two series that are worth an independent one each."""
    a, b = (spearman(each[1:], each[:-1])[0] for each in (first, second))
    both = a * b if math.isfinite(a * b) else 0.0
    return min(1.0, (1 - both) / (1 + both)) if both > -1 else 1.0


def _shifted(driver: FloatArray, used: FloatArray, lag: int) -> tuple[FloatArray, FloatArray]:
    """The driver beside what was used ``lag`` columns later."""
    if lag == 0:
        return driver, used
    return (driver[:-lag], used[lag:]) if lag > 0 else (driver[-lag:], used[:lag])
