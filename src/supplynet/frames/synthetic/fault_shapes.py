"""What each kind of fault does to the amounts of a stretch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.sample_paths import FloatArray

Ints = npt.NDArray[np.int_]
PACKS = (5, 10, 12, 20, 24, 50)
STRENGTHS: Mapping[str, tuple[float, float]] = {
    "spike": (1.5, 8.0),
    "drop": (0.0, 0.6),
    "level_shift": (1.3, 2.0),
    "dead_sensor": (0.0, 0.0),
    "stuck_sensor": (1.0, 1.0),
    "double_booking": (2.0, 2.0),
    "unit_jump": (min(PACKS), max(PACKS)),
    "night_drift": (1.3, 1.8),
}
"""Every kind, and between what its factor is drawn. Those of level_shift, unit_jump and night_drift
are turned round (``1 / factor``) half of the time."""
TURNED = ("level_shift", "unit_jump", "night_drift")
LEAST_MEAN: Mapping[str, float] = {
    "spike": 5.0,
    "drop": 8.0,
    "level_shift": 8.0,
    "dead_sensor": 2.0,
    "stuck_sensor": 3.0,
    "double_booking": 5.0,
    "unit_jump": 10.0,
    "night_drift": 8.0,
}
"""Mean use per period, parts, below which the kind could not be told from a quiet series."""
ONE_VALUE = ("spike", "drop", "double_booking")
DRIFT_OCCURRENCES = (10, 20)
"""Of one shift, until a drift is complete."""
MOST_ZEROS = 0.5  # share in a stretch beyond which a missing or constant value is nothing odd
USUAL_FROM = 0.5  # of the mean: what single values must have, so that a change stands out
BEFORE = 14  # periods in which a stuck counter may have shown its value last


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """Where a fault goes: periods ``[first, first + length)`` of one series.

    Attributes:
        kind: What goes there.
        series: True amounts of the whole series, NaN = not observed, shape (period,).
        slots: Number of the shift of each of its periods.
        strength: Its factor is from and to.
    """

    kind: str
    series: FloatArray
    slots: Ints
    first: int
    length: int
    strength: tuple[float, float]

    @property
    def true(self) -> FloatArray:
        """The amounts of its own periods."""
        return self.series[self.first : self.first + self.length]

    def can_show(self) -> bool:
        """Whether the fault would stand out from these amounts."""
        true = self.true
        seen = true[np.isfinite(true)]
        if not np.isfinite(true[0]) or seen.mean() < LEAST_MEAN[self.kind]:
            return False
        if self.kind in ONE_VALUE:
            return bool(seen.min() >= USUAL_FROM * np.nanmean(self.series))
        return bool((seen == 0).mean() <= MOST_ZEROS and 2 * len(seen) >= len(true))

    def factor(self, rng: np.random.Generator) -> float:
        """A factor of the kind, all ratios alike; one that may be 0 is drawn evenly."""
        low, high = self.strength
        if low <= 0:
            return float(rng.uniform(low, high))
        factor = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        return 1 / factor if self.kind in TURNED and rng.uniform() < 0.5 else factor


Shape = Callable[[Place, np.random.Generator], tuple[FloatArray, float]]
"""From a place to the amounts that it shows, and their factor."""


def _times(place: Place, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """All amounts by one factor."""
    factor = place.factor(rng)
    return place.true * factor, factor


def _stuck(place: Place, _: np.random.Generator) -> tuple[FloatArray, float]:
    """The last amount that was not 0, again and again."""
    first = place.first
    usual = place.series[first - min(first, BEFORE) : first + 1]
    usual = usual[np.isfinite(usual) & (usual > 0)]
    value = float(usual[-1]) if usual.size else float(np.nanmax(place.true))
    shown = np.where(np.isfinite(place.true), value, np.nan)
    return shown, value / float(np.nanmean(place.true))


def _double(place: Place, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """The first amount twice; a second one is left out."""
    factor = place.factor(rng)
    shown = np.full(place.length, np.nan)
    shown[0] = place.true[0] * factor
    return shown, factor


def _unit_jump(place: Place, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """Pieces counted for packs, or packs for pieces where a pack is half a period's use at most."""
    low, high = place.strength
    packs = [pack for pack in PACKS if low <= pack <= high]
    small = [pack for pack in packs if pack <= np.nanmean(place.true) / 2]
    fewer = bool(small) and rng.uniform() < 0.5
    among = small if fewer else packs
    pack = among[int(rng.integers(len(among)))]
    factor = 1 / pack if fewer else float(pack)
    return place.true * factor, factor


def _drift(place: Place, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """One shift grows or shrinks evenly from here on, and stays there; it is that of ``first``."""
    factor = place.factor(rng)
    low, high = DRIFT_OCCURRENCES
    steps = int(rng.integers(low, high + 1))
    slots = place.slots[place.first : place.first + place.length]
    mine = slots == slots[0]
    grown = np.minimum(np.cumsum(mine) / steps, 1.0)
    return place.true * np.where(mine, 1 + (factor - 1) * grown, 1.0), factor


SHAPES: Mapping[str, Shape] = {
    "spike": _times,
    "drop": _times,
    "level_shift": _times,
    "dead_sensor": _times,
    "stuck_sensor": _stuck,
    "double_booking": _double,
    "unit_jump": _unit_jump,
    "night_drift": _drift,
}
