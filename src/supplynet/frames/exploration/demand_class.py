"""Smooth, erratic, intermittent or lumpy: which kind of forecast a series wants."""

from __future__ import annotations

import numpy as np
import polars as pl

from supplynet.frames.demand_classes import ADI_LIMIT, CV2_LIMIT
from supplynet.frames.exploration.charts import Bar, bars
from supplynet.frames.exploration.classes import CLASSES, demand_classes
from supplynet.frames.exploration.point_charts import Point, scatter
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.svg import Scale
from supplynet.frames.exploration.wording import count, number, percent

_POINTS = 500
_LEAST_CV2 = 0.02  # where the axis begins: below, sizes are as good as equal
_IN_TABLE = 15
_NOTABLE = 0.1  # share of series that are not smooth from which the page says so on top
_UNCLASSED = CLASSES[4:]
_MEANING = {
    "smooth": "used nearly always, in like amounts",
    "erratic": "used nearly always, in very different amounts",
    "intermittent": "used now and then, in like amounts",
    "lumpy": "used now and then, in very different amounts",
    "unclear": "used less than four times",
    "no demand": "never used",
}


def demand_class(source: Source) -> Section:
    """Each series by how often (ADI) and how evenly (CV2) it is used."""
    frame = class_frame(source)
    if frame.is_empty():
        return Section(
            key="demand_class",
            title="Demand class",
            sentence="There is no series to class.",
            frame=frame,
        )
    known = frame.filter(pl.col("demand_class").is_in(CLASSES[:4]))
    figures = [_shares(frame)]
    if known.height:
        figures.insert(0, _scatter(source, frame))
    return Section(
        key="demand_class",
        title="Demand class",
        sentence=_sentence(frame),
        figures=tuple(figures),
        table=_table(source, frame),
        frame=frame,
        method=(
            (
                f"ADI is how many {source.unit.name}s come for each one with demand, CV2 the "
                "squared coefficient of variation of the amounts when there is demand. The limits, "
                f"{ADI_LIMIT} and {CV2_LIMIT}, are those of Syntetos, Boylan and Croston (2005). "
                "Intermittent and lumpy series want a model for rare demand, and more safety stock "
                "than their mean suggests."
            ),
        ),
        stands_out=_rare_share(frame) >= _NOTABLE,
    )


def class_frame(source: Source) -> pl.DataFrame:
    """``location_id, part_id, demand_class, adi, cv2, share`` of every series."""
    kinds, adi, cv2 = demand_classes(source.grid.used)
    value = source.series["value"].to_numpy()
    total = float(value.sum())
    return source.series.select("location_id", "part_id").with_columns(
        pl.Series("demand_class", kinds.tolist(), dtype=pl.String),
        pl.Series("adi", adi).fill_nan(None),
        pl.Series("cv2", cv2).fill_nan(None),
        pl.Series("share", value / total if total > 0 else np.zeros(len(value))),
    )


def _rare_share(frame: pl.DataFrame) -> float:
    """Share of the series that are anything but smooth."""
    return float((frame["demand_class"] != "smooth").sum()) / frame.height


def _sentence(frame: pl.DataFrame) -> str:
    counts = _counts(frame)
    ranked = sorted(counts, key=lambda kind: -counts[kind][0])
    top, many = ranked[0], counts[ranked[0]][0]
    whole = frame.height
    if many == whole:
        each = "The series is" if whole == 1 else f"All {whole:,} series are"
        if top in _UNCLASSED:
            return f"{each} without a class: {_MEANING[top]}."
        return f"{each} {top}: {_MEANING[top]}."
    rest = [f"{counts[kind][0]:,} {kind}" for kind in ranked[1:]]
    said = f"{many:,} of {whole:,} series are {top} ({_MEANING[top]}); {', '.join(rest)}"
    rare = [kind for kind in ("intermittent", "lumpy") if kind in counts]
    share = sum(counts[kind][1] for kind in rare)
    if rare and share > 0.005:
        return f"{said}. Those used now and then are {percent(share)} of all that is used."
    return f"{said}."


def _counts(frame: pl.DataFrame) -> dict[str, tuple[int, float]]:
    """Series and share of each class that there is, in the order of ``CLASSES``."""
    found = {
        kind: (many, share)
        for kind, many, share in frame.group_by("demand_class")
        .agg(pl.len(), pl.col("share").sum())
        .iter_rows()
    }
    return {kind: found[kind] for kind in CLASSES if kind in found}


def _shares(frame: pl.DataFrame) -> Figure:
    rows = [
        Bar(
            name=kind,
            value=many,
            words=f"{many:,} ({percent(share)})",
            said=f"{kind}: {count(many, 'series')}, {percent(share)} of what is used; "
            f"{_MEANING[kind]}",
        )
        for kind, (many, share) in _counts(frame).items()
    ]
    return Figure(
        caption="Series of each class, and their share of what is used",
        chart=bars(rows, label="Series by demand class"),
    )


def _scatter(source: Source, frame: pl.DataFrame) -> Figure:
    names, shown = source.names, source.by_importance[:_POINTS]
    rows = frame.select("adi", "cv2", "demand_class").rows()
    points = [
        Point(
            x=rows[i][0],
            y=max(rows[i][1], _LEAST_CV2),
            said=f"{names[i]}: {rows[i][2]}, ADI {number(rows[i][0])}, CV2 {number(rows[i][1])}",
            size=3.2,
        )
        for i in shown
        if rows[i][0] is not None and rows[i][1] is not None
    ]
    right = max((p.x for p in points), default=1.0)
    top = max((p.y for p in points), default=1.0)
    chart = scatter(
        points,
        label="Interval between demands and variation of their size",
        x=Scale(0.9, max(3.0, right * 1.15), log=True),
        y=Scale(_LEAST_CV2, max(2.0, top * 1.4), log=True),
        height=230,
        guides=(ADI_LIMIT, CV2_LIMIT),
        corners=(
            (0.01, 0.06, "erratic"),
            (0.99, 0.06, "lumpy"),
            (0.01, 0.97, "smooth"),
            (0.99, 0.97, "intermittent"),
        ),
    )
    rest = source.series.height - len(shown)
    more = f"; the {_POINTS} largest of {source.series.height:,}" if rest > 0 else ""
    return Figure(
        caption=f"Each series: {source.unit.name}s per demand (ADI, across), CV2 of its size "
        f"(up){more}",
        chart=chart,
    )


def _table(source: Source, frame: pl.DataFrame) -> Table:
    order = [i for i in source.by_importance if frame["demand_class"][i] != "smooth"][:_IN_TABLE]
    rows = tuple(
        (
            source.names[i],
            frame["demand_class"][i],
            number(frame["adi"][i]),
            number(frame["cv2"][i]),
            percent(frame["share"][i]),
        )
        for i in order
    )
    return Table(
        caption="The largest series that are not smooth.",
        head=("Series", "Class", "ADI", "CV2", "Share"),
        rows=rows,
        words=2,
    )
