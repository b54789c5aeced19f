"""Charts of correlations: of every two, of drivers by lag, and of lines with their plan."""

from __future__ import annotations

import numpy as np

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.charts import Bar, bars
from supplynet.frames.exploration.grids import heat_map
from supplynet.frames.exploration.rank_correlation import LEADS, Pair
from supplynet.frames.exploration.section import Figure
from supplynet.frames.exploration.source import Source

PLANS = 8
"""Lines that are shown with their plan."""


def matrix_figure(values: FloatArray, names: list[str], title: str) -> Figure:
    """Every two things; shape (thing, thing), NaN on the diagonal."""

    def said(row: int, column: int) -> str:
        return f"{names[row]} and {names[column]}: {values[row, column]:.2f}"

    chart = heat_map(
        values,
        names,
        [""] * len(names),
        label=f"Correlations: {title}",
        said=said,
        limits=(-1.0, 1.0),
        palette="d",
    )
    return Figure(
        caption=f"{title}: correlation, across in the same order",
        chart=chart,
        legend=(("ramp-d", "-1 to 1"),),
    )


def lead_figure(source: Source, leads: list[list[Pair]]) -> Figure:
    """Each driver at every lag."""
    reach = LEADS[source.unit.name]
    values = np.full((len(leads), 2 * reach + 1), np.nan)
    for i, pairs in enumerate(leads):
        for pair in pairs:
            values[i, pair.lag + reach] = pair.correlation
    each = max(1, reach // 2)
    columns = [
        f"{n:+d}" if n % each == 0 and n else ("0" if n == 0 else "")
        for n in range(-reach, reach + 1)
    ]
    names = [pairs[0].first for pairs in leads]

    def said(row: int, column: int) -> str:
        lag = column - reach
        return f"{names[row]}, {leads[row][0].second}, lag {lag}: {values[row, column]:.2f}"

    chart = heat_map(
        values,
        names,
        columns,
        label="Correlation of drivers by lag",
        said=said,
        limits=(-1.0, 1.0),
        palette="d",
    )
    return Figure(
        caption=f"Drivers: correlation with use so many {source.unit.name}s later (lag)",
        chart=chart,
        legend=(("ramp-d", "-1 to 1"),),
    )


def plan_figure(source: Source, plans: list[Pair]) -> Figure:
    """The lines that follow their plan least."""
    weakest = sorted(plans, key=lambda pair: (pair.correlation, pair.first))[:PLANS]
    rows = [
        Bar(
            name=pair.first.removeprefix("plan of "),
            value=max(0.0, pair.correlation),
            words=f"{pair.correlation:.2f}",
        )
        for pair in weakest
    ]
    more = f", the {PLANS} lowest of {len(plans)}" if len(plans) > PLANS else ""
    return Figure(
        caption=f"Use of a {source.place} and its planned units: correlation{more}",
        chart=bars(rows, label="Correlation of use with the plan"),
    )
