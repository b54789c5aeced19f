"""All series in one table, the most important first."""

from __future__ import annotations

import polars as pl

from supplynet.frames.exploration.charts import spark
from supplynet.frames.exploration.section import Section, Table
from supplynet.frames.exploration.series_facts import FEATURES
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.wording import clip, count, number, percent

SHOWN = 30


def series_table(source: Source, facts: pl.DataFrame) -> Section:
    """The largest series with their class, season, and a small curve; the frame holds all."""
    order = source.by_importance
    frame = facts[order].drop([f"{name}_z" for name in FEATURES])
    if not order:
        return Section(
            key="series",
            title="All series",
            sentence="There is no series.",
            frame=frame,
            wide=True,
        )
    rows = tuple(_row(source, facts, i) for i in order[:SHOWN])
    shown = sum(float(facts["share"][i]) for i in order[:SHOWN])
    rest = len(order) - len(rows)
    by = "value" if source.by_value else "quantity"
    said = f"All {count(len(order), 'series')}, the largest {by} first."
    if rest:
        said = (
            f"The {len(rows)} largest of {len(order):,} series make {percent(shown)} of the {by}; "
            f"{rest:,} more are in the frame of this section."
        )
    elif len(order) == 1:
        said = f"There is one series, {source.names[0]}."
    return Section(
        key="series",
        title="All series",
        sentence=said,
        table=Table(
            caption=f"Pieces a {source.unit.name}; the curve is the use of a week from 0.",
            head=(
                *(source.place.capitalize(), "Part", "Class", "Demand", "Mean", "Share"),
                *("Zeros", "Starved", "Missing", "Season", "Trend", "Over time"),
            ),
            rows=rows,
            words=4,
            charts=frozenset({11}),
        ),
        frame=frame,
        open_table=True,
        wide=True,
    )


def _row(source: Source, facts: pl.DataFrame, at: int) -> tuple[str, ...]:
    row = facts.row(at, named=True)
    weekly = source.parts_of_demand.weekly[at]
    curve = spark(weekly, label=f"{row['location_id']}/{row['part_id']} over time", height=20)
    return (
        clip(row["location_id"], 28),
        clip(row["part_id"], 28),
        f"{row['abc']}{row['xyz']}",
        row["demand_class"],
        number(row["mean"]),
        percent(row["share"]),
        percent(row["zero_share"]),
        percent(row["censored_share"]),
        percent(row["missing_share"]),
        _strength(row["season_strength"]),
        _strength(row["trend_strength"]),
        curve,
    )


def _strength(value: float | None) -> str:
    return number(None) if value is None else f"{value:.2f}"
