"""The faults that an export with defects has, from the truth that was written down with it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.panel import Panel, Period, panel_from_frame
from supplynet.frames.synthetic.faults import Fault
from supplynet.frames.tables import MOMENT

_RECORDED = {
    "outlier": "spike",
    "dead": "dead_sensor",
    "constant": "stuck_sensor",
    "unit_jump": "unit_jump",
    "duplicate": "double_booking",
    "miscount": "double_booking",
    "level_shift": "level_shift",
}
"""Effects that are faults, and as which kind."""


def recorded_panel(export: pl.DataFrame, periods: Sequence[Period]) -> Panel:
    """An export with defects on its calendar, as it stands but for what cannot be.

    Rows that are there twice are summed up. Not observed are amounts below 0, empty ones, those of
    starved periods, and rows whose stamp starts no period.

    Args:
        export: ``export.RAW_SCHEMA``, as of ``with_defects``.
        periods: The calendar of its plant.
    """
    starts = pl.Series([period.start for period in periods], dtype=MOMENT)
    usable = (pl.col("consumed") >= 0) & (pl.col("starved_minutes") == 0)
    rows = export.filter(pl.col("period_start").is_in(starts.implode()))
    amount = pl.when(usable).then(pl.col("consumed")).cast(pl.Float64)
    known = amount.is_not_null().any()
    key = ("location_id", "part_id", "period_start")
    demand = pl.when(known).then(amount.sum())
    return panel_from_frame(rows.group_by(key).agg(demand=demand).sort(key), periods)


def faults_of(effects: pl.DataFrame, panel: Panel) -> list[Fault]:
    """The faults that an export with defects has, as columns of the panel of that history.

    What is missing, empty, negative, misspelt or late is not among them: data quality finds it. Nor
    is what really happened: campaigns, holidays, stops, halts, new parts and old ones.

    Args:
        effects: ``EFFECTS_SCHEMA``, of demand and records (``Shard.effects``). Rows that are there
            twice count as summed up in the panel.
        panel: Series that it lacks are left out, and so are faults in which it has no value.

    Returns:
        By series and time. A change of level lasts until the next one; other faults may lie in it.
    """
    starts, ends = panel.period_starts, panel.period_ends
    series_of = {name: row for row, name in enumerate(panel.series)}
    rows = effects.filter(pl.col("kind").is_in(list(_RECORDED)))
    shifts: dict[int, int] = {}
    faults = []
    for effect in rows.sort("period_start", descending=True).iter_rows(named=True):
        series = series_of.get((effect["location_id"], effect["part_id"]))
        if series is None or effect["period_start"] is None:
            continue
        first = bisect_right(ends, effect["period_start"])
        if effect["kind"] == "level_shift":
            end = shifts.get(series, len(starts))
            shifts[series] = first
        else:
            end = bisect_left(starts, effect["period_end"] or _end_of(effect, ends, first))
        found = _recorded(effect, series, panel.demand[series], first, end)
        faults += [found] if found is not None else []
    return sorted(faults, key=lambda fault: (fault.series, fault.first, fault.end))


def _end_of(effect: Mapping[str, Any], ends: Sequence[datetime], first: int) -> datetime:
    """The end of a mistake in one amount, or in two of which one has what the other lacks."""
    if effect["kind"] == "miscount":
        first = bisect_right(ends, datetime.fromisoformat(effect["detail"]))
    return ends[min(first, len(ends) - 1)]


def _recorded(
    effect: Mapping[str, Any], series: int, shown: FloatArray, first: int, end: int
) -> Fault | None:
    """The fault of one effect; None where the panel shows nothing of it."""
    seen = shown[first:end]
    if not np.isfinite(seen).any():
        return None
    kind, strength = _RECORDED[effect["kind"]], float(effect["strength"] or 0)
    factor = strength
    if effect["kind"] == "outlier" and strength < 1:
        kind = "drop"
    elif effect["kind"] == "unit_jump":
        factor = 1 / strength
    elif effect["kind"] == "duplicate":
        factor = 1 + strength
    elif effect["kind"] == "miscount":
        factor = float(shown[first] / max(shown[first] - strength, 1.0))
    elif effect["kind"] in ("constant", "dead"):
        true = np.array(effect["detail"].split(), dtype=float)
        factor = strength / max(float(true.mean()), 1.0)
    return Fault(kind=kind, series=series, first=first, end=end, factor=factor)
