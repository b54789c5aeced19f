"""Labelled faults in any panel: what counters, scanners and bookings get wrong, put in on purpose.

Into a panel, real or made up, so that detectors can be scored on data whose faults are known. What
is drawn for a series hangs on the seed and its name alone, so further series change nothing for the
others. ``recorded_faults`` reads those that an export with defects has already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.errors import InvalidInput
from supplynet.frames.panel import Panel
from supplynet.frames.synthetic.fault_shapes import (
    DRIFT_OCCURRENCES,
    PACKS,
    SHAPES,
    STRENGTHS,
    TURNED,
    Ints,
    Place,
)
from supplynet.frames.synthetic.streams import stream

APART = 14
"""Periods from the end of a fault to the next one in the same series, at least."""
LENGTHS: Mapping[str, tuple[int, int]] = {
    "spike": (1, 1),
    "drop": (1, 2),
    "level_shift": (10, 60),
    "dead_sensor": (6, 42),
    "stuck_sensor": (6, 42),
    "double_booking": (1, 2),
    "unit_jump": (4, 28),
}
"""Periods, from and to. A drift lasts."""
MAY_LAST = ("level_shift", "dead_sensor")
"""Half of them go on to the end of the history, or until the next fault of the series is due."""
TRIES = 8  # places tried for one fault before it is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Periods ``[first, end)`` of one series that do not say what was used.

    Attributes:
        kind: One of ``STRENGTHS``.
        series: Row of the panel.
        first, end: Columns of the panel.
        factor: What the true amounts were multiplied by; of a drift the last one, of a stuck value
            the mean one.
    """

    kind: str
    series: int
    first: int
    end: int
    factor: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Wanted:
    """What may be put in, and when each shift is."""

    kinds: list[str]
    strengths: Mapping[str, tuple[float, float]]
    slots: Ints


def inject(
    panel: Panel,
    *,
    seed: int,
    faults_per_series: float = 1.0,
    kinds: Collection[str] | None = None,
    strengths: Mapping[str, tuple[float, float]] | None = None,
    only: tuple[int, int] | None = None,
) -> tuple[Panel, list[Fault]]:
    """A copy of ``panel`` with faults in it, and what they are.

    Faults of a series never overlap and are at least ``APART`` periods apart; none is put where
    nothing was observed or where it could not be seen, so there may be fewer than asked for. Where
    a fault ends, the true amounts go on. Whole numbers stay whole.

    Args:
        panel: What it holds is taken for the truth.
        seed: Same seed, same faults.
        faults_per_series: Mean number; of 1.3 every series has one and three in ten have a second.
        kinds: Only these; None = all. Each is as likely as the others where it can be seen.
        strengths: Factors from and to, by kind, in place of ``STRENGTHS``.
        only: Columns ``[first, end)`` that may be changed; None = all.

    Returns:
        The panel with changed demand, and its faults by series and time.

    Raises:
        InvalidInput: An unknown kind, a strength or a number of faults that cannot be, or columns
            that the panel has not.
    """
    wanted = _Wanted(
        kinds=_known(STRENGTHS if kinds is None else kinds),
        strengths={**STRENGTHS, **_checked(strengths or {})},
        slots=_slots(panel),
    )
    first, end = (0, len(panel.periods)) if only is None else only
    if not 0 <= first <= end <= len(panel.periods):
        raise InvalidInput(f"columns [{first}, {end}) are not within 0 to {len(panel.periods)}")
    if not 0 <= faults_per_series < np.inf:
        raise InvalidInput(f"{faults_per_series} faults per series; give 0 or more")
    demand, faults = panel.demand.copy(), list[Fault]()
    for series, name in enumerate(panel.series):
        rng = stream(seed, "faults", "/".join(name))
        count = int(faults_per_series + rng.uniform())
        edges = np.linspace(first, end, count + 1).astype(int).tolist() if count else []
        for lower, upper in pairwise(edges):
            room = (lower, upper if upper == end else upper - APART)
            found = _fault(panel.demand[series], wanted, room, rng)
            if found is not None:
                place, shown, factor = found
                stop = place.first + place.length
                demand[series, place.first : stop] = shown
                faults.append(
                    Fault(
                        kind=place.kind, series=series, first=place.first, end=stop, factor=factor
                    )
                )
    return replace(panel, demand=demand), faults


def _fault(
    series: FloatArray, wanted: _Wanted, room: tuple[int, int], rng: np.random.Generator
) -> tuple[Place, FloatArray, float] | None:
    """A fault somewhere in ``room``, what it shows and its factor; None where none can be seen."""
    whole = bool((series[np.isfinite(series)] % 1 == 0).all())
    for _ in range(TRIES):
        place = _place(series, wanted, room, rng)
        if place is None or not place.can_show():
            continue
        shown, factor = SHAPES[place.kind](place, rng)
        shown = np.rint(shown) if whole else shown
        if not np.array_equal(shown, place.true, equal_nan=True):
            return place, shown, factor
    return None


def _place(
    series: FloatArray, wanted: _Wanted, room: tuple[int, int], rng: np.random.Generator
) -> Place | None:
    """A kind and periods for it; None where ``room`` is too short."""
    kind = wanted.kinds[int(rng.integers(len(wanted.kinds)))]
    drift = DRIFT_OCCURRENCES[1] * len(np.unique(wanted.slots))  # complete, at least, at the end
    shortest, longest = LENGTHS.get(kind, (drift, drift))
    space = room[1] - room[0]
    if space < max(shortest, 1):
        return None
    first = room[0] + int(rng.integers(space - shortest + 1))
    length = int(rng.integers(shortest, min(longest, room[1] - first) + 1))
    if kind not in LENGTHS or (kind in MAY_LAST and rng.uniform() < 0.5):
        length = room[1] - first
    return Place(
        kind=kind,
        series=series,
        slots=wanted.slots,
        first=first,
        length=length,
        strength=wanted.strengths[kind],
    )


def _slots(panel: Panel) -> Ints:
    """Number of each period's shift; of its weekday where there is but one shift or none."""
    names = sorted(set(panel.shifts))
    if len(names) < 2:
        return np.array([period.local_date.weekday() for period in panel.periods], dtype=int)
    return np.array([names.index(name) for name in panel.shifts], dtype=int)


def _known(kinds: Collection[str]) -> list[str]:
    unknown = sorted(set(kinds).difference(STRENGTHS))
    if unknown or not kinds:
        raise InvalidInput(f"kinds of faults {unknown or 'none'}; use some of {list(STRENGTHS)}")
    return sorted(set(kinds))


def _checked(strengths: Mapping[str, tuple[float, float]]) -> Mapping[str, tuple[float, float]]:
    if strengths:
        _known(strengths)
    for kind, (low, high) in strengths.items():
        packs = [pack for pack in PACKS if low <= pack <= high]
        turned = kind in TURNED and low <= 0  # 0 cannot be turned round
        if turned or not 0 <= low <= high < np.inf or (kind == "unit_jump" and not packs):
            raise InvalidInput(f"{kind} cannot be from {low} to {high} times; see STRENGTHS")
    return strengths
