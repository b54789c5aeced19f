"""What was not observed: a map of every series over time."""

from __future__ import annotations

import numpy as np
import polars as pl

from supplynet.frames.exploration.calendar_grid import Cell
from supplynet.frames.exploration.grids import picture, shrink
from supplynet.frames.exploration.section import Figure, Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.svg import date_marks
from supplynet.frames.exploration.wording import are, count, listing, number, percent

_ROWS, _COLUMNS = 420, 1000
_LABELS = 14
_IN_TABLE = 20
_COLOURS = {
    Cell.OBSERVED: (78, 147, 189, 140),
    Cell.OUTSIDE: (127, 140, 153, 0),
    Cell.CLOSED: (127, 140, 153, 0),
    Cell.IMPLIED: (127, 140, 153, 55),
    Cell.CENSORED: (160, 90, 225, 255),
    Cell.MISSING: (238, 127, 45, 255),
}
"""Mid tones, seen on light and dark ground alike, and told apart without red and green."""
_WORDS = {
    Cell.OBSERVED: ("k-observed", "observed"),
    Cell.IMPLIED: ("k-implied", "no row, counted as 0"),
    Cell.CENSORED: ("k-censored", "starved: demand hidden"),
    Cell.MISSING: ("k-missing", "missing"),
    Cell.OUTSIDE: ("k-outside", "not in use or closed"),
}


def missing(source: Source) -> Section:
    """The map, the worst series, and the columns that whole locations lack."""
    frame = missing_frame(source)
    grid = source.grid
    title = "What was not observed"
    if not grid.used.size:
        return Section(
            key="missing", title=title, sentence="There is no series to map.", frame=frame
        )
    return Section(
        key="missing",
        title=title,
        sentence=_sentence(source, frame),
        figures=(_map(source),) if _worth_a_map(grid.cells) else (),
        table=_table(source, frame),
        frame=frame,
        method=_method(source),
        stands_out=grid.cells_of(Cell.MISSING) > 0.01 * grid.used.size,
    )


def missing_frame(source: Source) -> pl.DataFrame:
    """Per series how many columns are of each kind, and the share that is missing."""
    cells = source.grid.cells
    counts = {kind.name.lower(): (cells == kind).sum(axis=1).astype(np.int64) for kind in Cell}
    seen = pl.col("observed") + pl.col("censored") + pl.col("missing")
    return (
        source.series.select("location_id", "part_id")
        .with_columns(pl.Series(name, values) for name, values in counts.items())
        .with_columns((pl.col("missing") / seen).fill_nan(0.0).alias("missing_share"))
    )


def _sentence(source: Source, frame: pl.DataFrame) -> str:
    grid, unit = source.grid, source.unit.name
    gone, hidden = grid.cells_of(Cell.MISSING), grid.cells_of(Cell.CENSORED)
    known = gone + hidden + grid.cells_of(Cell.OBSERVED)
    if grid.implied_zeros:
        zeros = grid.cells_of(Cell.IMPLIED)
        share = percent(zeros / (zeros + grid.cells_of(Cell.OBSERVED)))
        return (
            f"The data has a row only where something was used; {share} of the {unit}s have none "
            "and count as 0."
        )
    if not gone and not hidden:
        return f"Every {unit} of every series was observed."
    said = []
    if gone:
        touched = int((frame["missing"] > 0).sum())
        worst = frame.sort("missing", "location_id", "part_id", descending=[True, False, False])
        name = f"{worst['location_id'][0]}/{worst['part_id'][0]}"
        said.append(
            f"{percent(gone / known)} of the {unit}s lack figures, in {count(touched, 'series')}"
        )
        most = int(worst["missing"][0])
        if touched > 1 and most > 3 * gone / touched:
            said[-1] += f", most of all {name} ({count(most, unit)})"
    else:
        said.append(f"No {unit} lacks figures")
    if hidden:
        said.append(f"{percent(hidden / known)} hide demand behind a halt")
    closed = _lost_days(source)
    if closed:
        said.append(closed)
    return "; ".join(said) + "."


def _lost_days(source: Source) -> str:
    """Columns on which a whole location has nothing although it should."""
    grid = source.grid
    if source.unit.name != "day" or len(grid.used) < 2:
        return ""
    lost: list[str] = []
    for i, name in enumerate(grid.locations):
        mine = grid.cells[grid.location_of == i]
        inside = (mine != Cell.OUTSIDE).any(axis=0)
        nothing = ((mine == Cell.MISSING) | (mine == Cell.OUTSIDE)).all(axis=0) & inside
        many = int(nothing.sum())
        if many and len(mine) > 1:
            lost.append(f"{count(many, 'day')} of {name}")
    if not lost:
        return ""
    return f"{listing(lost, 2)} are gone altogether"


def _worth_a_map(cells: np.ndarray) -> bool:
    """Whether anything but observed cells is there to be seen."""
    return bool((cells != Cell.OBSERVED).any())


def _map(source: Source) -> Figure:
    grid = source.grid
    rows, columns = grid.cells.shape
    codes = _by_weight(grid.cells)
    small = shrink(codes, _ROWS, _COLUMNS)
    height = int(min(320, max(60, 9 * rows)))
    colours = [_COLOURS[kind] for kind in _ORDER]
    first, last = source.day_of(0), source.day_of(columns - 1)
    chart = picture(
        small,
        colours,
        label="Map of what was observed of every series over time",
        height=height,
        rows=_row_labels(source, height),
        columns=date_marks(first, last),
    )
    seen = set(np.unique(grid.cells).tolist())
    seen = {Cell.OUTSIDE if kind == Cell.CLOSED else kind for kind in seen}
    merged = "; series merged, a dot stands for a fifth of those under it" if rows > _ROWS else ""
    return Figure(
        caption=f"One row per series, by {source.place} and part; across, "
        f"{source.unit.name}s{merged}",
        chart=chart,
        legend=tuple(words for kind, words in _WORDS.items() if kind in seen),
    )


_ORDER = (Cell.OUTSIDE, Cell.CLOSED, Cell.IMPLIED, Cell.OBSERVED, Cell.CENSORED, Cell.MISSING)
"""From what matters least to what must not vanish when cells are merged."""


def _by_weight(cells: np.ndarray) -> np.ndarray:
    weight = np.zeros(len(_ORDER), dtype=np.uint8)
    for place, kind in enumerate(_ORDER):
        weight[kind] = place
    made: np.ndarray = weight[cells]
    return made


def _row_labels(source: Source, height: int) -> list[tuple[float, str]]:
    """Names of the series, or of the locations, where there is room for them."""
    rows = source.series.height
    if rows <= _LABELS:
        return [((i + 0.5) / rows, name) for i, name in enumerate(source.names)]
    place = source.grid.location_of
    made: list[tuple[float, str]] = []
    room = 15 / height
    for i, name in enumerate(source.locations):
        middle = float(np.flatnonzero(place == i).mean() + 0.5) / rows
        if not made or middle - made[-1][0] >= room:
            made.append((middle, name))
    return made


def _table(source: Source, frame: pl.DataFrame) -> Table | None:
    worst = frame.filter(pl.col("missing") + pl.col("censored") > 0).sort(
        "missing", "censored", "location_id", "part_id", descending=[True, True, False, False]
    )
    rows = tuple(
        (
            f"{row['location_id']}/{row['part_id']}",
            number(row["missing"]),
            percent(row["missing_share"]),
            number(row["censored"]),
        )
        for row in worst.head(_IN_TABLE).iter_rows(named=True)
    )
    rest = worst.height - len(rows)
    more = f"; {rest:,} more {are(rest)} not shown" if rest > 0 else ""
    return Table(
        caption=f"Series with most missing {source.unit.name}s{more}.",
        head=("Series", "Missing", "Share", "Starved"),
        rows=rows,
    )


def _method(source: Source) -> tuple[str, ...]:
    by = "by the plant's calendar" if source.plant else "on which it usually works"
    return (
        (
            f"Missing: the {source.place} should have figures ({by}) and this series has none, or "
            f"lacks a shift that the {source.place}'s other parts have. Starved: a part was "
            "lacking, so the demand of that time is not known. Before its first and after its last "
            "row a "
            "series is taken to be not in use."
        ),
    )
