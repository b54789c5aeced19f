"""Which parts matter (ABC) and which are steady (XYZ)."""

from __future__ import annotations

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.demand_classes import ABC_LIMITS, XYZ_LIMITS
from supplynet.frames.exploration.charts import curve
from supplynet.frames.exploration.classes import abc, variation, xyz
from supplynet.frames.exploration.grids import heat_map
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.source import Source, relative_level
from supplynet.frames.exploration.wording import are, count, listing, number, percent

_IN_TABLE = 20
_MOST_POINTS = 400
_FEW = 5  # parts below which classes say less than names


def abc_xyz(source: Source) -> Section:
    """Parts by their share of the value or quantity, and by how steady they are."""
    frame = part_classes(source)
    by = "value" if source.by_value else "quantity"
    title = f"ABC by {by}, XYZ by steadiness"
    total = float(frame["value"].sum()) if frame.height else 0.0
    if not total > 0:
        return Section(
            key="abc_xyz",
            title=title,
            sentence=f"No part has any {by}, so none matters more than another.",
            frame=frame,
        )
    return Section(
        key="abc_xyz",
        title=title,
        sentence=_sentence(frame, by),
        figures=(_pareto(frame, by), _matrix(frame, by)),
        table=_table(frame, by),
        frame=frame,
        method=_method(source, by),
        stands_out=False,
    )


def part_classes(source: Source) -> pl.DataFrame:
    """Per part over all locations: ``part_id, total, value, share, abc, cv, xyz``, by value."""
    parts = source.series.with_columns(pl.col("part_id").rle_id())
    names = source.series["part_id"].unique().sort()
    place = source.series["part_id"].replace_strict(
        names, pl.Series(range(len(names)), dtype=pl.Int64), return_dtype=pl.Int64
    )
    sums = (
        parts.with_columns(place.alias("part"))
        .group_by("part")
        .agg(pl.col("total", "value").sum())
        .sort("part")
    )
    values = sums["value"].to_numpy()
    cv = variation(_weekly(source, place.to_numpy().astype(np.int64), len(names)))
    total = float(values.sum())
    return (
        pl.DataFrame(
            {
                "part_id": names,
                "total": sums["total"],
                "value": values,
                "share": values / total if total > 0 else np.zeros(len(values)),
                "abc": abc(values),
                "cv": cv,
                "xyz": xyz(cv),
            }
        )
        .with_columns(pl.col("cv").fill_nan(None))
        .sort("value", "part_id", descending=[True, False])
    )


def _weekly(source: Source, place: np.ndarray, parts: int) -> FloatArray:
    """Use of each part against its average, shape (part, week)."""
    return relative_level(source.parts_of_demand.weekly, place, parts)


def _sentence(frame: pl.DataFrame, by: str) -> str:
    some = int((frame["value"] > 0).sum())
    if frame.height == 1:
        return f"There is one part, {frame['part_id'][0]}, and so it is all of the {by}."
    if frame.height < _FEW:
        top = [f"{row['part_id']} {percent(row['share'])}" for row in frame.to_dicts()]
        return f"The {by} is shared by {count(frame.height, 'part')}: {listing(top)}."
    a = frame.filter(pl.col("abc") == "A")
    share = float(a["share"].sum())
    steady = frame.filter((pl.col("abc") == "A") & (pl.col("xyz") == "X")).height
    said = (
        f"{count(a.height, 'part')} of {frame.height:,} "
        f"{'makes' if a.height == 1 else 'make'} {percent(share)} of the {by} (A)"
    )
    of_them = "all" if steady == a.height else f"{steady:,}" if steady else "none"
    said += f"; {of_them} of them {are(max(1, steady))} steady (AX)"
    idle = frame.height - some
    return f"{said}; {count(idle, 'part')} {are(idle)} not used at all." if idle else f"{said}."


def _pareto(frame: pl.DataFrame, by: str) -> Figure:
    shares = np.concatenate([[0.0], np.cumsum(frame["share"].to_numpy())])
    if len(shares) > _MOST_POINTS:
        keep = np.unique(np.linspace(0, len(shares) - 1, _MOST_POINTS).astype(int))
        marks_of = keep / (len(shares) - 1)
        even = np.linspace(0, 1, _MOST_POINTS)
        shares = np.interp(even, marks_of, shares[keep])
    a, b = (int((frame["abc"] == letter).sum()) / frame.height for letter in "AB")
    marks = [(a / 2, "A"), (a + b / 2, "B"), (a + b + (1 - a - b) / 2, "C")]
    chart = curve(
        shares * 100,
        label=f"Share of the {by} that the first parts make",
        marks=[(at, words) for at, words in marks if at < 1],
        height=120,
        guides=[at for at in (a, a + b) if 0 < at < 1],
    )
    return Figure(
        caption=f"Per cent of the {by}, parts from the largest to the smallest", chart=chart
    )


def _matrix(frame: pl.DataFrame, by: str) -> Figure:
    values, counts = np.zeros((3, 3)), np.zeros((3, 3), dtype=int)
    shares = np.zeros((3, 3))
    for letter, kind, many, share in (
        frame.group_by("abc", "xyz").agg(pl.len(), pl.col("share").sum()).iter_rows()
    ):
        at = "ABC".index(letter), "XYZ".index(kind)
        counts[at], shares[at], values[at] = many, share, many

    def said(row: int, column: int) -> str:
        parts = count(int(counts[row, column]), "part")
        return f"{'ABC'[row]}{'XYZ'[column]}: {parts}, {percent(shares[row, column])} of the {by}"

    chart = heat_map(
        values,
        ["A", "B", "C"],
        ["X", "Y", "Z"],
        label="Parts by class",
        said=said,
        words=lambda value: f"{value:.0f}",
        limits=(0.0, float(values.max())),
    )
    return Figure(caption="Number of parts: X steady, Y varying, Z unsteady", chart=chart)


def _table(frame: pl.DataFrame, by: str) -> Table:
    shown = frame.head(_IN_TABLE)
    rows = tuple(
        (
            row["part_id"],
            row["abc"] + row["xyz"],
            number(row["value"]),
            percent(row["share"]),
            number(row["cv"]),
        )
        for row in shown.iter_rows(named=True)
    )
    more = f"; {frame.height - shown.height:,} more" if frame.height > shown.height else ""
    return Table(
        caption=f"Parts by {by}{more}.",
        head=("Part", "Class", by.capitalize(), "Share", "CV"),
        rows=rows,
        words=2,
    )


def _method(source: Source, by: str) -> tuple[str, ...]:
    (most, nearly), (little, much) = ABC_LIMITS, XYZ_LIMITS
    week = "week" if source.unit.name == "day" and source.grid.columns >= 28 else source.unit.name
    return (
        f"A: the largest parts until they make {most:.0%} of the {by}, B: until {nearly:.0%}, "
        "C: the rest. "
        f"X: the use of a {week} varies by up to {little:g} of its mean (coefficient of variation, "
        f"without the weekday wave), Y: up to {much:g}, Z: more.".replace("%", " %"),
    )
