"""How the lines of a synthetic plant work: level, shifts, weekdays, trend, season.

A line's profile follows from its name alone, and a part's mix from the names of line and part. So
the plant's rules (``rules``) and its history (``demand``) agree without a word between them, and
adding a showroom changes nothing elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np
import numpy.typing as npt

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.synthetic.scenario import DemandShape

REFERENCE_MINUTES = 720
"""Levels are per 12 hours; a shift of 8 hours builds two thirds of it."""
EPOCH = date(2025, 1, 1)
"""Day on which the trend factor is 1."""
LUMPY_BELOW = 0.1
"""Requirements below this many parts per unit are used in lumps: rarely, several at a time."""
DAYS_PER_YEAR = 365.25
PLAIN = DemandShape()


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
        """Expected units per 12 hours, shape (line, period).

        Args:
            weekday: Of each period, Monday = 0, shape (period,).
            order: Place of the shift in its day, 0 = first, shape (period,).
            days: Days since ``EPOCH``, shape (period,).
        """
        years = days / DAYS_PER_YEAR
        amplitude, phase = self.season.T[:, :, None]
        season = 1 + amplitude * np.sin(2 * np.pi * years + phase)
        pattern = self.shift_ratio[:, order % 4] * self.weekday[:, weekday]
        trend = np.exp(self.trend[:, None] * years)
        level: FloatArray = self.base[:, None] * pattern * season * trend
        return level

    def of(self, lines: npt.NDArray[np.int_]) -> Profile:
        """The profile of the lines at those places."""
        return Profile(
            base=self.base[lines],
            shift_ratio=self.shift_ratio[lines],
            weekday=self.weekday[lines],
            trend=self.trend[lines],
            season=self.season[lines],
        )


def line_profile(lines: Sequence[str], shape: DemandShape = PLAIN) -> Profile:
    """The profile of each line, by its name; ``shape`` says how strong its patterns are."""
    rngs = [np.random.default_rng(crc32(line.encode())) for line in lines]
    workday = [1 + rng.uniform(-0.08, 0.08, 5) for rng in rngs]
    weekend = [np.array([rng.uniform(0.55, 0.75), rng.uniform(0.4, 0.6)]) for rng in rngs]
    return Profile(
        base=np.array([rng.uniform(45.0, 110.0) for rng in rngs]),
        shift_ratio=np.array([[1.0, *rng.uniform(0.5, 0.95, 3)] for rng in rngs]).reshape(-1, 4)
        ** shape.shift_scale,
        weekday=np.array([[*a, *b] for a, b in zip(workday, weekend, strict=True)]).reshape(-1, 7)
        ** shape.weekday_scale,
        trend=np.array([rng.uniform(-0.06, 0.10) for rng in rngs]) * shape.trend_scale,
        season=np.array(
            [[rng.uniform(0.05, 0.15), rng.uniform(0, 2 * np.pi)] for rng in rngs]
        ).reshape(-1, 2)
        * [shape.season_scale, 1.0],
    )


def weekday_mix(series: Sequence[tuple[str, str]], shape: DemandShape = PLAIN) -> FloatArray:
    """How much more of a part the product mix takes on each weekday, shape (series, 7), mean 1."""
    names = [f"{line}/{part}".encode() for line, part in series]
    mix = np.array([np.random.default_rng(crc32(n)).uniform(0.9, 1.1, 7) for n in names])
    scaled: FloatArray = mix.reshape(-1, 7) ** shape.weekday_scale
    scaled /= scaled.mean(axis=1, keepdims=True)
    return scaled


def requirements_by_run(
    plant: Plant, lines: Collection[str] | None = None
) -> dict[tuple[str, str, str], float]:
    """Parts per unit by (line, product, part), of ``lines`` or of all.

    Of several rows for the same three (dates, alternatives) the largest quantity counts.
    """
    wanted = None if lines is None else set(lines)
    quantity: dict[tuple[str, str, str], float] = {}
    for need in plant.requirements:
        if wanted is None or need.line_id in wanted:
            key = (need.line_id, need.product, need.part_id)
            quantity[key] = max(quantity.get(key, 0.0), float(need.quantity))
    return quantity


def demand_series(plant: Plant) -> tuple[list[tuple[str, str]], FloatArray]:
    """Every (line, part) of the plant, sorted, and its parts per unit built, shape (series,).

    A line with several products builds them in equal shares.
    """
    by_run = requirements_by_run(plant)
    products = Counter(line for line, _ in {(line, product) for line, product, _ in by_run})
    quantity: dict[tuple[str, str], float] = defaultdict(float)
    for (line, _, part), each in by_run.items():
        quantity[line, part] += each / products[line]
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
