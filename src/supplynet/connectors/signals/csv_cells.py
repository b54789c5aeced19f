"""Cells of a signal's file: read strictly, every wrong one named by row and column."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from supplynet.core.ids import check_id
from supplynet.errors import ImportErrors, InvalidId, InvalidInput, Mistake
from supplynet.frames.tables import MOMENT

MOST_MISTAKES = 100
LARGEST = 1e15
MISSING = ("", "null", "NA", "N/A", "NaN", "nan", ".")
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_ZONED = r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
_NUMBER = r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"


@dataclass(frozen=True)
class Table:
    """A file's cells as they are written, with the row that a spreadsheet shows for each."""

    name: str
    cells: pl.DataFrame
    rows: pl.Series
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """Names as in the header."""
        return self.cells.columns

    @property
    def height(self) -> int:
        """Rows without the header."""
        return self.cells.height

    def find(self, names: tuple[str, ...]) -> str | None:
        """The column that has one of ``names`` in whatever case; the first name goes first."""
        folded = {column.casefold(): column for column in reversed(self.columns)}
        return next((folded[name] for name in names if name in folded), None)

    def where(self, column: str, text: str) -> Table:
        """Only the rows that have ``text`` in ``column``."""
        keep = (self.cells[column].cast(pl.String).str.strip_chars() == text).fill_null(False)
        return replace(
            self, cells=self.cells.filter(keep), rows=self.rows.filter(keep), mistakes=[]
        )

    def without(self, column: str) -> Table:
        """Without one column."""
        return replace(self, cells=self.cells.drop(column), mistakes=[])

    def blame(self, column: str, wrong: pl.Series, what: str, right: str) -> None:
        """Note a mistake for each row of ``wrong`` that is true; ``{}`` in ``what`` is the cell."""
        for place in wrong.fill_null(False).arg_true()[:MOST_MISTAKES]:
            cell = str(self.cells[column][place])[:60]
            mistake = Mistake(
                file=self.name,
                row=self.rows[place],
                column=column,
                wrong=what.format(repr(cell)),
                right=right,
            )
            self.mistakes.append(mistake)

    def refuse_mistakes(self) -> None:
        """Raise what was noted.

        Raises:
            ImportErrors: There are mistakes.
        """
        if self.mistakes:
            raise ImportErrors(self.name, self.mistakes[:MOST_MISTAKES], len(self.mistakes))


def read_table(path: Path) -> Table:
    """The cells of a CSV (text) or Parquet file (typed).

    Raises:
        ImportErrors: It cannot be read, or a row has another number of cells than the header.
    """
    try:
        if path.suffix.lower() == ".parquet":
            cells = pl.read_parquet(path, glob=False)
            return Table(path.name, cells, pl.int_range(2, cells.height + 2, eager=True))
        return _read_csv(path)
    except (OSError, UnicodeDecodeError, csv.Error, pl.exceptions.PolarsError) as error:
        raise ImportErrors(path.name, [_unreadable(path, error)]) from error


def _read_csv(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header_line = file.readline()
        delimiter = max(",;\t", key=header_line.count)
        file.seek(0)
        reading = csv.reader(file, delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(reading, [])]
        kept: list[list[str]] = []
        numbers: list[int] = []
        ragged: list[Mistake] = []
        for number, row in enumerate(reading, start=2):
            if len(row) == len(header):
                kept.append(row)
                numbers.append(number)
            elif row:
                ragged.append(_ragged(path, number, len(row), len(header)))
    if len(set(header)) != len(header):
        ragged.append(_twice(path))
    if ragged:
        raise ImportErrors(path.name, ragged[:MOST_MISTAKES], len(ragged))
    schema = dict.fromkeys(header, pl.String())
    cells = pl.DataFrame(kept, schema=schema, orient="row")
    return Table(path.name, cells, pl.Series(numbers, dtype=pl.Int64()))


def moment_column(table: Table, column: str, *, required: bool) -> tuple[pl.Series, pl.Series]:
    """Begin and end of what each cell names, UTC: a day and its end, or one moment twice."""
    cells = table.cells[column]
    if cells.dtype == pl.Date:
        start, is_day = cells.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"), True
    elif isinstance(cells.dtype, pl.Datetime):
        zoned = cells.dt.cast_time_unit("us")
        naive = cells.dtype.time_zone is None
        start = zoned.dt.replace_time_zone("UTC") if naive else zoned.dt.convert_time_zone("UTC")
        is_day = False
    else:
        return _written_moments(table, column, required=required)
    if required:
        table.blame(column, start.is_null(), "the time is missing", "name the day of the row")
    return start, start.dt.offset_by("1d") if is_day else start


def _written_moments(table: Table, column: str, *, required: bool) -> tuple[pl.Series, pl.Series]:
    text = _text(table.cells[column])
    frame = text.alias("text").to_frame()
    body = pl.col("text").str.replace("T", " ", literal=True)
    zoned = body.str.contains(_ZONED)
    iso = pl.when(zoned).then(body.str.replace("Z$", "+00:00"))
    moments = [
        iso.str.to_datetime(f"%Y-%m-%d {clock}%:z", time_unit="us", strict=False)
        for clock in ("%H:%M:%S%.f", "%H:%M")
    ]
    plain = pl.when(~zoned).then(body)
    moments += [
        plain.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone("UTC")
        for form in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
    ]
    day = pl.col("text").str.contains(_DAY)
    whole = pl.when(day).then(pl.col("text")).str.to_date("%Y-%m-%d", strict=False)
    start = pl.coalesce(whole.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"), *moments)
    end = pl.when(day).then(start + timedelta(days=1)).otherwise(start)
    read = frame.select(start=start.cast(MOMENT), end=end.cast(MOMENT))
    bad = read["start"].is_null() & text.is_not_null()
    table.blame(column, bad, "{} is no time", "write 2026-01-31 or 2026-01-31T06:00:00Z")
    if required:
        table.blame(column, text.is_null(), "the time is missing", "name the day of the row")
    return read["start"], read["end"]


def number_column(table: Table, column: str) -> pl.Series:
    """Numbers of a column; null where the cell says that there is none."""
    cells = table.cells[column]
    if cells.dtype.is_numeric():
        numbers = cells.cast(pl.Float64).fill_nan(None)
        wrong = pl.Series([False]).new_from_index(0, len(numbers))
    else:
        text = _text(cells)
        proper = text.str.contains(_NUMBER)
        numbers = text.set(~proper.fill_null(False), None).cast(pl.Float64, strict=False)
        wrong = text.is_not_null() & ~proper.fill_null(False)
    table.blame(column, wrong, "{} is no number", "write 1234.5, without thousands separators")
    far = (numbers.is_infinite() | (numbers.abs() > LARGEST)).fill_null(False)
    table.blame(column, far, "{} is too large", f"values go up to {LARGEST:g}")
    return numbers


def id_column(table: Table, column: str) -> pl.Series:
    """Ids of a column; an empty cell means everywhere, every part."""
    text = _text(table.cells[column])
    wrong = {each for each in text.unique().drop_nulls() if not _is_id(each)}
    table.blame(column, text.is_in(list(wrong)), "{} is no id", "use 1 to 64 of A-Z a-z 0-9 . _ -")
    return text


def _is_id(text: str) -> bool:
    try:
        check_id(text)
    except InvalidId:
        return False
    return True


def _text(cells: pl.Series) -> pl.Series:
    """Cells as text without spaces around them; null where they say that there is nothing."""
    try:
        text = cells.cast(pl.String).str.strip_chars()
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"column {cells.name!r} holds {cells.dtype}, no text") from error
    return text.set(text.is_in(list(MISSING)), None)


def _unreadable(path: Path, error: Exception) -> Mistake:
    said = str(error).split("\n", 1)[0][:100]
    return Mistake(
        file=path.name,
        row=None,
        column=None,
        wrong=f"it cannot be read ({said})",
        right="save it as CSV in UTF-8, or as Parquet",
    )


def _ragged(path: Path, row: int, cells: int, columns: int) -> Mistake:
    return Mistake(
        file=path.name,
        row=row,
        column=None,
        wrong=f"the row has {cells} cells, the header {columns}",
        right="give every row a cell per column",
    )


def _twice(path: Path) -> Mistake:
    return Mistake(
        file=path.name,
        row=1,
        column=None,
        wrong="a column name stands there twice",
        right="name every column once",
    )
