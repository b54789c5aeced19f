"""CSV files of a plant as checked rows: every mistake is noted with its file, row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from supplynet.connectors.plant_cells import BadCell, Kind
from supplynet.core.spelling import nearest
from supplynet.errors import Mistake

HEADER_ROW = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. An empty cell, or no such column, is None unless it is ``required``."""

    name: str
    kind: Kind
    required: bool = False


class Report:
    """Collects mistakes; asked later which rows are spoilt, so that none is reported twice."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._spoilt: set[tuple[str, int | None, str | None]] = set()

    def add(self, file: str, row: int | None, column: str | None, wrong: str, right: str) -> None:
        """Note one mistake."""
        self.mistakes.append(Mistake(file=file, row=row, column=column, wrong=wrong, right=right))
        self._spoilt |= {(file, row, column), (file, row, None)}

    def is_spoilt(self, file: str, row: int, column: str | None = None) -> bool:
        """Whether a mistake was noted in that cell, or anywhere in that row."""
        return (file, row, column) in self._spoilt

    def in_order(self, files: Sequence[str]) -> list[Mistake]:
        """Mistakes by file (as in ``files``) and row, in the order of finding within a row."""
        place = {file: number for number, file in enumerate(files)}
        return sorted(
            self.mistakes, key=lambda m: (place.get(m.file, len(place)), m.file, m.row or 0)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """One row of one file, for noting mistakes in it."""

    file: str
    row: int
    report: Report

    def add(self, column: str | None, wrong: str, right: str) -> None:
        self.report.add(self.file, self.row, column, wrong, right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: the texts of its cells, and the values of those that are right.

    Attributes:
        number: As a spreadsheet shows it; the header is row 1.
        texts: Every cell by column, stripped.
        values: Right cells only: None where the cell is empty, no entry where it is wrong.
    """

    number: int
    texts: dict[str, str]
    values: dict[str, Any]

    def is_clear(self, column: str) -> bool:
        """Whether the cell is right; checks across rows leave out those that are not."""
        return column in self.values

    def get(self, column: str) -> Any:
        """The value; None where the cell is empty or wrong."""
        return self.values.get(column)


@dataclass(slots=True, kw_only=True)
class Sheet:
    """All rows of one file.

    Attributes:
        readable: False when the file or a required column is missing: then nobody knows what it
            would hold, and references into it are not judged.
    """

    file: str
    rows: list[Row] = field(default_factory=list)
    readable: bool = False

    def texts(self, column: str) -> set[str]:
        """Everything that stands in a column, right or wrong."""
        return {row.texts.get(column, "") for row in self.rows} - {""}


def read_sheet(
    file: str, data: bytes | None, columns: Sequence[Column], *, needed: bool, report: Report
) -> Sheet:
    """Read one CSV file; ``data`` is None when there is none."""
    sheet = Sheet(file=file, readable=data is None and not needed)
    if data is None:
        if needed:
            names = ",".join(column.name for column in columns)
            report.add(file, None, None, "the file is missing", f"add it with the header {names}")
        return sheet
    text = decode(file, data, report)
    if text is None:
        return sheet
    records, complete = _records(file, text, report)
    header = [cell.strip() for cell in records[0]] if records else []
    while header and not header[-1]:
        header.pop()
    sheet.readable = _check_header(file, header, columns, report) and complete
    for number, cells in enumerate(records[1:], start=HEADER_ROW + 1):
        if any(cell.strip() for cell in cells):
            where = _Where(file=file, row=number, report=report)
            sheet.rows.append(_read_row(header, columns, cells, where))
    return sheet


def decode(file: str, data: bytes, report: Report) -> str | None:
    """UTF-8 with or without a byte order mark, as text; None when it is something else."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        wrong = f"byte 0x{data[error.start]:02x} is not UTF-8"
        report.add(file, row, None, wrong, "save the file as CSV UTF-8")
        return None


def write_sheet(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The file that ``read_sheet`` reads back to the same values; a missing value is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for row in rows:
        values = ((column.kind, row.get(column.name)) for column in columns)
        writer.writerow(["" if value is None else kind.format(value) for kind, value in values])
    return text.getvalue().encode()


def _records(file: str, text: str, report: Report) -> tuple[list[list[str]], bool]:
    """Cells of every row up to the first that cannot be split, and whether there is none such.

    Blank rows are included, so that row numbers are those of a spreadsheet.
    """
    first_line = text.partition("\n")[0]
    # Spreadsheets of some countries separate with semicolons, or paste with tabs.
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[list[str]] = []
    try:
        for record in reader:
            found.append(record)  # noqa: PERF402 (keeps what was read before an error)
    except csv.Error as error:
        report.add(
            file,
            len(found) + 1,
            None,
            f"cannot be split into cells: {error}",
            "close every quotation mark, and double those inside a cell",
        )
        return found, False
    return found, True


def _check_header(
    file: str, header: Sequence[str], columns: Sequence[Column], report: Report
) -> bool:
    """Note mistakes of the header; whether all that is required is there."""
    names = [column.name for column in columns]
    unused = {name for name in names if name not in header}
    missing = [column.name for column in columns if column.required and column.name in unused]
    for index, name in enumerate(header):
        if name in header[:index]:
            report.add(file, HEADER_ROW, name, "the column is there twice", "keep one of them")
        elif name not in names:
            meant = nearest(name, sorted(unused)) if name else next(iter(missing), None)
            unused.discard(
                meant or ""
            )  # a misspelt column is one mistake, not an unknown and a missing
            right = f"did you mean {meant!r}?" if meant else f"columns are {', '.join(names)}"
            wrong = "the column is unknown" if name else "a column has no name"
            report.add(file, HEADER_ROW, name or None, wrong, right)
    for name in missing:
        if name in unused:
            report.add(file, HEADER_ROW, name, "the column is missing", "add it to the header")
    return not missing


def _read_row(
    header: Sequence[str], columns: Sequence[Column], cells: Sequence[str], where: _Where
) -> Row:
    values: dict[str, Any] = {}
    texts = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
        wrong = f"the row has {len(cells)} cells, the header {len(header)}"
        right = "give every column one cell, and put a cell with a separator in quotation marks"
        where.add(None, wrong, right)
        return Row(number=where.row, texts=texts, values=values)
    raw = dict(zip(header, cells, strict=False))
    for column in columns:
        if column.name not in raw:
            if not column.required:
                values[column.name] = None
            continue
        try:
            values[column.name] = _read_cell(column, raw[column.name])
        except BadCell as bad:
            where.add(column.name, bad.wrong, bad.right)
    return Row(number=where.row, texts=texts, values=values)


def _read_cell(column: Column, raw: str) -> Any:
    text = raw if column.kind.keeps_spaces else raw.strip()
    if text:
        return column.kind.parse(text)
    if column.required:
        raise BadCell("the cell is empty", "it must be given")
    return None
