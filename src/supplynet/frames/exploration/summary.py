"""How much there is, and how far it can be trusted."""

from __future__ import annotations

import polars as pl

from supplynet.frames.exploration.calendar_grid import Cell
from supplynet.frames.exploration.section import Section, Table
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.wording import (
    are,
    count,
    day,
    number,
    percent,
    plural,
    safe,
)

Tile = tuple[str, str, str]


def summary(source: Source, findings: pl.DataFrame | None) -> Section:
    """Rows, series, span, total, and the shares that are zero, censored or missing."""
    rows = source.rows
    if rows.is_empty():
        said = "There are no rows; import consumption or generate a history first."
        if source.left_out:
            said = f"All {count(source.left_out, 'row')} lie after the moment of this page."
        return Section(
            key="summary",
            title="Summary",
            sentence=said,
            wide=True,
        )
    observed = rows["demand"].drop_nulls()
    figures = {
        "rows": float(rows.height),
        "series": float(source.series.height),
        "locations": float(len(source.locations)),
        "parts": float(rows["part_id"].n_unique()),
        "total": float(rows["taken"].sum()),
        "zero_share": int((observed == 0).sum()) / len(observed) if len(observed) else 0.0,
        "censored_share": int((rows["starved_minutes"] > 0).sum()) / rows.height,
        "unobserved_share": rows["demand"].null_count() / rows.height,
        "missing_share": _missing_share(source),
        "left_out": float(source.left_out),
    }
    frame = pl.DataFrame({"figure": list(figures), "value": list(figures.values())})
    tiles = "".join(_tile(tile) for tile in _tiles(source, figures, findings))
    return Section(
        key="summary",
        title="Summary",
        sentence=_sentence(source, figures),
        frame=frame,
        table=_findings_table(findings),
        method=_method(source),
        wide=True,
        extra=f'<dl class="tiles">{tiles}</dl>',
    )


def _missing_share(source: Source) -> float:
    grid = source.grid
    missing = grid.cells_of(Cell.MISSING)
    within = missing + grid.cells_of(Cell.OBSERVED) + grid.cells_of(Cell.CENSORED)
    return missing / within if within else 0.0


def _sentence(source: Source, figures: dict[str, float]) -> str:
    first, last, days = source.first_day, source.last_day, source.days
    places = count(int(figures["locations"]), source.place)
    parts = count(int(figures["parts"]), "part")
    used = number(figures["total"])
    if figures["total"] == 0:
        return (
            f"{places} with {parts} used nothing at all between {day(first)} and {day(last)}; "
            "check the import."
        )
    when = f"on {day(first)}" if days == 1 else f"in the {days:,} days to {day(last)}"
    return f"{places} used {used} pieces of {parts} {when}."


def _tiles(source: Source, figures: dict[str, float], findings: pl.DataFrame | None) -> list[Tile]:
    first, last, days = source.first_day, source.last_day, source.days
    gap = source.unit.name
    made: list[Tile] = [
        ("Consumed", number(figures["total"]), "pieces"),
        (plural(source.place).capitalize(), f"{figures['locations']:,.0f}", ""),
        ("Parts", f"{figures['parts']:,.0f}", f"{count(int(figures['series']), 'series')}"),
        ("Days", f"{days:,}", f"{day(first)} to {day(last)}"),
        ("Rows", number(figures["rows"]), f"one per part and {source.period}"),
        ("Nothing used", percent(figures["zero_share"]), "of the observed rows"),
        ("Starved", percent(figures["censored_share"]), "of the rows hide demand"),
        ("Missing", percent(figures["missing_share"]), f"{plural(gap)} without figures"),
    ]
    if source.left_out:
        made.append(("Left out", f"{source.left_out:,}", "rows with an impossible date"))
    if findings is not None:
        rules = findings["rule"].n_unique()
        made.append(("Findings", f"{findings.height:,}", f"of {count(rules, 'quality rule')}"))
    return made


def _tile(tile: Tile) -> str:
    name, value, note = (safe(text) for text in tile)
    return f"<div><dt>{name}</dt><dd>{value}<small>{note}</small></dd></div>"


def _findings_table(findings: pl.DataFrame | None) -> Table | None:
    if findings is None or findings.is_empty():
        return None
    place = pl.concat_str(
        pl.col("location_id").fill_null("?"), pl.col("part_id").fill_null("*"), separator="/"
    )
    rules = (
        findings.group_by("rule")
        .agg(pl.len().alias("many"), place.n_unique().alias("where"), place.min().alias("first"))
        .sort("many", "rule", descending=[True, False])
    )
    rows = tuple(
        (str(rule), str(first), f"{many:,}", f"{where:,}")
        for rule, many, where, first in rules.iter_rows()
    )
    return Table(
        caption=f"What the quality report found: {count(len(rows), 'rule')}.",
        head=("Rule", "First in", "Findings", "Series"),
        rows=rows,
        words=2,
    )


def _method(source: Source) -> tuple[str, ...]:
    unit, grid = source.unit, source.grid
    said = [f"Days and clock times are those of {source.zone}."]
    if source.left_out:
        said.append(
            f"{count(source.left_out, 'row')} {are(source.left_out)} left out of this page, "
            "because the date is after the moment of the page or in another age than the rest."
        )
    if grid.implied_zeros:
        said.append(
            f"The data has a row only where something was used, so a {unit.name} without a row "
            "counts as 0 from the first row of a part on."
        )
    if unit.merged:
        said.append(f"There are so many series and days that charts over time are by {unit.name}.")
    said.append(
        "A starved row is one in which the line lacked a part: what it would have used is not "
        "known, and it counts as unknown, not as 0."
    )
    return tuple(said)
