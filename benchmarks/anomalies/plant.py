"""Plant: the nasty scenario as it was recorded, with every kind of mistake and all that is none.

Three shifts, holidays, campaigns, planned stops, halts, parts that come and go: what really
happened is no fault and counts as a false alarm. The truth of the generator says what was recorded
wrongly. Where a level changed for good, the first two weeks are the fault. As many plants as seeds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from benchmarks.anomalies.faulty import Faulty, rows_of
from benchmarks.anomalies.rows import Row

from supplynet.cli.benchmarking import Setup
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.inputs import FeatureInputs
from supplynet.frames.panel import Panel, shift_periods
from supplynet.frames.synthetic import generate_shards, read_scenario, scenario_plant
from supplynet.frames.synthetic.faults import Fault, inject
from supplynet.frames.synthetic.recorded_faults import faults_of, recorded_panel

SEASON = 21
TELLS = 2 * SEASON  # periods in which a change of level is news
FURTHER = 0.5  # faults put into each series beside those that the scenario has
QUICK_DAYS = 140


def rows(setup: Setup) -> list[Row]:
    """A row per detector, and what it finds of each kind of fault."""
    names, demand, faults = list[tuple[str, str]](), list[FloatArray](), list[Fault]()
    panel: Panel | None = None
    for seed in range(setup.seed, setup.seed + (1 if setup.quick else setup.seeds)):
        panel, found = recorded_plant(seed, QUICK_DAYS if setup.quick else None)
        faults += [replace(fault, series=len(names) + fault.series) for fault in found]
        names += [(f"{seed:02}-{line}", part) for line, part in panel.series]
        demand.append(panel.demand)
    assert panel is not None
    every = Panel(series=tuple(names), periods=panel.periods, demand=np.concatenate(demand))
    return rows_of(Faulty.of("Nasty plant", every, faults, SEASON), setup)


def recorded_plant(seed: int, days: int | None = None) -> tuple[Panel, list[Fault]]:
    """What a sloppy plant recorded, with its plan, and what of it is wrong."""
    scenario = read_scenario("nasty")
    if days:
        scenario = replace(scenario, days=days)
    plant = scenario_plant(scenario, seed)
    (shard,) = generate_shards(scenario, seed, plant)
    assert shard.raw is not None
    first, last = shard.made.periods[0], shard.made.periods[-1]
    periods = shift_periods(plant.calendar_of(shard.made.lines[0]), first.start, last.end)
    panel = recorded_panel(shard.raw.frame, periods)
    known = [_news(fault) for fault in faults_of(shard.effects, panel)]
    panel, further = inject(panel, seed=seed, faults_per_series=FURTHER)
    found = sorted([*known, *further], key=lambda fault: (fault.series, fault.first))
    return replace(panel, inputs=FeatureInputs(plan=shard.made.plan)), found


def _news(fault: Fault) -> Fault:
    if fault.kind != "level_shift":
        return fault
    return replace(fault, end=min(fault.end, fault.first + TELLS))
