"""The halt risk grid as data for a page: lines x shifts, with the part and its clock times."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from supplynet.core.network import LocationKind
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.core.timetable import departures_between
from supplynet.monitor.cover import cover_shifts
from supplynet.simulate.model import PlantModel
from supplynet.simulate.risk import RiskGrid, RunOut

NEGLIGIBLE = 0.0005
"""Below this a risk is shown as none: the paths cannot tell it from 0."""
NEVER = RunOut(early=None, likely=None, late=None)


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanRisk:
    """The three risks of one plan: same demand, same transit times.

    Attributes:
        committed: Released orders only.
        with_proposals: Released orders and the plan's proposals.
        continues: The policy goes on deciding at every cut-off; the grid shows this one.
    """

    committed: RiskGrid
    with_proposals: RiskGrid
    continues: RiskGrid


class SafeDepartures:
    """The last regular vehicle of each pair's lane that comes in time, even when it is late."""

    def __init__(self, model: PlantModel) -> None:
        self._model = model
        self._by_lane: dict[str, tuple[list[datetime], list[datetime]]] = {}

    def last(self, pair: int, runs_out: RunOut) -> datetime | None:
        """The last that arrives before the pair may run out.

        None when the next one is too late already, or when the pair lasts beyond the horizon.
        """
        if runs_out.early is None:
            return None
        leaves, arrives_late = self._of_lane(self._model.lanes[self._model.lane_of_pair[pair]])
        safe = bisect_right(arrives_late, runs_out.early)
        return leaves[safe - 1] if safe else None

    def _of_lane(self, lane_id: str) -> tuple[list[datetime], list[datetime]]:
        if lane_id not in self._by_lane:
            slots = self._model.slots
            lane = self._model.plant.lane_by_id[lane_id]
            coming = departures_between(lane, slots.start, slots.end)
            reachable = [each for each in coming if each.cutoff_at >= slots.start]
            self._by_lane[lane_id] = (
                [each.departure_at for each in reachable],
                [each.arrives_late_at for each in reachable],
            )
        return self._by_lane[lane_id]


def grid_document(
    model: PlantModel,
    risk: PlanRisk,
    on_hand: IntArray | None = None,
    expected: FloatArray | None = None,
) -> dict[str, Any]:
    """``{"shifts": [...], "lines": [...], "pairs": [...]}``: what the API shows of a plan, JSON.

    Args:
        model: Names.
        risk: Of the plan.
        on_hand: Stock of each pair, shape (pair,); None = say nothing of pairs.
        expected: Expected demand of each pair in each shift, shape (pair, shift).
    """
    shifts = [
        {"shift_id": s.shift_id, "name": s.name, "start": iso(s.start), "end": iso(s.end)}
        for s in model.shifts
    ]
    safe = SafeDepartures(model)
    lines = [
        {
            "line_id": line,
            "showroom_id": model.plant.ancestor(line, LocationKind.SHOWROOM),
            "station_id": model.plant.ancestor(line, LocationKind.STATION),
            "cells": [_cell(model, risk, safe, row, column) for column in range(len(shifts))],
        }
        for row, line in enumerate(model.lines)
    ]
    pairs: list[dict[str, Any]] = []
    if on_hand is not None and expected is not None:
        pairs = _pairs(model, risk, safe, on_hand, expected)
    return {"shifts": shifts, "lines": lines, "pairs": pairs}


def _pairs(
    model: PlantModel, risk: PlanRisk, safe: SafeDepartures, on_hand: IntArray, expected: FloatArray
) -> list[dict[str, Any]]:
    cover = cover_shifts(on_hand, expected, _share_ahead(model))
    return [
        {
            "location_id": place,
            "part_id": part,
            "on_hand": int(on_hand[pair]),
            "cover_shifts": round(float(cover[pair]), 2) if np.isfinite(cover[pair]) else None,
            **_clock_times(risk.committed.runs_out[pair], safe, pair),
        }
        for pair, (place, part) in enumerate(model.pairs)
    ]


def _share_ahead(model: PlantModel) -> FloatArray:
    """How much of each shift is still to come."""
    start = model.slots.start
    ahead = [
        (shift.end - max(shift.start, start)) / (shift.end - shift.start) for shift in model.shifts
    ]
    return np.array(ahead)


def _cell(
    model: PlantModel, risk: PlanRisk, safe: SafeDepartures, line: int, shift: int
) -> dict[str, Any]:
    pair = int(risk.continues.culprit[line, shift])
    if pair < 0:
        pair = int(risk.committed.culprit[line, shift])
    runs_out = risk.committed.runs_out[pair] if pair >= 0 else NEVER
    return {
        "risk": _shown(risk.continues, line, shift),
        "risk_committed": _shown(risk.committed, line, shift),
        "risk_with_proposals": _shown(risk.with_proposals, line, shift),
        "lost_minutes": round(float(risk.continues.lost_minutes_of_cell[line, shift]), 2),
        "lost_minutes_committed": round(float(risk.committed.lost_minutes_of_cell[line, shift]), 2),
        "part_id": None if pair < 0 else model.pairs[pair][1],
        **_clock_times(runs_out, safe, pair),
    }


def _shown(grid: RiskGrid, line: int, shift: int) -> float:
    chance = float(grid.risk[line, shift])
    return round(chance, 4) if chance >= NEGLIGIBLE else 0.0


def _clock_times(runs_out: RunOut, safe: SafeDepartures, pair: int) -> dict[str, str | None]:
    return {
        "runs_out_at": iso(runs_out.likely),
        "runs_out_early": iso(runs_out.early),
        "runs_out_late": iso(runs_out.late),
        "last_departure_at": iso(safe.last(pair, runs_out)),
    }


def iso(moment: datetime | None) -> str | None:
    """RFC 3339 with Z, whole seconds."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
