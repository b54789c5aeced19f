"""One reading of a file: each batch is laid out, its cells are read, its rows are put aside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl

from supplynet.connectors.table_cells import (
    FRACTION,
    Cells,
    number_rule,
    quantity_rule,
    read_cells,
)
from supplynet.connectors.table_days import DayReader, MomentReader
from supplynet.connectors.table_ids import IdReader
from supplynet.connectors.table_kinds import CONSUMPTION, Column, Kind
from supplynet.connectors.table_layout import CELL, ROW, VALUE, Layout, Said
from supplynet.connectors.table_mapping import Mapped
from supplynet.connectors.table_options import ImportOptions
from supplynet.connectors.table_periods import ShiftStart, StartsShift, outside_shifts, with_periods
from supplynet.connectors.table_problems import Finding, Problems, find_at, find_in, wrong_rows
from supplynet.connectors.table_profile import Profile
from supplynet.connectors.table_results import HASH, PARTS, SERIES, SeriesIndex
from supplynet.connectors.table_source import Batch, Source
from supplynet.connectors.table_spool import PART, Spool
from supplynet.frames.aliases import split_unique_id

NONE = pl.lit(None, dtype=pl.String)
_SMALL = {"quantity": pl.Int32, "starved_minutes": pl.Int32, "stopped_minutes": pl.Int32}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be read from a file, and what is known of the plant.

    Attributes:
        kind: Of ``table_kinds``, by name, or one with other needs.
        said: What a person says of the file.
        profile: Its layout; None = columns are found by their known aliases.
        known: Ids that there are, by ``location_id`` and ``part_id``; others are mistakes.
        today: Later days are mistakes; None leaves that out.
        shift_start: Start of a shift by location, day and name; for plans by day and shift.
        starts_shift: Whether a shift of a location starts at a moment; where consumption does not,
            that is a mistake. None leaves that out.
        keep_problems: Whether all mistakes will be written, not only the first ones named.
    """

    kind: str | Kind = "demand"
    said: Said = field(default_factory=Said)
    profile: Profile | None = None
    known: Mapping[str, Collection[str]] = field(default_factory=dict)
    today: date | None = None
    shift_start: ShiftStart | None = None
    starts_shift: StartsShift | None = None
    keep_problems: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """How one file is read: what is wanted, with the columns that it has."""

    source: Source
    wanted: Wanted
    kind: Kind
    layout: Layout
    mapped: Mapped
    options: ImportOptions

    def unused(self) -> tuple[str, ...]:
        """Columns of the file that nothing looks at."""
        layout = self.layout
        rules = (*layout.leave_out, *layout.minus, *layout.plus)
        used = {name for names in self.mapped.sources.values() for name in names}
        used |= {
            self.mapped.unique_id or "",
            *layout.wide,
            *layout.keep,
            *(r.column[0] for r in rules),
        }
        return tuple(column for column in self.source.columns if column not in used)


class Reader(Protocol):
    """Reads the cells of one column of ours."""

    def read(self, columns: list[pl.Series]) -> list[Cells]:
        """The cells of the columns that make it up; the last ``Cells`` hold the values."""

    def again(self) -> bool:
        """Whether what was read has to be read again, with what is known now."""


class CellReader:
    """Reads cells that need nothing but themselves."""

    def __init__(self, column: Column, options: ImportOptions) -> None:
        self._column, self._options = column, options

    def read(self, columns: list[pl.Series]) -> list[Cells]:
        """See ``Reader``."""
        # The point of a number that is one already is never a separator of thousands.
        exact = columns[0].dtype.is_float() or columns[0].dtype.is_decimal()
        options = replace(self._options, thousands=",") if exact else self._options

        def rule(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
            if self._column.reading == "quantity":
                return quantity_rule(text, options)
            return number_rule(text, options) if self._column.reading == "number" else (text, NONE)

        return [read_cells(columns[0], rule, optional=self._column.optional)]

    def again(self) -> bool:
        """Never."""
        return False


class Reading:
    """What one reading of a file found.

    Call ``begin`` before the first batch, ``take`` for each, then ``again``.

    Attributes:
        rows: Rows that are not blank; of a wide table, its cells.
        returns: Accepted rows with less than 0.
        tally: What the layout did, with the number of rows.
        good: Values of the rows without mistakes, by series.
        bad: Rows with mistakes, by their content.
        filled: Columns of ours with a value in any row without mistakes.
    """

    rows: int
    returns: int
    tally: dict[str, int]
    good: Spool
    bad: Spool
    filled: set[str]
    problems: Problems
    series: SeriesIndex

    def __init__(self, way: Way) -> None:
        self._way, self._wanted, self._layout = way, way.wanted, way.layout
        self._mapped, self._options, self._kind = way.mapped, way.options, way.kind
        columns = [self._kind.column(target) for target in self._mapped.sources]
        self._readers = {column.name: self._reader(column) for column in columns}

    def begin(self, folder: Path | None) -> None:
        """Forget all but what the readers have learnt."""
        self.rows = self.returns = 0
        self.tally = {}
        self.filled = set()
        self.good = Spool(None if folder is None else folder / "good", together=True)
        self.bad = Spool(None if folder is None else folder / "bad", together=True)
        self.series = SeriesIndex(self._kind.series)
        known = {
            self._mapped.labels[target]: ids
            for target, ids in self._wanted.known.items()
            if target in self._mapped.labels
        }
        keep = self._wanted.keep_problems
        self.problems = Problems(self._way.source.places, known, folder, keep_all=keep)

    def again(self) -> bool:
        """Whether the file has to be read again, with what is known now."""
        # Each of them has to be asked, since asking makes them learn.
        asked = [reader.again() for reader in self._readers.values()]
        return any(asked)

    def take(self, batch: Batch) -> None:
        """Check the rows of a batch."""
        frame = _numbered(batch)
        if batch.ragged:
            self._take_ragged(batch)
            frame = frame.join(
                pl.DataFrame({ROW: [batch.position + i for i in batch.ragged]}).cast(pl.UInt64),
                on=ROW,
                how="anti",
                maintain_order="left",
            )
        said = frame.drop(ROW)
        frame = frame.with_columns(said.hash_rows().alias(HASH)).filter(
            said.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        )
        for piece in self._layout.slices(frame):
            if piece.height:
                self.rows += piece.height * max(len(self._layout.wide), 1)
                self._check(self._layout.apply(piece, self.tally))

    def _take_ragged(self, batch: Batch) -> None:
        positions = pl.Series(range(batch.position, batch.position + batch.frame.height))
        found = find_at("ragged", list(batch.ragged), [str(n) for n in batch.ragged.values()])
        self.problems.add(found, positions)
        self.rows += len(batch.ragged)

    def _check(self, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        if self._mapped.unique_id is not None:
            frame = split_unique_id(frame, self._mapped.unique_id)
        columns = {
            target: self._readers[target].read([frame[name] for name in names])
            for target, names in self._mapped.sources.items()
        }
        findings = self._findings(columns, frame)
        values = pl.DataFrame({target: cells[-1].value for target, cells in columns.items()})
        if self._kind.one_of:
            shift = self._mapped.labels.get("shift", self._mapped.labels.get("date"))
            values, more = with_periods(values, columns, self._start, shift)
            findings += more
        elif self._kind is CONSUMPTION and self._wanted.starts_shift is not None:
            label = self._mapped.labels["period_start"]
            findings += outside_shifts(values, columns, self._wanted.starts_shift, label)
        self.problems.add(findings, frame[ROW])
        wrong = wrong_rows(findings, frame.height)
        self._count(columns, wrong)
        self._put_aside(values.hstack([frame[ROW], frame[HASH]]), wrong)

    def _findings(self, columns: Mapping[str, list[Cells]], frame: pl.DataFrame) -> list[Finding]:
        labels = self._mapped.labels
        found = [
            finding
            for target, cells in columns.items()
            for each in cells
            for finding in find_in(each, labels[target] if len(cells) == 1 else each.column)
        ]
        if CELL not in frame.columns:
            return found
        return [
            piece
            for finding in found
            for piece in (_by_cell(finding, frame) if finding.column == VALUE else [finding])
        ]

    def _count(self, columns: Mapping[str, list[Cells]], wrong: pl.Series) -> None:
        amount = columns.get(self._kind.amount)
        if amount is None:
            return
        right = ~wrong
        if self._options.negatives == "return" or self._options.brackets == "negative":
            self.returns += int(((amount[-1].value < 0) & right).sum())
        if self._options.fractions == "round":
            rounded = amount[-1].text.str.contains(FRACTION).fill_null(False) & right
            says = "quantities with a fraction were rounded to whole numbers"
            self.tally[says] = self.tally.get(says, 0) + int(rounded.sum())

    def _put_aside(self, values: pl.DataFrame, wrong: pl.Series) -> None:
        by_content = (pl.col(HASH) % PARTS).cast(pl.UInt32).alias(PART)
        if self._kind.name == "demand" and wrong.any():
            self.bad.add(values.filter(wrong).select(ROW, HASH, by_content))
        good = values.filter(~wrong)
        self.filled |= {cells.name for cells in good if cells.null_count() < good.height}
        good = self.series.encode(good)
        small = [pl.col(name).cast(dtype) for name, dtype in _SMALL.items() if name in good.columns]
        by_series = (pl.col(SERIES) % PARTS).alias(PART)
        self.good.add(good.with_columns(*small, by_series))

    def _start(self, location: str, day: date, shift: str | None) -> datetime | None:
        if self._wanted.shift_start is not None:
            return self._wanted.shift_start(location, day, shift)
        zone = ZoneInfo(self._options.time_zone)
        return None if shift else datetime.combine(day, time(), zone).astimezone(UTC)

    def _reader(self, column: Column) -> Reader:
        if column.reading == "day":
            return DayReader(self._options, self._wanted.today, optional=column.optional)
        if column.reading == "moment":
            return MomentReader(self._options, None, optional=column.optional)
        if column.reading == "id":
            known = self._wanted.known.get(column.name)
            return IdReader(self._options, known, optional=column.optional)
        return CellReader(column, self._options)


def _numbered(batch: Batch) -> pl.DataFrame:
    return batch.frame.with_row_index(ROW, offset=batch.position).with_columns(
        pl.col(ROW).cast(pl.UInt64)
    )


def _by_cell(finding: Finding, frame: pl.DataFrame) -> list[Finding]:
    """A finding in cells of a wide table, under the names of the columns where they stood."""
    names = frame[CELL].gather(finding.places)
    return [
        Finding(
            kind=finding.kind,
            column=name,
            places=finding.places.filter(names == name),
            cells=finding.cells.filter(names == name),
            values=finding.values.filter(names == name),
        )
        for name in names.unique(maintain_order=True).to_list()
    ]
