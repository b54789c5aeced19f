"""Why an order is proposed: the numbers, and one sentence a planner can check."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.monitor.grid import PlanRisk
from supplynet.replenish.explain import Explanation
from supplynet.simulate.departures import SlotDeparture
from supplynet.simulate.model import PlantModel
from supplynet.simulate.risk import saved_minutes


def explanations(
    model: PlantModel, risk: PlanRisk, reasons: dict[int, tuple[Explanation, SlotDeparture]]
) -> dict[int, dict[str, Any]]:
    """What is stored with each order: JSON by pair.

    ``risk_before`` and ``risk_after`` are those of the line and shift that the part endangers
    most in the shifts that end before the goods of the departure after this one can arrive: with
    released orders only, and with this plan's proposals. ``expected_lost_minutes`` is what the
    proposals save of this part's lost minutes in the same shifts.
    """
    saved = saved_minutes(risk.committed, risk.with_proposals)
    return {
        pair: _explanation(model, risk, pair, why, departure, saved[pair])
        for pair, (why, departure) in reasons.items()
    }


def _explanation(
    model: PlantModel,
    risk: PlanRisk,
    pair: int,
    why: Explanation,
    departure: SlotDeparture,
    saved: FloatArray,
) -> dict[str, Any]:
    lines = [
        model.lines[line]
        for line in sorted(set(model.line_of_series[model.pair_of_series == pair].tolist()))
    ]
    near = _shifts_at_stake(model, departure)
    before, after, worst = _worst_cell(model, risk, pair, near)
    runs_out = risk.committed.runs_out[pair]
    found = {
        **asdict(why),
        "lines": lines,
        "worst_line": worst,
        "risk_before": round(before, 4),
        "risk_after": round(after, 4),
        "expected_lost_minutes": round(float(saved[near].sum()), 1),
        "runs_out_at": None if runs_out.likely is None else runs_out.likely.isoformat(),
    }
    zone = ZoneInfo(model.plant.time_zone)
    found["why"] = _sentence(why, before, after, worst, runs_out.likely, zone)
    return found


def _shifts_at_stake(
    model: PlantModel, departure: SlotDeparture
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Shifts that end before the next departure's goods can arrive, and always the running one.

    What comes later is that departure's business: without any order every part runs out some day.
    """
    until = departure.next_departure_at + timedelta(minutes=departure.lane.transit.high)
    near = np.array([shift.end <= until for shift in model.shifts])
    near[0] = True
    return near


def _worst_cell(
    model: PlantModel, risk: PlanRisk, pair: int, near: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[float, float, str | None]:
    """Risk without and with the proposals, and the line, where this pair is to blame."""
    blamed = (risk.committed.culprit == pair) & near
    if not blamed.any():
        return 0.0, 0.0, None
    chances = np.where(blamed, risk.committed.risk, -1.0)
    line, shift = np.unravel_index(int(chances.argmax()), chances.shape)
    after = float(risk.with_proposals.risk[line, shift])
    return float(chances[line, shift]), after, model.lines[int(line)]


def _sentence(
    why: Explanation,
    before: float,
    after: float,
    worst: str | None,
    runs_out: datetime | None,
    zone: ZoneInfo,
) -> str:
    stock = f"{why.on_hand} on hand"
    if why.on_order:
        stock += f" and {why.on_order} on the way"
    use = (
        f"use until the delivery after this one {why.window_likely} "
        f"({why.window_low} to {why.window_high})"
    )
    text = f"{stock}; {use}."
    if worst is not None and before >= 0.01:
        when = "" if runs_out is None else f" (runs out {runs_out.astimezone(zone):%a %H:%M})"
        text = f"{worst} halts with {before:.0%} without it, {_small(after)} with it{when}; {text}"
    if why.binding in {"warehouse short", "truck full", "bin full"}:
        text += f" {why.binding.capitalize()}: {why.granted} of {why.wanted} wanted."
    return text


def _small(chance: float) -> str:
    return f"{chance:.0%}" if chance >= 0.01 or chance == 0 else f"{chance:.1%}"
