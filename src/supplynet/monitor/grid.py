"""The halt risk grid as data for a page: lines x shifts, with the part and its clock times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from supplynet.core.network import LocationKind
from supplynet.core.timetable import departures_between
from supplynet.simulate.model import PlantModel
from supplynet.simulate.risk import RiskGrid, RunOut

NEGLIGIBLE = 0.0005
"""Below this a risk is shown as none: the paths cannot tell it from 0."""


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


def grid_document(model: PlantModel, risk: PlanRisk) -> dict[str, Any]:
    """``{"shifts": [...], "lines": [...]}``: one cell per line and shift, JSON."""
    shifts = [
        {"shift_id": s.shift_id, "name": s.name, "start": iso(s.start), "end": iso(s.end)}
        for s in model.shifts
    ]
    lines = [
        {
            "line_id": line,
            "showroom_id": model.plant.ancestor(line, LocationKind.SHOWROOM),
            "station_id": model.plant.ancestor(line, LocationKind.STATION),
            "cells": [_cell(model, risk, row, column) for column in range(len(shifts))],
        }
        for row, line in enumerate(model.lines)
    ]
    return {"shifts": shifts, "lines": lines}


def last_safe_departure(model: PlantModel, pair: int, runs_out: RunOut) -> datetime | None:
    """The last regular vehicle that arrives, even when late, before the pair may run out.

    None when the next one is too late already, or when the pair lasts beyond the horizon.
    """
    if runs_out.early is None:
        return None
    lane = model.plant.lane_by_id[model.lanes[model.lane_of_pair[pair]]]
    coming = departures_between(lane, model.slots.start, runs_out.early)
    safe = [
        departure.departure_at
        for departure in coming
        if departure.arrives_late_at <= runs_out.early and departure.cutoff_at >= model.slots.start
    ]
    return safe[-1] if safe else None


def _cell(model: PlantModel, risk: PlanRisk, line: int, shift: int) -> dict[str, Any]:
    chance = float(risk.continues.risk[line, shift])
    committed = float(risk.committed.risk[line, shift])
    pair = int(risk.continues.culprit[line, shift])
    if pair < 0:
        pair = int(risk.committed.culprit[line, shift])
    cell: dict[str, Any] = {
        "risk": round(chance, 4) if chance >= NEGLIGIBLE else 0.0,
        "risk_committed": round(committed, 4) if committed >= NEGLIGIBLE else 0.0,
        "part_id": None if pair < 0 else model.pairs[pair][1],
    }
    runs_out = (
        risk.committed.runs_out[pair] if pair >= 0 else RunOut(early=None, likely=None, late=None)
    )
    cell["runs_out_at"] = iso(runs_out.likely)
    cell["runs_out_early"] = iso(runs_out.early)
    cell["runs_out_late"] = iso(runs_out.late)
    cell["last_departure_at"] = iso(
        last_safe_departure(model, pair, runs_out) if pair >= 0 else None
    )
    return cell


def iso(moment: datetime | None) -> str | None:
    """RFC 3339 with Z, whole seconds."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
