"""Lines that say nothing though nobody has said why: no stop, no holiday, no plan without them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from supplynet.anomaly.alarms import BoolArray
from supplynet.anomaly.calibrated import Scored
from supplynet.anomaly.silent_lines import silent_lines
from supplynet.frames.features.plan_book import PlanBook, conform_plan
from supplynet.frames.panel import Panel
from supplynet.storage.history import read_history

PLANNED_WITHIN = timedelta(days=7)
"""A line that was in the plan so long ago has a plan: where it has no row, nothing was planned."""


def unexplained_silence(history: Path, panel: Panel, scored: Scored) -> BoolArray:
    """Where a line reports nothing of anything, shape of ``scored``, and nothing explains it.

    Not on holidays, not where the line reported a stop in that shift, and not where the line has a
    plan that wants nothing of it then.

    Args:
        history: The workspace's ``history`` folder; read only where a line is silent.
        panel: What was judged, with the plan in its inputs where there is one.
        scored: Its last periods.

    Raises:
        StoreError: The history cannot be read.
    """
    near = panel.tail(scored.p_value.shape[1])
    found = silent_lines(near.demand, scored.judged.expected, near.series)
    found[:, [period.is_holiday for period in near.periods]] = False
    if found.any():
        found &= ~(_stopped(history, near) | _not_planned(panel)[:, -len(near.periods) :])
    return found


def _stopped(history: Path, near: Panel) -> BoolArray:
    """Where the line reported that it stood still for a while, shape (series, period)."""
    frame = read_history(history, near.periods[0].start, near.periods[-1].end)
    rows = frame.filter(pl.col("stopped_minutes") > 0).select("location_id", "period_start")
    stopped = set(rows.unique().iter_rows())
    return np.array(
        [[(line, start) in stopped for start in near.period_starts] for line, _ in near.series]
    )


def _not_planned(panel: Panel) -> BoolArray:
    """Where the line has a plan, and it wants nothing then, shape (series, period)."""
    nothing = np.zeros(panel.demand.shape, dtype=np.bool_)
    if panel.inputs is None or panel.inputs.plan is None:
        return nothing
    lines = sorted({line for line, _ in panel.series})
    units = PlanBook.of(conform_plan(panel.inputs.plan), lines, panel.periods).units_built()
    row = {line: index for index, line in enumerate(lines)}
    starts = np.array([start.timestamp() for start in panel.period_starts])
    first = np.searchsorted(starts, starts - PLANNED_WITHIN.total_seconds(), side="right")
    planned = np.pad(np.cumsum(np.isfinite(units), axis=1), ((0, 0), (1, 0)))
    has_plan = planned[:, 1:] > planned[:, first]
    idle = has_plan & ~(units > 0)
    return np.asarray(idle[[row[line] for line, _ in panel.series]])
