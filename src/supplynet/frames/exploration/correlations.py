"""What moves together: lines, parts of one line, and drivers with their lead."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.correlation_figures import (
    lead_figure,
    matrix_figure,
    plan_figure,
)
from supplynet.frames.exploration.decomposition import remainders
from supplynet.frames.exploration.driver_grid import DriverSeries
from supplynet.frames.exploration.rank_correlation import (
    FEWEST_PAIRS,
    Pair,
    all_pairs,
    driver_leads,
)
from supplynet.frames.exploration.section import Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.wording import listing, plural

_LOCATIONS = 16
_PARTS = 12
_LINES_LOOKED_AT = 10
_DRIVERS = 14


def correlations(source: Source, drivers: Sequence[DriverSeries]) -> Section:
    """Spearman correlations of what season and trend leave over."""
    between = _between_locations(source)
    within, inside = _within_locations(source)
    leads, limit = driver_leads(source, drivers)
    plans = [pair for pairs in leads for pair in pairs if pair.kind == "plan" and pair.lag == 0]
    told = [pairs for pairs in leads if pairs[0].kind == "driver"][:_DRIVERS]
    figures = []
    if between is not None:
        figures.append(matrix_figure(between[0], between[1], plural(source.place).capitalize()))
    if inside is not None:
        figures.append(matrix_figure(inside[0], inside[1], f"Parts of {inside[2]}"))
    if told:
        figures.append(lead_figure(source, told))
    if len(plans) > 1:
        figures.append(plan_figure(source, plans))
    best = [max(pairs, key=lambda p: abs(p.correlation)) for pairs in told]
    found = (_pairs_of(between) if between else []) + within + plans + best
    return Section(
        key="correlations",
        title="What moves together",
        sentence=_sentence(source, between, within, plans, best, limit),
        figures=tuple(figures),
        table=_table(source, found, limit),
        frame=_frame(found, leads),
        method=(
            (
                "Spearman correlation of what is left of a series when its season and trend are "
                "taken out, so two things are not alike only because both rest on Sundays."
            ),
            (
                "A driver at lag 3 is compared with what was used 3 "
                f"{source.unit.name}s later. Correlation does not say what causes what."
            ),
        ),
        stands_out=any(abs(pair.correlation) > limit for pair in best),
    )


Matrix = tuple[FloatArray, list[str]]


def _between_locations(source: Source) -> Matrix | None:
    shown = sorted(source.location_order[:_LOCATIONS])
    if len(shown) < 2 or source.grid.columns < FEWEST_PAIRS:
        return None
    rest = remainders(source.location_index[shown], source.unit)
    made = all_pairs(rest)
    return (made, [source.locations[i] for i in shown]) if np.isfinite(made).any() else None


def _within_locations(
    source: Source,
) -> tuple[list[Pair], tuple[FloatArray, list[str], str] | None]:
    """The middle correlation of the parts of each line, and the parts of the largest line."""
    found: list[Pair] = []
    largest = None
    if source.grid.columns < FEWEST_PAIRS:
        return found, largest
    place = source.grid.location_of
    for location in source.location_order[:_LINES_LOOKED_AT]:
        shown = [i for i in source.by_importance if place[i] == location][:_PARTS]
        matrix = all_pairs(remainders(source.grid.used[shown], source.unit))
        values = matrix[np.isfinite(matrix)]
        if not values.size:
            continue
        name = source.locations[location]
        found.append(
            Pair(
                kind="parts of one place",
                first=name,
                second=f"{len(shown)} parts",
                lag=0,
                correlation=float(np.median(values)),
                pairs=values.size // 2,
            )
        )
        if largest is None:
            largest = (matrix, [str(source.series["part_id"][i]) for i in shown], name)
    return found, largest


def _pairs_of(matrix: Matrix) -> list[Pair]:
    values, names = matrix
    found = [
        Pair(
            kind="two places",
            first=names[i],
            second=names[j],
            lag=0,
            correlation=float(values[i, j]),
            pairs=0,
        )
        for i in range(len(names))
        for j in range(i)
        if math.isfinite(values[i, j])
    ]
    return sorted(found, key=lambda pair: -abs(pair.correlation))


def _strength(value: float) -> str:
    """The word for a correlation."""
    size = abs(value)
    word = "closely" if size >= 0.7 else "loosely" if size >= 0.3 else "hardly"
    return f"{word} ({value:.2f})"


def _sentence(
    source: Source,
    between: Matrix | None,
    within: list[Pair],
    plans: list[Pair],
    best: list[Pair],
    limit: float,
) -> str:
    said = []
    if within:
        middle = float(np.median([pair.correlation for pair in within]))
        said.append(f"parts of one {source.place} move together {_strength(middle)}")
    if between is not None:
        values = between[0][np.isfinite(between[0])]
        top = _pairs_of(between)[0]
        said.append(
            f"{plural(source.place)} among each other {_strength(float(np.median(values)))}"
        )
        if abs(top.correlation) >= 0.3:
            said[-1] += f", most of all {top.first} and {top.second} ({top.correlation:.2f})"
    if plans:
        middle = float(np.median([pair.correlation for pair in plans]))
        said.append(f"a {source.place} goes with its plan {_strength(middle)}")
    sure = [pair for pair in best if abs(pair.correlation) > limit]
    if sure:
        told = listing([f"{p.first} ({p.correlation:+.2f} at lag {p.lag})" for p in sure], 2)
        said.append(f"linked with consumption beyond chance: {told}")
    elif best:
        names = listing([pair.first for pair in best], 2)
        said.append(f"no driver is linked with consumption beyond chance ({names})")
    if not said:
        return (
            f"There is nothing to compare: that takes two series and {FEWEST_PAIRS} "
            f"{source.unit.name}s of both."
        )
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _table(source: Source, found: list[Pair], limit: float) -> Table:
    most = {"two places": 10, "parts of one place": 10, "plan": 10, "driver": _DRIVERS}
    rows = []
    for kind, many in most.items():
        for pair in [p for p in found if p.kind == kind][:many]:
            sure = (
                ""
                if kind not in {"plan", "driver"}
                else "yes"
                if abs(pair.correlation) > limit
                else "no"
            )
            rows.append((_told(pair), f"{pair.lag}", f"{pair.correlation:.2f}", sure))
    return Table(
        caption=f"Strongest correlations; lag in {source.unit.name}s.",
        head=("What", "Lag", "Correlation", "Beyond chance"),
        rows=tuple(rows),
    )


def _told(pair: Pair) -> str:
    """What is correlated, for the table."""
    if pair.kind == "parts of one place":
        return f"{pair.second} of {pair.first} (median)"
    return f"{pair.first} {'and' if pair.kind == 'two places' else 'with'} {pair.second}"


def _frame(found: list[Pair], leads: list[list[Pair]]) -> pl.DataFrame:
    every = [p for p in found if p.kind not in {"plan", "driver"}] + [
        p for row in leads for p in row
    ]
    names = ("kind", "first", "second", "lag", "correlation", "pairs")
    kinds = (pl.String, pl.String, pl.String, pl.Int64, pl.Float64, pl.Int64)
    return pl.DataFrame(
        {name: [getattr(p, name) for p in every] for name in names},
        schema=dict(zip(names, kinds, strict=True)),
    )
