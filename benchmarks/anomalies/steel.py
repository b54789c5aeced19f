"""Steel: a plant's energy by the shift with faults put in, half a year to learn and half to judge.

Energy, reactive power and emissions of each shift of 12 hours (07 to 19, 19 to 07) stand for parts;
the same year comes once per seed with other faults (``frames.synthetic.faults``), in the history
that is learnt from as well. Values are judged as they happen. The year has holidays and strange
days of its own, which nobody labelled: they count as false alarms, of every detector alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.accuracy.sets import data_folder
from benchmarks.anomalies.faulty import Faulty, rows_of
from benchmarks.anomalies.rows import Row

from supplynet.cli.benchmarking import Setup
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel, Period
from supplynet.frames.synthetic.faults import Fault, inject

FOLDER = "steel_plant"
PARTS = ("usage_kwh", "lag_kvarh", "lead_kvarh", "co2_t")
SHIFT = timedelta(hours=12)
MORNING = timedelta(hours=7)
QUARTER = timedelta(minutes=15)
COPIES = 10  # of the year, for each seed that is asked for
FAULTS_PER_SERIES = 4.0
SEASON = 14


def rows(setup: Setup) -> list[Row]:
    """A row per detector, and what it finds of each kind of fault; [] without the data."""
    folder = data_folder(setup.checkout, FOLDER)
    if folder is None:
        return []
    copies = 2 if setup.quick else COPIES * setup.seeds
    made = _with_faults(steel_panel(folder), range(setup.seed, setup.seed + copies))
    return rows_of(made, setup)


def steel_panel(folder: Path) -> Panel:
    """Complete shifts of the year, one series for each of ``PARTS``."""
    frame = pl.read_parquet(folder / "energy_15min.parquet")
    shifts = (
        frame.with_columns(begin=(pl.col("timestamp") - QUARTER - MORNING).dt.truncate("12h"))
        .group_by("begin")
        .agg(pl.len().alias("quarters"), *(pl.col(part).sum() for part in PARTS))
        .filter(pl.col("quarters") == SHIFT // QUARTER)
        .sort("begin")
    )
    begins: list[datetime] = (shifts["begin"] + MORNING).dt.replace_time_zone("UTC").to_list()
    return Panel(
        series=tuple(("steel", part) for part in PARTS),
        periods=tuple(_shift(begin.astimezone(UTC)) for begin in begins),
        demand=shifts.select(PARTS).to_numpy().T.astype(np.float64),
    )


def _shift(start: datetime) -> Period:
    name = "day" if start.hour == 7 else "night"
    return Period(start=start, end=start + SHIFT, shift=name, local_date=start.date())


def _with_faults(panel: Panel, seeds: Sequence[int]) -> Faulty:
    names, demand, faults = list[tuple[str, str]](), list[FloatArray](), list[Fault]()
    for copy, seed in enumerate(seeds):
        faulty, made = inject(panel, seed=seed, faults_per_series=FAULTS_PER_SERIES)
        names += [(f"copy-{copy:04}", part) for _, part in faulty.series]
        demand.append(faulty.demand)
        faults += [replace(fault, series=copy * len(PARTS) + fault.series) for fault in made]
    every = replace(panel, series=tuple(names), demand=np.concatenate(demand))
    return Faulty.of("Steel with faults", every, faults, SEASON)
