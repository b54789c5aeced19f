"""Who gets the last parts: lost minutes in the twin when the warehouse or the vehicles are short.

Made plant: a warehouse, eight showrooms with a line of six parts each, all parts shared, showrooms
of very different pace, one line of double priority, two vehicles a day, two shifts a day. Demand
is Poisson; the policy (``no_stockout`` at 99 %) sees paths of the same law, but not those that
happen. Three cases: the warehouse buys too little; vehicles are too small; both. Every rule meets
the same demand, transit and purchases; the difference is taken replication by replication, with a
95 % interval.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    PurchaseRule,
    Requirement,
    SupplyRule,
)
from supplynet.core.sample_paths import FloatArray, SamplePaths
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.rationing import PROPORTIONAL, RATIONINGS
from supplynet.simulate.model import PlantModel, compile_plant
from supplynet.simulate.outlook import FixedPathsOutlook
from supplynet.simulate.run import run as run_twin
from supplynet.simulate.state import opening_state
from supplynet.simulate.twin import Twin

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
ROOMS, PARTS, CONTAINER = 8, 6, 5
DAY_MINUTES = 1440
CASES = {"warehouse short": (0.95, None), "vehicles full": (3.0, 1.05), "both": (0.95, 1.05)}
"""Share of the demand of a lead time that the warehouse buys up to, and of the vehicles' load."""


def run(setup: Setup) -> Result:
    days, replications, paths = (4, 10, 30) if setup.quick else (28, 100, 100)
    pace = np.random.default_rng(setup.seed).lognormal(3.0, 0.8, (ROOMS, PARTS))
    rows: list[dict[str, Any]] = []
    for done, (case, (bought, room)) in enumerate(CASES.items()):
        setup.report(done / len(CASES), case)
        model = _model(pace, bought, room, days)
        lost = {
            rule: _lost(model, pace, rule, replications, paths, setup.seed) for rule in RATIONINGS
        }
        rows += [_row(case, rule, lost, days) for rule in RATIONINGS]
    params = {
        "lines": ROOMS,
        "parts": PARTS,
        "days": days,
        "replications": replications,
        "paths": paths,
        "policy": "no_stockout",
        "alpha": 0.99,
    }
    return Result(params=params, rows=rows)


def _row(case: str, rule: str, lost: dict[str, FloatArray], days: int) -> dict[str, Any]:
    """Lost minutes per line-month, weighted by priority, and what they are beside proportional."""
    scale = 30.4 / days / ROOMS
    here = lost[rule] * scale
    beside = here - lost[PROPORTIONAL] * scale
    half = 1.96 * float(beside.std(ddof=1)) / len(beside) ** 0.5
    return {
        "table": "weighted lost minutes per line-month",
        "case": case,
        "rationing": rule,
        "mean_cost": round(float(here.mean()), 1),
        "standard_error": round(float(here.std(ddof=1)) / len(here) ** 0.5, 1),
        "beside_proportional": round(float(beside.mean()), 1),
        "low": round(float(beside.mean()) - half, 1),
        "high": round(float(beside.mean()) + half, 1),
    }


def _lost(
    model: PlantModel, pace: FloatArray, rule: str, replications: int, paths: int, seed: int
) -> FloatArray:
    """Weighted starved minutes of each replication, shape (replication,)."""
    rng = np.random.default_rng([seed, 1])
    mean = pace.ravel()[None, :, None]
    shifts = len(model.shifts)
    demand = rng.poisson(mean, (replications, mean.size, shifts)).astype(np.int32)
    later = shifts + 6
    starts = [START + timedelta(hours=12 * step) for step in range(later)]
    sampled = SamplePaths(
        values=rng.poisson(mean, (paths, mean.size, later)).astype(np.int32),
        series=model.series,
        period_starts=tuple(starts),
        period_ends=tuple(start + timedelta(hours=12) for start in starts),
        cutoff=START,
        seed=seed,
        model_version="bench",
    )
    opening = opening_state(model, 2.0 * pace.ravel())
    twin = Twin(model, demand, opening, seed=seed, record_slots=False)
    outlooks = FixedPathsOutlook(model, sampled, seed)
    found = run_twin(twin, NoStockout(alpha=0.99), outlooks, rationing=rule)
    weight = np.array([100 / model.plant.location(line).priority for line in model.lines])
    return np.asarray(found.starved_minutes.sum(axis=2) @ weight, dtype=np.float64)


def _model(pace: FloatArray, bought: float, room: float | None, days: int) -> PlantModel:
    plant = _plant(pace, bought, room)
    return compile_plant(plant, start=START, end=START + timedelta(days=days), slot_minutes=120)


def _plant(pace: FloatArray, bought: float, room: float | None) -> Plant:
    rooms, parts = [f"R{n}" for n in range(ROOMS)], [f"P{n}" for n in range(PARTS)]
    lead_time = Duration(low=DAY_MINUTES, mode=2 * DAY_MINUTES, high=4 * DAY_MINUTES)
    level = np.ceil(bought * 2.0 * 3.4 * pace.sum(axis=0)).astype(int).tolist()
    return Plant(
        plant_id="rationing",
        parts=tuple(Part(part_id=part, volume_litres=1.0 + n) for n, part in enumerate(parts)),
        locations=(
            Location(location_id="WH", kind=LocationKind.WAREHOUSE, holds_stock=True),
            *(Location(location_id=r, kind=LocationKind.SHOWROOM, holds_stock=True) for r in rooms),
            *(
                Location(
                    location_id=f"{room_id}.A",
                    kind=LocationKind.LINE,
                    parent_id=room_id,
                    priority=50 if room_id == "R0" else 100,
                )
                for room_id in rooms
            ),
        ),
        requirements=tuple(
            Requirement(line_id=f"{room_id}.A", part_id=part, quantity=Decimal(1))
            for room_id in rooms
            for part in parts
        ),
        lanes=tuple(
            Lane(
                lane_id=f"L{index}",
                from_location="WH",
                to_location=room_id,
                departures=(time(8), time(20)),
                transit=Duration(low=60, mode=120, high=360),
                volume_litres=_volume(pace[index], room),
            )
            for index, room_id in enumerate(rooms)
        ),
        supply_rules=tuple(
            SupplyRule(
                stock_point_id=room_id,
                part_id=part,
                lane_ids=(f"L{index}",),
                container_size=CONTAINER,
            )
            for index, room_id in enumerate(rooms)
            for part in parts
        ),
        purchase_rules=tuple(
            PurchaseRule(
                warehouse_id="WH",
                part_id=part,
                supplier_id="SUP",
                lead_time=lead_time,
                multiple=CONTAINER,
                reorder_point=max(level[index] - 1, 0),
                order_up_to_level=level[index],
            )
            for index, part in enumerate(parts)
        ),
        calendars=(
            ShiftCalendar(
                calendar_id="site",
                time_zone="UTC",
                patterns=(
                    ShiftPattern(name="day", start=time(6), end=time(18)),
                    ShiftPattern(name="night", start=time(18), end=time(6)),
                ),
            ),
        ),
    )


def _volume(pace: FloatArray, room: float | None) -> float | None:
    """Room for so much of what a line takes in a shift."""
    return None if room is None else float(room * (pace * (1.0 + np.arange(PARTS))).sum())
