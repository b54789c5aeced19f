"""How the lines of a synthetic plant work: level, shifts, weekdays, trend, season.

A line's profile follows from its name alone, and a part's mix from the names of line and part. So
the plant's rules (``synthetic_plant``) and its history (``synthetic``) agree without a word between
them, and adding a showroom changes nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np
import numpy.typing as npt

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray

REFERENCE_MINUTES = 720
"""Levels are per 12 hours; a shift of 8 hours builds two thirds of it."""
EPOCH = date(2025, 1, 1)
"""Day on which the trend factor is 1."""
LUMPY_BELOW = 0.1
"""Requirements below this many parts per unit are used in lumps: rarely, several at a time."""
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """The known part of every line's production.

    Attributes:
        base: Units per 12 hours on a plain weekday in the first shift, shape (line,).
        shift_ratio: Level of the n-th shift of the day (n modulo 4), shape (line, 4).
        weekday: Level by weekday, Monday = 0, shape (line, 7).
        trend: Change per year, as a share, shape (line,).
        season: Amplitude and phase (radians) of the year's wave, shape (line, 2).
    """

    base: FloatArray
    shift_ratio: FloatArray
    weekday: FloatArray
    trend: FloatArray
    season: FloatArray

    def level(
        self, *, weekday: npt.NDArray[np.int_], order: npt.NDArray[np.int_], days: FloatArray
    ) -> FloatArray:
        """Expected units per 12 hours, shape (period, line).

        Args:
            weekday: Of each period, Monday = 0, shape (period,).
            order: Place of the shift in its day, 0 = first, shape (period,).
            days: Days since ``EPOCH``, shape (period,).
        """
        years = days[:, None] / DAYS_PER_YEAR
        season = 1 + self.season[:, 0] * np.sin(2 * np.pi * years + self.season[:, 1])
        pattern = self.shift_ratio.T[order % 4] * self.weekday.T[weekday]
        level: FloatArray = self.base * pattern * season * np.exp(self.trend * years)
        return level


def line_profile(lines: Sequence[str]) -> Profile:
    """The profile of each line, by its name."""
    rngs = [np.random.default_rng(crc32(line.encode())) for line in lines]
    workday = [1 + rng.uniform(-0.08, 0.08, 5) for rng in rngs]
    weekend = [np.array([rng.uniform(0.55, 0.75), rng.uniform(0.4, 0.6)]) for rng in rngs]
    return Profile(
        base=np.array([rng.uniform(45.0, 110.0) for rng in rngs]),
        shift_ratio=np.array([[1.0, *rng.uniform(0.5, 0.95, 3)] for rng in rngs]).reshape(-1, 4),
        weekday=np.array([[*a, *b] for a, b in zip(workday, weekend, strict=True)]).reshape(-1, 7),
        trend=np.array([rng.uniform(-0.06, 0.10) for rng in rngs]),
        season=np.array(
            [[rng.uniform(0.05, 0.15), rng.uniform(0, 2 * np.pi)] for rng in rngs]
        ).reshape(-1, 2),
    )


def weekday_mix(series: Sequence[tuple[str, str]]) -> FloatArray:
    """How much more of a part the product mix takes on each weekday, shape (series, 7), mean 1."""
    names = [f"{line}/{part}".encode() for line, part in series]
    mix = np.array([np.random.default_rng(crc32(n)).uniform(0.9, 1.1, 7) for n in names])
    scaled: FloatArray = mix.reshape(-1, 7) / mix.reshape(-1, 7).mean(axis=1, keepdims=True)
    return scaled


def demand_series(plant: Plant) -> tuple[list[tuple[str, str]], FloatArray]:
    """Every (line, part) of the plant, sorted, and its parts per unit built, shape (series,).

    Of several rows for the same line and part (products, dates) the largest quantity counts.
    """
    quantity: dict[tuple[str, str], float] = {}
    for need in plant.requirements:
        key = (need.line_id, need.part_id)
        quantity[key] = max(quantity.get(key, 0.0), float(need.quantity))
    series = sorted(quantity)
    return series, np.array([quantity[key] for key in series])


def expected_per_day(plant: Plant) -> dict[tuple[str, str], float]:
    """Mean parts per calendar day of every (line, part), over the week and the year."""
    series, quantity = demand_series(plant)
    lines = sorted({line for line, _ in series})
    profile, index = line_profile(lines), {line: i for i, line in enumerate(lines)}
    units = [
        float(profile.base[i] * _week_share(plant, line, profile, i))
        for i, line in enumerate(lines)
    ]
    return {
        (line, part): units[index[line]] * float(each)
        for (line, part), each in zip(series, quantity, strict=True)
    }


def _week_share(plant: Plant, line: str, profile: Profile, i: int) -> float:
    """Levels of the line's shifts in a week, over seven days."""
    patterns = sorted(plant.calendar_of(line).patterns, key=lambda p: p.start)
    total = 0.0
    for order, pattern in enumerate(patterns):
        start, end = (t.hour * 60 + t.minute for t in (pattern.start, pattern.end))
        length = (end - start) % 1440 or 1440
        week = sum(profile.weekday[i, day] for day in pattern.weekdays)
        total += profile.shift_ratio[i, order % 4] * week * length / REFERENCE_MINUTES
    return float(total / 7)
