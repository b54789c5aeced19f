"""SupplyNet's side of ``bench twin-speed``; prints what it took as JSON.

Usage: python twin_supplynet.py plant LINES PARTS SHIFTS REPLICATIONS SLOT_MINUTES
       python twin_supplynet.py plain STATIONS SHIFTS
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from time import perf_counter, process_time
from typing import Any

import numpy as np

from supplynet import __version__
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
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.replenish.min_max import MinMax
from supplynet.simulate.model import compile_plant
from supplynet.simulate.run import run
from supplynet.simulate.state import PlantState
from supplynet.simulate.twin import Twin

MEAN = 5
"""Parts that a line draws of each part in a shift, Poisson."""
RUNS = 3
START = datetime(2026, 1, 5, 6, tzinfo=UTC)


def plant_of(lines: int, parts: int) -> Plant:
    """Lines with a bin each, one vehicle per bin and shift, one warehouse that buys every day."""
    names = [f"S{line:05d}" for line in range(lines)]
    part_ids = [f"P{part:03d}" for part in range(parts)]
    daily = 2 * MEAN * lines
    return Plant(
        plant_id="speed",
        parts=tuple(Part(part_id=part) for part in part_ids),
        locations=(
            Location(location_id="WH", kind=LocationKind.WAREHOUSE, holds_stock=True),
            *(
                Location(location_id=name, kind=LocationKind.STATION, holds_stock=True)
                for name in names
            ),
            *(
                Location(location_id=f"{name}.A", kind=LocationKind.LINE, parent_id=name)
                for name in names
            ),
        ),
        requirements=tuple(
            Requirement(line_id=f"{name}.A", part_id=part, quantity=Decimal(1))
            for name in names
            for part in part_ids
        ),
        lanes=tuple(
            Lane(
                lane_id=f"WH-{name}",
                from_location="WH",
                to_location=name,
                departures=(time(6), time(18)),
                transit=Duration(low=120, mode=120, high=120),
            )
            for name in names
        ),
        supply_rules=tuple(
            SupplyRule(stock_point_id=name, part_id=part, lane_ids=(f"WH-{name}",))
            for name in names
            for part in part_ids
        ),
        purchase_rules=tuple(
            PurchaseRule(
                warehouse_id="WH",
                part_id=part,
                supplier_id="SUP",
                lead_time=Duration(low=1440, mode=1440, high=1440),
                reorder_point=4 * daily,
                order_up_to_level=8 * daily,
            )
            for part in part_ids
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


def play_plant(
    lines: str, parts: str, shifts: str, replications: str, slot_minutes: str
) -> dict[str, Any]:
    """Min/max in the full twin; compiling the plant and drawing the demand are not timed."""
    began = perf_counter()
    end = START + timedelta(hours=12 * int(shifts))
    plant = plant_of(int(lines), int(parts))
    model = compile_plant(plant, start=START, end=end, slot_minutes=int(slot_minutes))
    compiled = perf_counter() - began
    shape = (int(replications), len(model.series), int(shifts))
    demand = np.random.default_rng(1).poisson(MEAN, size=shape).astype(np.int32)
    state = PlantState(
        on_hand=np.full(len(model.pairs), 6 * MEAN, dtype=np.int32),
        source_on_hand=model.purchase.order_up_to_level,
    )
    # Goods that arrive inside a slot can be used from its end: whole shifts need one shift more.
    low, high = (5 * MEAN, 7 * MEAN) if int(slot_minutes) == 720 else (4 * MEAN, 6 * MEAN)
    policy = MinMax(thresholds=dict.fromkeys(model.pairs, (low, high)))

    def play() -> float:
        twin = Twin(model, demand, state, seed=1, record_slots=False)
        return float((run(twin, policy).starved_minutes > 0).mean())

    starved = play()  # also warms the caches, as the peers' first episode does
    return {"compile_seconds": compiled, "starved_share": starved, **_timed(play, demand.size)}


def play_plain(stations: str, shifts: str) -> dict[str, Any]:
    """The least there is: base-stock with lost sales, a lead time of one shift, endless supply."""
    size = (int(shifts), int(stations))
    demand = np.random.default_rng(1).poisson(MEAN, size=size).astype(np.int32)

    def play() -> float:
        on_hand = np.full(int(stations), 3 * MEAN, dtype=np.int32)
        coming, lost = np.zeros_like(on_hand), 0
        for wanted in demand:
            on_hand += coming
            served = np.minimum(on_hand, wanted)
            lost += int((wanted - served).sum())
            coming = 3 * MEAN - on_hand
            on_hand -= served
        return float(lost)

    play()
    return _timed(play, demand.size)


def _timed(play: Callable[[], object], units: int) -> dict[str, Any]:
    """The fastest of some runs: other work on the machine only ever slows one down."""
    walls, cpus = [], []
    for _ in range(RUNS):
        wall, cpu = perf_counter(), process_time()
        play()
        walls.append(perf_counter() - wall)
        cpus.append(process_time() - cpu)
    return {
        "units": units,
        "seconds": min(walls),
        "cpu_seconds": min(cpus),
        "version": __version__,
    }


if __name__ == "__main__":
    tasks: dict[str, Callable[..., dict[str, Any]]] = {"plant": play_plant, "plain": play_plain}
    task, *arguments = sys.argv[1:]
    print(json.dumps(tasks[task](*arguments)))
