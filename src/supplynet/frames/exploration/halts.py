"""Halts and what they cost: by line and week, the lost demand, and who does it again and again."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from supplynet.frames.exploration.charts import Bar, bars, columns
from supplynet.frames.exploration.lost_demand import halts_of, lost_demand
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.svg import date_marks
from supplynet.frames.exploration.wording import (
    count,
    day,
    duration,
    hours,
    listing,
    number,
    percent,
    plural,
)

HALT_RULES = ("halt", "halts", "starved", "late_truck")
"""Rules of findings, and kinds of effects, that name the part behind a halt."""
_BARS = 12
_OFTEN = 3  # halts from which a line is a repeat offender
_LONGEST = "longest"


def halts(source: Source, findings: pl.DataFrame | None) -> Section:
    """How long each line was starved, and an estimate of what it would have used."""
    each = halts_of(source.rows)
    lost = lost_demand(source.rows)
    frame = _frame(source, each, lost)
    title = "Halts and what they cost"
    if each.is_empty():
        return Section(
            key="halts",
            title=title,
            sentence=(
                f"The data knows of no {source.place} that was starved; if there were halts, "
                "import starved_minutes, or their hidden demand is read as low demand."
            ),
            frame=frame,
        )
    figures = [_by_line(source, frame), _by_week(source, each)]
    return Section(
        key="halts",
        title=title,
        sentence=_sentence(source, frame, each),
        figures=tuple(figures),
        table=_table(source, frame, _culprits(findings)),
        frame=frame,
        method=(
            (
                "A halt is one unbroken starvation, counted once however many parts and shifts it "
                "touches. Lost demand is the rate of the rest of the shift times the starved time "
                "(the usual rate where nothing ran), over all parts of the line: an estimate."
            ),
        ),
        stands_out=True,
    )


def _frame(source: Source, each: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """Per location: ``halts, starved_minutes, longest_minutes, share, per_month, lost, cost``."""
    cost = pl.lit(None, dtype=pl.Float64)
    if source.costs:
        cost = pl.col("lost") * pl.col("part_id").replace_strict(
            list(source.costs), list(source.costs.values()), default=0.0, return_dtype=pl.Float64
        )
    losses = (
        lost.with_columns(cost.alias("cost"))
        .group_by("location_id")
        .agg(pl.col("lost").sum(), pl.col("cost").sum() if source.costs else pl.col("cost").first())
    )
    made = each.group_by("location_id").agg(
        pl.len().alias("halts"),
        pl.col("minutes").sum().alias("starved_minutes"),
        pl.col("minutes").max().alias("longest_minutes"),
        pl.col("start").max().alias("last"),
        pl.col("shift").mode().sort().first().alias("usual_shift"),
    )
    return (
        made.join(losses, on="location_id", how="left")
        .with_columns(
            (pl.col("starved_minutes") / pl.col("starved_minutes").sum()).alias("share"),
            (pl.col("halts") * 30.4 / max(1, source.days)).alias("halts_per_month"),
        )
        .sort("starved_minutes", "location_id", descending=[True, False])
    )


def _sentence(source: Source, frame: pl.DataFrame, each: pl.DataFrame) -> str:
    minutes, lost = int(frame["starved_minutes"].sum()), float(frame["lost"].sum())
    total = len(source.locations)
    stood = f"{frame.height:,} of {total:,} {plural(source.place)}"
    if frame.height == total:
        stood = f"All {count(total, source.place)}"
    if total == 1:
        stood = f"{source.place.capitalize()} {frame['location_id'][0]}"
    said = (
        f"{stood} stood still for {hours(minutes)} in {count(each.height, 'halt')} "
        f"and missed about {number(round(lost))} pieces"
    )
    used = float(source.rows["taken"].sum())
    if used + lost > 0:
        said += f" ({percent(lost / (used + lost))} of what was wanted)"
    if source.costs:
        said += f", worth {number(round(float(frame['cost'].sum())))}"
    often = repeat_offenders(frame)
    if often.height and total > 1:
        names = often["location_id"].to_list()
        share = float(often["share"].sum())
        has = "has" if len(names) == 1 else "have"
        return f"{said}; {listing(names, 2)} {has} {percent(share)} of that time."
    return f"{said}."


def repeat_offenders(frame: pl.DataFrame) -> pl.DataFrame:
    """Locations with at least three halts and twice the starved time of the middle one."""
    middle = float(frame["starved_minutes"].median() or 0.0)  # type: ignore[arg-type] # a number column
    return frame.filter((pl.col("halts") >= _OFTEN) & (pl.col("starved_minutes") >= 2 * middle))


def _by_line(source: Source, frame: pl.DataFrame) -> Figure:
    often = set(repeat_offenders(frame)["location_id"].to_list())
    rows = [
        Bar(
            name=row["location_id"],
            value=float(row["starved_minutes"]),
            words=f"{hours(row['starved_minutes'])} in {row['halts']}",
            said=f"{row['location_id']}: {hours(row['starved_minutes'])} in "
            f"{count(row['halts'], 'halt')}, {_LONGEST} {duration(row['longest_minutes'])}, about "
            f"{number(round(row['lost']))} pieces lost",
            kind="lit" if row["location_id"] in often else "mark",
        )
        for row in frame.head(_BARS).iter_rows(named=True)
    ]
    rest = frame.height - len(rows)
    more = f"; the {_BARS} longest of {frame.height}" if rest > 0 else ""
    legend = (("k-lit", f"at least {_OFTEN} halts and twice the middle"),) if often else ()
    return Figure(
        caption=f"Time starved and number of halts by {source.place}{more}",
        chart=bars(rows, label=f"Starved time by {source.place}"),
        legend=legend,
    )


def _by_week(source: Source, each: pl.DataFrame) -> Figure:
    first, last = source.first_day, source.last_day
    step = 1 if (last - first).days < 56 else 7 if (last - first).days < 1500 else 30
    bins = (last - first).days // step + 1
    at = ((each["day"] - first).dt.total_days() // step).to_numpy()
    minutes = np.zeros(bins)
    np.add.at(minutes, at, each["minutes"].to_numpy())
    word = {1: "day", 7: "week", 30: "30 days"}[step]
    said = [
        f"{word} from {day(first + timedelta(days=i * step))}: {duration(value)}"
        for i, value in enumerate(minutes.tolist())
    ]
    chart = columns(
        (minutes / 60).tolist(),
        [""] * bins,
        label=f"Starved hours per {word}",
        said=said,
        marks=date_marks(first, last),
        height=120,
    )
    return Figure(caption=f"Starved hours per {word}, all {plural(source.place)}", chart=chart)


def _culprits(findings: pl.DataFrame | None) -> dict[str, list[str]]:
    """Parts named behind the halts of each location, the most frequent first."""
    if findings is None:
        return {}
    named = findings.filter(pl.col("rule").is_in(HALT_RULES)).drop_nulls(["location_id", "part_id"])
    counted = (
        named.group_by("location_id", "part_id")
        .agg(pl.len().alias("many"))
        .sort("location_id", "many", "part_id", descending=[False, True, False])
    )
    return {
        str(location): rows["part_id"].to_list()
        for (location,), rows in counted.group_by(["location_id"], maintain_order=True)
    }


def _table(source: Source, frame: pl.DataFrame, culprits: dict[str, list[str]]) -> Table:
    head = [source.place.capitalize(), "Halts", "Starved", "Longest", "Per month", "Pieces lost"]
    if source.costs:
        head.append("Value lost")
    if source.shifts:
        head.append("Mostly")
    if culprits:
        head.append("Parts named")
    rows = []
    for row in frame.head(27).iter_rows(named=True):
        cells = [
            row["location_id"],
            f"{row['halts']:,}",
            hours(row["starved_minutes"]),
            duration(row["longest_minutes"]),
            number(row["halts_per_month"]),
            number(round(row["lost"])),
        ]
        if source.costs:
            cells.append(number(round(row["cost"])))
        if source.shifts:
            cells.append(row["usual_shift"] or "–")  # noqa: RUF001 - an empty cell
        if culprits:
            cells.append(listing(culprits.get(row["location_id"], []), 2) or "–")  # noqa: RUF001 - an empty cell
        rows.append(tuple(cells))
    return Table(
        caption=f"Halts by {source.place}, the longest first.", head=tuple(head), rows=tuple(rows)
    )
