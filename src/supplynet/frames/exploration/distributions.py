"""How much is used at a time: over everything, and by the largest series."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.charts import columns
from supplynet.frames.exploration.point_charts import Box, boxes
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.svg import Scale, scale_to
from supplynet.frames.exploration.wording import number, percent, short

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_SHOWN = 10
_SKEWED = 20.0  # 99 % quantile over median from which the axis is logarithmic


def distributions(source: Source) -> Section:
    """Histogram of all observed rows and the spread of the largest series."""
    frame = _by_series(source)
    values = source.rows["demand"].drop_nulls().to_numpy()
    used = values[values > 0]
    title = f"How much is used in a {source.period}"
    if not used.size:
        nothing = "Every observed row is 0." if values.size else "No row has an observed demand."
        return Section(
            key="distributions",
            title=title,
            sentence=f"{nothing} There is nothing to draw.",
            frame=frame,
        )
    largest = frame.head(_SHOWN)
    return Section(
        key="distributions",
        title=title,
        sentence=_sentence(used, source.period),
        figures=(
            Figure(
                caption=f"Rows by pieces used in a {source.period}; rows of 0 are not drawn",
                chart=_histogram(used, source.period),
            ),
            Figure(
                caption="The largest series: pieces, 9 of 10 rows lie on the line, half in the bar",
                chart=_boxes(largest),
            ),
        ),
        table=_table(largest, source),
        frame=frame,
        method=(
            (
                f"One row is one part on one {source.place} in one {source.period}; "
                "rows whose demand was not observed are left out."
            ),
        ),
        stands_out=False,
    )


def _sentence(used: FloatArray, period: str) -> str:
    median, high = (float(np.quantile(used, q)) for q in (0.5, 0.99))
    top = used[used > high]
    share = float(top.sum() / used.sum())
    said = f"Where a part is used, half of the {period}s take {number(median)} or fewer"
    if not top.size or high == median:
        return f"{said}, and hardly any takes more."
    return (
        f"{said}; 1 in 100 takes more than {number(high)}, and those make {percent(share)} of all."
    )


def _histogram(used: FloatArray, period: str) -> str:
    low, high = float(used.min()), float(used.max())
    median, most = (float(np.quantile(used, q)) for q in (0.5, 0.99))
    label = f"Histogram of pieces used in a {period}"
    if most > _SKEWED * median or high > 1e6 * max(low, 1e-9):
        low = max(low, high / 1e9)
        exponents = np.arange(math.floor(4 * math.log10(low)), math.floor(4 * math.log10(high)) + 2)
        edges = 10.0 ** (exponents / 4)
        axis = Scale(float(edges[0]), float(edges[-1]), log=True)
    else:
        axis = scale_to([0.0, most * 1.05 if most < high else high])
        bins = min(32, max(4, math.ceil(axis.high))) if high > 1 else 20
        edges = np.linspace(0.0, axis.high, bins + 1)
    counts, _ = np.histogram(np.clip(used, edges[0], edges[-1]), edges)
    said = [
        f"{number(a)} to {number(b)}: {many:,} rows ({percent(many / used.size)})"
        for a, b, many in zip(edges, edges[1:], counts.tolist(), strict=False)
    ]
    if high > edges[-1]:
        said[-1] = f"above {number(float(edges[-2]))}: {counts[-1]:,} rows"
    marks = [(axis.at(tick), short(tick)) for tick in axis.ticks(5)]
    return columns(
        counts.astype(float).tolist(), [""] * len(counts), label=label, said=said, marks=marks
    )


def _by_series(source: Source) -> pl.DataFrame:
    demand = pl.col("demand")
    quantiles = [demand.quantile(q, "linear").alias(f"q{round(q * 100):02d}") for q in QUANTILES]
    made = source.rows.group_by("series").agg(
        demand.count().alias("observed"),
        demand.mean().alias("mean"),
        *quantiles,
        demand.max().alias("largest"),
    )
    names = source.series.select("series", "location_id", "part_id", "value")
    return (
        names.join(made, on="series", how="left")
        .sort("value", "series", descending=[True, False])
        .drop("series", "value")
    )


def _rows(largest: pl.DataFrame) -> list[tuple[str, tuple[float, float, float, float, float]]]:
    made = []
    for row in largest.drop_nulls("q50").iter_rows(named=True):
        q = tuple(float(row[f"q{round(q * 100):02d}"]) for q in QUANTILES)
        made.append((f"{row['location_id']}/{row['part_id']}", (q[0], q[1], q[2], q[3], q[4])))
    return made


def _boxes(largest: pl.DataFrame) -> str:
    rows = _rows(largest)
    scale = scale_to([q[4] for _, q in rows])
    made = [
        Box(
            name=name,
            quantiles=q,
            said=f"{name}: half between {number(q[1])} and {number(q[3])}, "
            f"9 of 10 between {number(q[0])} and {number(q[4])}, median {number(q[2])}",
        )
        for name, q in rows
    ]
    return boxes(made, label="Spread of the largest series", scale=scale)


def _table(largest: pl.DataFrame, source: Source) -> Table:
    rows = tuple((name, *(number(q) for q in quantiles)) for name, quantiles in _rows(largest))
    return Table(
        caption=f"Pieces in a {source.period}: quantiles of the largest series.",
        head=("Series", "5 %", "25 %", "median", "75 %", "95 %"),
        rows=rows,
    )
