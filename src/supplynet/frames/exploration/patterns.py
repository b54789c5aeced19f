"""Consumption by line, shift and weekday (or month) as a heat map."""

from __future__ import annotations

import numpy as np
import polars as pl

from supplynet.core.sample_paths import FloatArray
from supplynet.frames.exploration.grids import heat_map as draw
from supplynet.frames.exploration.row_statistics import row_means
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.shift_ratios import (
    ALIKE,
    ShiftRatios,
    ratio_bars,
    ratio_sentence,
    shift_ratios,
)
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.wording import (
    MONTHS,
    WEEKDAYS,
    WEEKDAYS_LONG,
    change,
    number,
)

_ROWS = 27
_LETTERS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def heat_map(source: Source) -> Section:
    """Each cell is the use in that shift and weekday against the line's own average."""
    frame = _frame(source)
    by_month = source.unit.name != "day"
    what = "month" if by_month else "weekday"
    both = f"{source.place}, shift and {what}" if source.shifts else f"{source.place} and {what}"
    title = f"Consumption by {both}"
    if frame.is_empty():
        return Section(
            key="heat_map",
            title=title,
            sentence="No demand was observed, so there is no pattern to show.",
            frame=frame,
        )
    shown = sorted(source.location_order[:_ROWS])
    values, names, groups = _cells(source, frame, shown, by_month=by_month)
    ratios = shift_ratios(frame)
    figures = [_map(source, values, names, groups, shown)]
    if ratios:
        figures.append(ratio_bars(ratios))
    return Section(
        key="heat_map",
        title=title,
        sentence=_sentence(source, frame, ratios, by_month=by_month),
        figures=tuple(figures),
        table=_table(source, frame, shown, by_month=by_month),
        frame=frame.drop("location"),
        method=(
            (
                f"100 is the average {source.period} of that {source.place}: what its parts used, "
                "over what the same parts use on average, so a part that was not observed does not "
                "look like a drop."
            ),
        ),
        stands_out=True,
    )


def _frame(source: Source) -> pl.DataFrame:
    """``location, location_id, shift, step, index, mean, rows``; step = weekday or month from 0.

    ``mean`` is what all parts of the location use in such a period, ``rows`` how many observed
    figures there are.
    """
    known = _shift_rows(source) if source.shifts else _grid_rows(source)
    made = (
        known.group_by("location", "shift", "step")
        .agg(
            (pl.col("used").sum() / pl.col("usual").sum()).alias("index"),
            (pl.col("used").sum() / pl.col("period").n_unique()).alias("mean"),
            pl.len().alias("rows"),
        )
        .filter(pl.col("index").is_finite())
        .sort("location", "shift", "step")
    )
    names = pl.Series("location_id", source.locations, dtype=pl.String)
    return made.with_columns(names.gather(made["location"]))


def _shift_rows(source: Source) -> pl.DataFrame:
    usual = source.series.select("series", pl.col("mean").alias("usual"))
    known = source.rows.filter(
        pl.col("demand").is_not_null() & pl.col("shift").is_in(list(source.shifts))
    )
    step = pl.col("day").dt.weekday() - 1
    if source.unit.name != "day":
        step = pl.col("day").dt.month() - 1
    return known.join(usual, on="series").select(
        "location",
        "shift",
        step.cast(pl.Int64).alias("step"),
        pl.col("demand").alias("used"),
        "usual",
        pl.col("period_start").to_physical().alias("period"),
    )


def _grid_rows(source: Source) -> pl.DataFrame:
    """Observed cells, among them the zeros of lists that have rows only where something was."""
    grid = source.grid
    series, column = np.nonzero(np.isfinite(grid.used))
    if source.unit.name == "day":
        step = (grid.first.weekday() + column) % 7
    else:
        step = np.array([day.month - 1 for day in grid.starts], dtype=np.int64)[column]
    return pl.DataFrame(
        {
            "location": grid.location_of[series],
            "shift": pl.Series([""], dtype=pl.String).new_from_index(0, len(series)),
            "step": step.astype(np.int64),
            "used": grid.used[series, column],
            "usual": row_means(grid.used)[series],
            "period": column,
        }
    )


def _cells(
    source: Source, frame: pl.DataFrame, shown: list[int], *, by_month: bool
) -> tuple[FloatArray, list[str], list[tuple[int, str]]]:
    steps = 12 if by_month else 7
    shifts = source.shifts or ("",)
    values = np.full((len(shown), steps * len(shifts)), np.nan)
    row_of = {location: i for i, location in enumerate(shown)}
    for location, shift, step, index in frame.select(
        "location", "shift", "step", "index"
    ).iter_rows():
        if location in row_of:
            values[row_of[location], shifts.index(shift) * steps + step] = index
    each = MONTHS if by_month else _LETTERS if len(shifts) < 3 else tuple(d[0] for d in WEEKDAYS)
    groups = [(i * steps, name) for i, name in enumerate(shifts)] if source.shifts else []
    return values, list(each) * len(shifts), groups


def _map(
    source: Source,
    values: FloatArray,
    names: list[str],
    groups: list[tuple[int, str]],
    shown: list[int],
) -> Figure:
    places = [source.locations[i] for i in shown]
    steps = len(names) // max(1, len(groups))
    long = WEEKDAYS_LONG if steps == 7 else MONTHS

    def said(row: int, column: int) -> str:
        shift = f", {groups[column // steps][1]} shift" if groups else ""
        return (
            f"{places[row]}, {long[column % steps]}{shift}: {values[row, column] * 100:.0f} "
            "(100 = usual)"
        )

    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    chart = draw(
        values,
        places,
        names,
        label=f"Heat map of consumption by {source.place}",
        said=said,
        words=(lambda value: f"{value * 100:.0f}") if len(names) <= 14 else None,
        limits=(low, high) if high - low > 0.1 else (low - 0.1, high + 0.1),
        groups=groups,
    )
    rest = len(source.locations) - len(shown)
    more = f"; the {len(shown)} largest of {len(source.locations)}" if rest else ""
    return Figure(
        caption=f"Use against the {source.place}'s own average, 100 = usual{more}",
        chart=f'<div class="dense">{chart}</div>',
        legend=(("ramp-s", f"{low * 100:.0f} to {high * 100:.0f}"),),
    )


def _sentence(
    source: Source, frame: pl.DataFrame, ratios: ShiftRatios | None, *, by_month: bool
) -> str:
    if ratios:
        return ratio_sentence(source.place, ratios)
    long = MONTHS if by_month else WEEKDAYS_LONG
    steps = (
        frame.group_by("step")
        .agg(((pl.col("index") * pl.col("rows")).sum() / pl.col("rows").sum()).alias("index"))
        .sort("index", "step")
    )
    low, high = steps.row(0), steps.row(-1)
    if steps.height < 2:
        return f"All the data is of {'one month' if by_month else 'one weekday'}, {long[low[0]]}."
    if high[1] - low[1] < ALIKE:
        return f"No {'month' if by_month else 'weekday'} uses more than another."
    word = "in" if by_month else "on"
    odd = _odd_ones(frame, high[0])
    return (
        f"Most is used {word} {long[high[0]]} ({change(high[1] - 1)} than usual{odd}), "
        f"least {word} {long[low[0]]} ({change(low[1] - 1)})."
    )


def _odd_ones(frame: pl.DataFrame, step: int) -> str:
    """The locations that differ most in the busiest step, where they do."""
    at = frame.filter(pl.col("step") == step).sort("index", "location_id")
    if at.height < 3:
        return ""
    first, last = at.row(0, named=True), at.row(-1, named=True)
    if last["index"] - first["index"] < 2 * ALIKE:
        return ""
    told = [f"{change(row['index'] - 1)} at {row['location_id']}" for row in (last, first)]
    return f"; {told[0]}, {told[1]}"


def _table(source: Source, frame: pl.DataFrame, shown: list[int], *, by_month: bool) -> Table:
    each = MONTHS if by_month else WEEKDAYS
    rows = []
    kept = frame.filter(pl.col("location").is_in(shown))
    for (name, shift), part in kept.group_by("location_id", "shift", maintain_order=True):
        means = dict(part.select("step", "mean").iter_rows())
        cells = [number(means.get(i)) for i in range(len(each))]
        rows.append((str(name), str(shift) or "–", *cells))  # noqa: RUF001 - an empty cell
    return Table(
        caption=f"Pieces of all parts in an average {source.period}.",
        head=(source.place.capitalize(), "Shift", *each),
        rows=tuple(rows),
        words=2,
    )
