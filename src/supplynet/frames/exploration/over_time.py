"""The total over time, and where it or a series moved to another level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.charts import Change, curve, spark
from supplynet.frames.exploration.decomposition import decompose, running_line
from supplynet.frames.exploration.level_changes import LevelChange, level_changes
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.svg import date_marks
from supplynet.frames.exploration.wording import (
    count,
    day,
    listing,
    number,
    percent,
    plural,
    safe,
    short,
    signed,
)

_SMOOTH = 13  # weeks of the smooth line
_FEWEST_WEEKS = 8
_SMALL = 6
_IN_TABLE = 30
_TEN_PERCENT = 1.2816  # standard deviations that leave 10 % on either side


def over_time(source: Source) -> Section:
    """Parts per week with their usual range; level changes of the total and of every series."""
    steps, totals, unit = _totals(source)
    if totals.size == 0:
        return Section(
            key="over_time",
            title="Consumption over time",
            sentence="There is no row with a date to draw.",
            wide=True,
        )
    of_total = level_changes(totals[None])
    of_series = source.level_changes
    smooth, band = _smooth(totals)
    figures = [_total_figure(source, steps, totals, smooth, band, of_total, unit)]
    small = _small(source)
    if small is not None:
        figures.append(small)
    return Section(
        key="over_time",
        title="Consumption over time",
        sentence=_sentence(source, totals, of_total, of_series, steps, unit),
        figures=tuple(figures),
        table=_table(source, of_series),
        frame=_frame(source, of_series),
        method=(
            (
                "A change of level is a week from which on the mean of six weeks differs from that "
                "of the six weeks before by at least a quarter and six standard errors, and of "
                "which at least half is left twelve weeks later."
            ),
            "The usual range holds 8 of 10 values around the smooth line.",
        ),
        wide=True,
        stands_out=True,
    )


def _totals(source: Source) -> tuple[list[int], FloatArray, str]:
    """First columns, parts consumed and the unit: whole weeks where there are enough of them."""
    sums = np.where(np.isfinite(source.consumed), source.consumed, 0.0).sum(axis=0)
    columns = source.grid.columns
    if source.unit.name == "day":
        monday = (7 - source.grid.first.weekday()) % 7
        weeks = (columns - monday) // 7
        if weeks >= _FEWEST_WEEKS:
            whole = sums[monday : monday + 7 * weeks].reshape(weeks, 7)
            return list(range(monday, monday + 7 * weeks, 7)), whole.sum(axis=1), "week"
    return list(range(columns)), sums, source.unit.name


def _smooth(
    totals: FloatArray,
) -> tuple[FloatArray | None, tuple[FloatArray, FloatArray] | None]:
    if totals.size < 2 * _SMOOTH:
        return None, None
    smooth = np.maximum(running_line(totals[None], _SMOOTH)[0], 0.0)
    away = np.abs(totals - smooth)
    width = _TEN_PERCENT * 1.4826 * float(np.median(away))
    return smooth, (np.maximum(smooth - width, 0.0), smooth + width)


def _total_figure(
    source: Source,
    steps: list[int],
    totals: FloatArray,
    smooth: FloatArray | None,
    band: tuple[FloatArray, FloatArray] | None,
    changes: Sequence[LevelChange],
    unit: str,
) -> Figure:
    first, last = source.day_of(steps[0]), source.day_of(steps[-1])
    word = "week of " if unit == "week" else ""
    said = [
        f"{word}{day(source.day_of(step))}: {number(value)} pieces"
        for step, value in zip(steps, totals.tolist(), strict=True)
    ]
    many = max(1, len(steps) - 1)
    chart = curve(
        totals,
        label=f"Pieces consumed per {unit}",
        marks=date_marks(first, last),
        smooth=smooth,
        band=band,
        changes=[
            Change(
                at=c.week / many,
                words=signed(c.change),
                said=f"{day(source.day_of(steps[c.week]))}: from {number(c.before)} to "
                f"{number(c.after)} a {unit}",
            )
            for c in changes
        ],
        said=said if len(said) <= 600 else (),
    )
    legend = [("k-mark", f"one {unit}"), ("k-line", "smooth"), ("k-band", "usual range")]
    legend = legend if smooth is not None else []
    if changes:
        legend.append(("k-cut", "change of level"))
    return Figure(caption=f"Pieces of all parts per {unit}", chart=chart, legend=tuple(legend))


def _small(source: Source) -> Figure | None:
    """The lines that changed most, else the largest ones, one small curve each."""
    used = np.where(source.grid.implied_zeros, np.nan_to_num(source.consumed), source.consumed)
    if len(used) < 2 or used.shape[1] < 28:
        return None
    weekly = decompose(used, source.unit, source.grid.first).weekly
    found = level_changes(weekly)
    changed = sorted({c.series for c in found}, key=lambda i: -max(_scores(found, i)))
    shown = (changed + [i for i in source.location_order if i not in changed])[:_SMALL]
    cards = []
    for i in shown:
        own = [c for c in found if c.series == i]
        many = max(1, weekly.shape[1] - 1)
        chart = spark(
            weekly[i],
            label=f"{source.locations[i]} over time",
            height=46,
            changes=[c.week / many for c in own],
        )
        weeks = source.parts_of_demand.weeks
        said = "; ".join(
            f"{signed(c.change)} from {day(source.day_of(int(weeks[c.week])))}" for c in own
        )
        words = f" <span class='quiet'>{safe(said)}</span>" if said else ""
        cards.append(f"<li><strong>{safe(source.locations[i])}</strong>{words}{chart}</li>")
    what = f"Largest {plural(source.place)}"
    if changed:
        what = f"{plural(source.place).capitalize()} that changed most, then the largest"
    return Figure(
        caption=f"{what}: use without the weekday wave, from 0",
        chart=f'<ul class="cards small">{"".join(cards)}</ul>',
    )


def _scores(found: Sequence[LevelChange], series: int) -> list[float]:
    return [c.score for c in found if c.series == series]


def _sentence(
    source: Source,
    totals: FloatArray,
    of_total: Sequence[LevelChange],
    of_series: Sequence[LevelChange],
    steps: list[int],
    unit: str,
) -> str:
    mean = number(float(totals.mean()))
    if not totals.any():
        return f"Nothing was consumed in {count(totals.size, unit)}."
    if totals.size == 1:
        return f"There is one {unit} only, with {mean} pieces."
    if of_total:
        c = max(of_total, key=lambda change: change.score)
        since = day(source.day_of(steps[c.week]))
        said = (
            f"The total went from {number(c.before)} to {number(c.after)} pieces a {unit} "
            f"({signed(c.change)}) around {since}"
        )
    else:
        said = f"{mean} pieces an average {unit}{_drift(totals, unit)}"
    many = len({c.series for c in of_series})
    if source.series.height == 1:
        return f"{said}."
    if not many:
        return f"{said}; no series moved to another level for good."
    names = [source.names[c.series] for c in sorted(of_series, key=lambda c: -_weight(source, c))]
    told = listing(list(dict.fromkeys(names)), 2)
    return f"{said}; {count(many, 'series')} moved to another level: {told}."


def _drift(totals: FloatArray, unit: str) -> str:
    """How the last quarter compares with the first, where there is enough to say."""
    quarter = totals.size // 4
    if quarter < 3:
        return ""
    before, after = float(totals[:quarter].mean()), float(totals[-quarter:].mean())
    if before <= 0:
        return ""
    change = after / before - 1
    if abs(change) < 0.03:
        return f", in the last {quarter} {unit}s as many as in the first {quarter}"
    word = "above" if change > 0 else "below"
    return f"; the last {quarter} {unit}s are {percent(abs(change))} {word} the first {quarter}"


def _weight(source: Source, change: LevelChange) -> float:
    """Pieces or money a change moved: what a planner wants to see first."""
    total = max(1e-12, float(source.series["total"][change.series]))
    each = float(source.series["value"][change.series]) / total
    return abs(change.after - change.before) * each


def _frame(source: Source, changes: Sequence[LevelChange]) -> pl.DataFrame:
    weeks = source.parts_of_demand.weeks
    series = source.series
    return pl.DataFrame(
        {
            "location_id": [series["location_id"][c.series] for c in changes],
            "part_id": [series["part_id"][c.series] for c in changes],
            "since": [source.day_of(int(weeks[c.week])) for c in changes],
            "before": [c.before for c in changes],
            "after": [c.after for c in changes],
            "change": [c.change for c in changes],
            "score": [c.score for c in changes],
        },
        schema={
            "location_id": pl.String,
            "part_id": pl.String,
            "since": pl.Date,
            "before": pl.Float64,
            "after": pl.Float64,
            "change": pl.Float64,
            "score": pl.Float64,
        },
    )


def _table(source: Source, changes: Sequence[LevelChange]) -> Table:
    order = sorted(changes, key=lambda c: -_weight(source, c))[:_IN_TABLE]
    weeks = source.parts_of_demand.weeks
    rows = tuple(
        (
            source.names[c.series],
            day(source.day_of(int(weeks[c.week]))),
            short(c.before),
            short(c.after),
            signed(c.change),
        )
        for c in order
    )
    more = f"; the {len(rows)} largest of {len(changes)}" if len(changes) > len(rows) else ""
    return Table(
        caption=f"Changes of level of single series, pieces a {source.unit.name}{more}.",
        head=("Series", "Since", "Before", "After", "Change"),
        rows=rows,
        words=2,
    )
