"""Opening a file as a table: CSV and TSV (packed with gzip or not), Parquet, Excel."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from supplynet.connectors.table_cells import as_text
from supplynet.connectors.table_csv import BLOCK, GZIP_MARK, CsvSource
from supplynet.connectors.table_source import BATCH_ROWS, Batch, Places, Source, Table
from supplynet.errors import ImportErrors, InvalidInput, MissingExtra, Mistake

TEXT = (".csv", ".tsv", ".txt")
PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
ZIP_MARK = b"PK\x03\x04"
PARQUET_MARK = b"PAR1"
logging.getLogger("fastexcel").setLevel(logging.ERROR)  # an empty column is no news for people


def open_table(path: Path, *, block: int = BLOCK, rows: int = BATCH_ROWS) -> Source:
    """The table in ``path``, by its suffix and first bytes; nothing but its header is read yet.

    Sheets of an Excel file that have the header of the first one are read as one table.

    Args:
        path: csv, tsv, txt (also with .gz behind, or without any other suffix), parquet, Excel.
        block: Bytes of text to read at once.
        rows: Rows of Parquet to read at once.

    Raises:
        InvalidInput: No such file, a kind that is not known, or a file that is not what its
            suffix says.
        MissingExtra: An Excel file without the extra ``excel``.
    """
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; name a file in it")
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    suffix = next(iter(suffixes[-2:-1] if packed else suffixes[-1:]), "")
    try:
        _refuse_archives(path, suffix)
        if suffix in PARQUET and not packed:
            return ParquetSource(path, rows)
        if suffix in EXCEL and not packed:
            return ExcelSource(path)
        if suffix in TEXT or packed:
            return CsvSource(path, "\t" if suffix == ".tsv" else None, block=block)
    except (pl.exceptions.PolarsError, OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path.name} cannot be read: {_first_line(error)}") from error
    raise InvalidInput(f"{path.name} is not a csv, tsv, parquet or xlsx file")


def read_table(path: Path) -> Table:
    """The whole table in ``path``, in memory; for files that are known to be small.

    Raises:
        InvalidInput: See ``open_table``.
        ImportErrors: A row of a CSV file has more cells than the header.
    """
    source = open_table(path)
    batches = list(source.batches())
    ragged = [
        Mistake(
            file=path.name,
            row=source.places.of(batch.position + index)[1],
            column=None,
            wrong=f"{cells} cells where the header has {len(source.columns)}",
            right="put cells that contain the delimiter in double quotes",
        )
        for batch in batches
        for index, cells in batch.ragged.items()
    ]
    if ragged:
        raise ImportErrors(path.name, ragged)
    empty = pl.DataFrame(schema=dict.fromkeys(source.columns, pl.String))
    frame = pl.concat([batch.frame for batch in batches]) if batches else empty
    return Table(name=path.name, frame=frame)


class ParquetSource:
    """A Parquet file, a slice of rows at a time."""

    def __init__(self, path: Path, rows: int = BATCH_ROWS) -> None:
        self._path, self._rows = path, rows
        self.columns = list(pl.read_parquet_schema(path))
        self.places = Places()
        self.places.add(0, path.name)

    @property
    def name(self) -> str:
        """See ``Source``."""
        return self._path.name

    def batches(self) -> Iterator[Batch]:
        """See ``Source``."""
        lazy = pl.scan_parquet(self._path)
        height = int(lazy.select(pl.len()).collect().item())
        for start in range(0, height, self._rows):
            try:
                frame = lazy.slice(start, self._rows).collect()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise InvalidInput(f"{self.name} cannot be read: {_first_line(error)}") from error
            yield Batch(frame=frame, position=start, done=(start + frame.height) / height)


class ExcelSource:
    """An Excel file: its first sheet, and those behind it that have the same header.

    A sheet has at most 1,048,576 rows, so each is read whole.

    Raises:
        MissingExtra: The extra ``excel`` is not installed.
        InvalidInput: It is not an Excel file.
    """

    def __init__(self, path: Path) -> None:
        if find_spec("fastexcel") is None:
            raise MissingExtra("reading Excel files", "excel")
        self._path = path
        sheets = self._read_sheets()
        self.columns = next(iter(sheets.values())).columns if sheets else []
        self._sheets = _alike(
            {name: sheet for name, sheet in sheets.items() if sheet.columns == self.columns}
        )
        self.places = Places()

    @property
    def name(self) -> str:
        """See ``Source``."""
        return self._path.name

    def batches(self) -> Iterator[Batch]:
        """See ``Source``."""
        position, total = 0, sum(sheet.height for sheet in self._sheets.values())
        for name, sheet in self._sheets.items():
            label = self.name if len(self._sheets) == 1 else f"{self.name} sheet {name}"
            self.places.add(position, label)
            for frame in sheet.iter_slices(BATCH_ROWS):
                done = (position + frame.height) / total
                yield Batch(frame=frame, position=position, done=done)
                position += frame.height

    def _read_sheets(self) -> dict[str, pl.DataFrame]:
        try:
            return pl.read_excel(
                self._path,
                sheet_id=0,
                drop_empty_rows=False,
                infer_schema_length=None,
                raise_if_empty=False,
            )
        except Exception as error:  # fastexcel's own errors have no common base
            raise InvalidInput(f"{self.name} is not an Excel file: {error}") from error


def _alike(sheets: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The sheets with one type per column: text where they differ in it."""
    if not sheets:
        return sheets
    types: dict[str, set[pl.DataType]] = {}
    for sheet in sheets.values():
        for column, dtype in sheet.schema.items():
            types.setdefault(column, set()).add(dtype)
    mixed = {column for column, found in types.items() if len(found) > 1}
    return {
        name: sheet.with_columns(as_text(sheet[column]) for column in mixed)
        for name, sheet in sheets.items()
    }


def _refuse_archives(path: Path, suffix: str) -> None:
    with path.open("rb") as file:
        start = file.read(len(ZIP_MARK))
    if start == ZIP_MARK and suffix not in EXCEL:
        raise InvalidInput(
            f"{path.name} is a zip archive, which may hold several files: unpack it and import "
            "the file inside (gzip, .csv.gz, is read as it is)"
        )
    if start[: len(GZIP_MARK)] != GZIP_MARK:
        return
    with gzip.open(path) as unpacked:
        inside = unpacked.read(len(PARQUET_MARK))
    if suffix in (*PARQUET, *EXCEL) or inside in {PARQUET_MARK, ZIP_MARK}:
        raise InvalidInput(f"{path.name} is packed with gzip; only text is read so: unpack it")


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
