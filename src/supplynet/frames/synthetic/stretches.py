"""Defects that last: days left out, packs for pieces, stuck and dead series, stamps off by hours.

A series has each of them once at most, and no two at the same time: its days are cut into as many
slots as it has defects, in an order of its own, and each defect lies inside its slot with a day to
spare on both sides. A dead end takes the last part of the history.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from supplynet.core.network import Plant
from supplynet.errors import NotFound
from supplynet.frames.synthetic.recorded import Bools, Longs, Recorded
from supplynet.frames.synthetic.rules import CONTAINERS
from supplynet.frames.synthetic.scenario import Defects

INSIDE = ("missing_rows", "unit_jump", "constant", "time_shift")
MEAN_MISSING_DAYS = 2.0
SMALLEST_SLOT_DAYS = 4
SHORTEST_DEAD_DAYS = 7
DEAD_FROM = (0.6, 0.9)  # share of the history after which a series may die
LEAST_MEAN = {"unit_jump": 10.0, "constant": 2.0, "dead": 2.0}
"""Mean use per period below which the defect could not be told from a quiet series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One lasting defect: rows ``[first, end)`` of one series.

    Attributes:
        kind: As in the effects.
        strength: Hours, pack size, the value; None where the effect has none.
    """

    kind: str
    series: int
    first: int
    end: int
    strength: float | None


def stretches_of(rows: Recorded, defects: Defects, plant: Plant) -> list[Stretch]:
    """All lasting defects, by series."""
    has = _chosen(rows, defects)
    order = np.argsort([rows.of_series(f"{kind} place") for kind in INSIDE], axis=0)
    draws = {
        kind: (rows.of_series(f"{kind} start"), rows.of_series(f"{kind} days"))
        for kind in (*INSIDE, "dead")
    }
    found = []
    for series in np.flatnonzero(np.any(list(has.values()), axis=0)).tolist():
        begin, end = (
            int(rows.day[rows.first[series]]),
            int(rows.day[rows.first[series + 1] - 1]) + 1,
        )
        if has["dead"][series]:
            low, high = DEAD_FROM
            place = low + (high - low) * draws["dead"][0][series]
            dies = min(begin + int(place * (end - begin)), end - SHORTEST_DEAD_DAYS)
            if dies > begin:
                found.append(_stretch(rows, plant, defects, "dead", series, (dies, end)))
                end = dies
        kinds = [INSIDE[i] for i in order[:, series] if has[INSIDE[i]][series]]
        for place, kind in enumerate(kinds):
            slot = [begin + (end - begin) * (place + n) // len(kinds) for n in (0, 1)]
            start, length = (float(each[series]) for each in draws[kind])
            days = _days(kind, defects, length, slot[1] - slot[0], start, slot[0])
            if days is not None:
                found.append(_stretch(rows, plant, defects, kind, series, days))
    return [each for each in found if each is not None]


def covered(rows: Recorded, stretches: list[Stretch]) -> Bools:
    """Whether each row lies in a stretch."""
    inside = np.zeros(rows.frame.height, dtype=bool)
    for each in stretches:
        inside[each.first : each.end] = True
    return inside


def _chosen(rows: Recorded, defects: Defects) -> Mapping[str, Bools]:
    """Which series get which kind; only series in which it can be seen."""
    shares = {
        "missing_rows": defects.missing_days_series,
        "unit_jump": defects.unit_jump_series,
        "constant": defects.constant_series,
        "time_shift": defects.time_shift_series if defects.time_shift_hours else 0.0,
        "dead": defects.dead_series,
    }
    return {
        kind: (rows.of_series(kind) < share) & (rows.mean >= LEAST_MEAN.get(kind, 0.0))
        for kind, share in shares.items()
    }


def _days(
    kind: str, defects: Defects, length: float, room: int, start: float, begin: int
) -> tuple[int, int] | None:
    """Days ``[from, to)`` of a defect in a slot; None where the slot is too small."""
    if room < SMALLEST_SLOT_DAYS:
        return None
    if kind == "missing_rows":
        wanted = 1 + int(-math.log1p(-length) * (MEAN_MISSING_DAYS - 1))
    else:
        wanted = max(2, round(defects.unit_jump_days * (0.5 + length)))
    days = min(wanted, room - 2)
    first = begin + 1 + int(start * (room - 1 - days))
    return first, first + days


def _stretch(
    rows: Recorded,
    plant: Plant,
    defects: Defects,
    kind: str,
    series: int,
    days: tuple[int, int],
) -> Stretch | None:
    """The rows of those days; None where there are none."""
    start, stop = rows.first[series], rows.first[series + 1]
    first, end = (int(start + np.searchsorted(rows.day[start:stop], day)) for day in days)
    if first >= end:
        return None
    strength: float | None = None
    if kind == "missing_rows":
        strength = end - first
    elif kind == "unit_jump":
        strength = _pack(rows, plant, series)
    elif kind == "time_shift":
        strength = defects.time_shift_hours
    elif kind == "constant":
        strength = int(rows.consumed[first]) or round(float(rows.mean[series]))
    return Stretch(kind=kind, series=series, first=first, end=end, strength=strength)


def _pack(rows: Recorded, plant: Plant, series: int) -> int:
    """The part's container where it is a plausible pack: 4 pieces to half a period's use."""
    line, part = rows.names[series]
    most = float(rows.mean[series]) / 2
    try:
        rule = plant.supply_rule.get((plant.stock_point_of(line), part))
    except NotFound:
        rule = None
    if rule is not None and 4 <= rule.container_size <= most:
        return rule.container_size
    return max(size for size in CONTAINERS if size <= most)


def recorded_amounts(stretch: Stretch, true: Longs) -> Longs:
    """What is written down in a stretch instead of the true amounts."""
    if stretch.kind == "unit_jump":
        assert stretch.strength is not None
        made: npt.NDArray[np.float64] = np.rint(true / stretch.strength)
        return made.astype(np.int64)
    if stretch.kind in {"constant", "dead"}:
        return np.full_like(true, int(stretch.strength or 0))
    return true
