"""How much less one shift uses than another, line by line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from supplynet.frames.exploration.charts import Bar, bars
from supplynet.frames.exploration.section import Figure
from supplynet.frames.exploration.wording import change, percent, plural

ALIKE = 0.05
"""Shares this near are the same."""
_BARS = 12
_FAR = 4.0  # times the median distance from the middle


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRatios:
    """Use in the ``low`` shift over use in the ``high`` shift, less 1, by location."""

    low: str
    high: str
    of: dict[str, float]

    @property
    def middle(self) -> float:
        """Median over the locations."""
        return float(np.median(list(self.of.values())))


def shift_ratios(frame: pl.DataFrame) -> ShiftRatios | None:
    """The shifts with least and most use, compared at every location that has both.

    Args:
        frame: ``location, location_id, shift, index, rows``, see ``patterns``.
    """
    by_shift = (
        frame.group_by("location", "location_id", "shift")
        .agg((pl.col("index") * pl.col("rows")).sum() / pl.col("rows").sum())
        .sort("location")
    )
    totals = by_shift.group_by("shift").agg(pl.col("index").median()).sort("index", "shift")
    if totals.height < 2:
        return None
    low, high = totals["shift"][0], totals["shift"][-1]
    pairs = (
        by_shift.filter(pl.col("shift") == low)
        .join(by_shift.filter(pl.col("shift") == high), on="location_id", suffix="_high")
        .filter(pl.col("index_high") > 0)
        .sort("location")
    )
    of = {
        row["location_id"]: row["index"] / row["index_high"] - 1
        for row in pairs.iter_rows(named=True)
    }
    return ShiftRatios(low=low, high=high, of=of) if of else None


def ratio_bars(ratios: ShiftRatios) -> Figure:
    """The locations furthest from the middle, from the least to the most."""
    order = sorted(ratios.of, key=lambda name: (ratios.of[name], name))
    away = {name: abs(ratio - ratios.middle) for name, ratio in ratios.of.items()}
    odd = max(2 * ALIKE, _FAR * float(np.median(list(away.values()))))
    far = sorted(order, key=lambda name: (-away[name], name))[:_BARS]
    chart = bars(
        [
            Bar(
                name=name,
                value=1 + ratios.of[name],
                words=percent(1 + ratios.of[name]),
                kind="lit" if away[name] > odd else "mark",
            )
            for name in order
            if name in far
        ],
        label=f"{ratios.low} shift as a share of the {ratios.high} shift",
    )
    more = f": the {_BARS} of {len(order)} furthest from the middle" if len(order) > _BARS else ""
    return Figure(
        caption=f"Use in the {ratios.low} shift as a share of the {ratios.high} shift{more}",
        chart=chart,
        legend=(("k-lit", "far from the others"),) if 'class="lit"' in chart else (),
    )


def ratio_sentence(place: str, ratios: ShiftRatios) -> str:
    """Which location differs most from the others; ``place`` is the word for one."""
    low, high = ratios.low, ratios.high
    if len(ratios.of) == 1:
        name, ratio = next(iter(ratios.of.items()))
        return f"{place.capitalize()} {name} uses {change(ratio)} {_than(low, high)}."
    odd = max(ratios.of, key=lambda name: (abs(ratios.of[name] - ratios.middle), name))
    rest = float(np.median([ratio for name, ratio in ratios.of.items() if name != odd]))
    if abs(ratios.of[odd] - rest) < ALIKE:
        return f"All {len(ratios.of)} {plural(place)} use {change(rest)} {_than(low, high)}."
    return (
        f"{place.capitalize()} {odd} uses {change(ratios.of[odd])} {_than(low, high)}; "
        f"the other {plural(place)} {change(rest)}."
    )


def _than(low: str, high: str) -> str:
    """``at night than by day``, or ``in the late shift than in the early shift``."""
    if {low, high} == {"day", "night"}:
        return "at night than by day" if low == "night" else "by day than at night"
    return f"in the {low} shift than in the {high} shift"
