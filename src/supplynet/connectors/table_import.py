"""Real data from files: every wrong cell is named, then there is something that can be stored.

The file is read in batches and may be larger than memory: what is accepted is put aside by series
until all of it has been seen, since one mistake stops the whole import (unless
``on_error="skip"``), a row may repeat one of long ago, and the order of ``01/02/2024`` may show
only at the end. Where it does, the file is read a second time.

Rows are numbered as a spreadsheet shows them: the header is row 1. All mistakes are counted; the
first 100 of each kind in each column are named. Blank rows are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from supplynet.connectors.table_checked import Checked
from supplynet.connectors.table_file import open_table, read_table
from supplynet.connectors.table_kinds import Kind, kind_of
from supplynet.connectors.table_layout import Said, lay_out
from supplynet.connectors.table_mapping import map_columns, parse_mapping
from supplynet.connectors.table_messages import explain
from supplynet.connectors.table_options import ImportOptions, options_from
from supplynet.connectors.table_problems import Problems
from supplynet.connectors.table_reading import Reading, Wanted, Way
from supplynet.connectors.table_results import (
    Gaps,
    SeriesIndex,
    daily,
    is_history,
    repeats_in,
    summed,
    with_month,
    without_repeats,
)
from supplynet.connectors.table_source import ReadAgain, Source, Table, TableSource
from supplynet.connectors.table_spool import PART, Spool
from supplynet.errors import InvalidInput, Mistake

__all__ = [
    "Checked",
    "ImportOptions",
    "Table",
    "Wanted",
    "check_source",
    "check_table",
    "open_table",
    "parse_mapping",
    "read_table",
]

Report = Callable[[float, str], None]
OBSERVED = "demand"
MOST_READINGS = 4
"""Dates, ids and encoding can each ask for one more reading."""


def check_table(
    table: Table,
    mapping: Mapping[str, str] | None = None,
    *,
    kind: str = "demand",
    options: ImportOptions | None = None,
    known_parts: Collection[str] | None = None,
    known_locations: Collection[str] | None = None,
    today: date | None = None,
) -> Checked:
    """Check every cell of a table in memory; see ``check_source``.

    Args:
        table: From ``read_table``, or any frame in a ``Table``.
        mapping: Our column to the table's, e.g. ``{"part_id": "product_code"}``; several that
            make up one id are joined by ``+``. Columns left out are found by known aliases.
        kind: See ``table_kinds``.
        options: What to do with what can be read in more than one way.
        known_parts: When given, other part ids are mistakes.
        known_locations: The same for locations.
        today: Later dates are mistakes; None leaves that out.

    Raises:
        InvalidInput: Unknown kind, or a mapping from a column that the kind does not have.
    """
    known = {"location_id": known_locations, "part_id": known_parts}
    wanted = Wanted(
        kind=kind,
        said=Said(columns=mapping or {}),
        known={name: ids for name, ids in known.items() if ids is not None},
        today=today,
    )
    return check_source(TableSource(table), wanted, options=options)


def check_source(
    source: Source,
    wanted: Wanted,
    folder: Path | None = None,
    *,
    options: ImportOptions | None = None,
    report: Report = lambda _fraction, _what: None,
) -> Checked:
    """Check every cell of a table and make what an import would store.

    Args:
        source: From ``open_table``.
        wanted: What to read from it.
        folder: Where to put rows aside; None keeps all in memory.
        options: In the place of those of ``wanted``.
        report: Progress, 0 to 1.

    Raises:
        InvalidInput: Unknown kind, a mapping from or to a column that is not there, a file that
            is broken, or gaps so long that filling them would fill the disk.
    """
    kind = kind_of(wanted.kind)
    profile = wanted.profile
    chosen = {**(profile.options if profile is not None else {}), **wanted.said.options}
    options = options_from(chosen) if options is None else options
    if kind.name != "demand":
        # Only days can be taken off from; a count, a plan or an order is never below 0.
        options = replace(options, brackets="error", negatives="error")
    layout = lay_out(source.columns, profile, wanted.said, kind)
    mapped = map_columns(source.name, layout.columns, layout.mapping, kind)
    if not source.columns or mapped.mistakes:
        return _unusable(source, kind, mapped.mistakes if source.columns else ())
    way = Way(
        source=source, wanted=wanted, kind=kind, layout=layout, mapped=mapped, options=options
    )
    try:
        reading = _read_all(way, folder, report)
        return _finish(way, reading, folder) if reading.rows else _unusable(source, kind, ())
    except pl.exceptions.PolarsError as error:
        reason = next(iter(str(error).splitlines()), "")
        raise InvalidInput(f"{source.name} cannot be read: {reason}") from error


def _read_all(way: Way, folder: Path | None, report: Report) -> Reading:
    """Read the file until nothing shows any more that has to be known from its beginning."""
    reading = Reading(way)
    for attempt in range(MOST_READINGS):
        reading.begin(None if folder is None else folder / f"reading-{attempt}")
        try:
            for batch in way.source.batches():
                reading.take(batch)
                report(batch.done * 0.7, "checking")
        except ReadAgain:
            continue
        if not reading.again():
            break
    return reading


def _finish(way: Way, reading: Reading, folder: Path | None) -> Checked:
    """Find the repeats, then make days or rows of what is accepted."""
    kind, options, problems, gaps = way.kind, way.options, reading.problems, Gaps()
    repeats = _find_repeats(reading, kind, options)
    stopped = options.on_error == "stop" and problems.total > 0
    result = Spool(None if folder is None else folder / "result")
    accepted = 0
    for part in () if stopped else reading.good.parts():
        rows = part if options.duplicates == "sum" else without_repeats(part, kind)
        accepted += rows.height
        if OBSERVED in rows.columns and OBSERVED not in reading.filled:
            # A column that nobody filled in says nothing: it is not that nothing was observed.
            rows = rows.drop(OBSERVED)
        for piece in _results(rows, kind, options, gaps):
            result.add(piece)
    return Checked(
        file=way.source.name,
        kind=kind,
        problems=problems,
        mistakes=problems.mistakes(),
        rows=reading.rows,
        accepted=accepted,
        series=reading.series,
        filled_days=gaps.filled,
        days_below_zero=gaps.below_zero,
        repeats=repeats,
        returns=0 if stopped else reading.returns,
        decisions=tuple((count, says) for says, count in reading.tally.items() if count),
        options=options,
        mapping={ours: "+".join(theirs) for ours, theirs in way.mapped.sources.items()},
        unused=way.unused(),
        _result=result,
    )


def _find_repeats(reading: Reading, kind: Kind, options: ImportOptions) -> int:
    """Count the rows that repeat another; mistakes unless an option says what they mean."""
    found = 0
    for spool in (reading.good, reading.bad):
        for part in spool.parts():
            repeats = repeats_in(part, kind)
            found += repeats.height
            if options.duplicates == "error":
                reading.problems.add_repeats(repeats)
    return found


def _results(
    rows: pl.DataFrame, kind: Kind, options: ImportOptions, gaps: Gaps
) -> Iterator[pl.DataFrame]:
    if kind.name == "demand":
        for piece in daily(rows, options, gaps):
            yield with_month(piece)
        return
    made = summed(rows, kind)
    yield (
        with_month(made)
        if is_history(kind)
        else made.with_columns(pl.lit(0, dtype=pl.UInt32).alias(PART))
    )


def _unusable(source: Source, kind: Kind, mistakes: Sequence[Mistake]) -> Checked:
    """A table without rows, or without the columns that it needs."""
    if not mistakes:
        wrong, right = explain("empty_file", "")
        mistakes = (
            Mistake(
                file=source.name,
                row=None,
                column=None,
                wrong=wrong,
                right=right,
                kind="empty_file",
            ),
        )
    problems = Problems(source.places, {})
    problems.add_header(mistakes)
    return Checked(
        file=source.name,
        kind=kind,
        problems=problems,
        mistakes=problems.mistakes(),
        series=SeriesIndex(kind.series),
    )
