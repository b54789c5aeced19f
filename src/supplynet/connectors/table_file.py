"""Reading a table from a file: CSV and TSV as text, Parquet, Excel.

CSV cells stay text, so that a cell that is not a number can be named instead of becoming null.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from supplynet.errors import ImportErrors, InvalidInput, MissingExtra, Mistake

DELIMITERS = (",", ";", "\t", "|")
EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
FALLBACK_ENCODING = "cp1252"  # what Windows programs write when they do not write UTF-8
SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A table as it is in its file.

    Attributes:
        name: File name, for messages.
        frame: Its cells; row ``i`` of the frame is row ``i + 2`` of a spreadsheet.
    """

    name: str
    frame: pl.DataFrame


def read_table(path: Path) -> Table:
    """The table in ``path``, by its suffix: csv, txt, tsv, parquet, or Excel (first sheet).

    Raises:
        InvalidInput: No such file, a suffix that is not known, or a file that is not what its
            suffix says.
        ImportErrors: A row of a CSV file has more cells than the header.
        MissingExtra: An Excel file without the extra ``excel``.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}")
    try:
        if suffix in {".csv", ".tsv", ".txt"}:
            frame = _read_csv(path.name, path.read_bytes(), "\t" if suffix == ".tsv" else None)
        elif suffix in {".parquet", ".pq"}:
            frame = pl.read_parquet(path)
        elif suffix in EXCEL:
            frame = _read_excel(path)
        else:
            raise InvalidInput(f"{path.name} is not a csv, tsv, parquet or xlsx file")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
    return Table(name=path.name, frame=frame)


def _read_excel(path: Path) -> pl.DataFrame:
    if find_spec("fastexcel") is None:
        raise MissingExtra("reading Excel files", "excel")
    try:
        return pl.read_excel(path, drop_empty_rows=False, infer_schema_length=None)
    except pl.exceptions.NoDataError:
        return pl.DataFrame()
    except Exception as error:  # fastexcel's own errors have no common base
        raise InvalidInput(f"{path.name} is not an Excel file: {error}") from error


def _read_csv(name: str, raw: bytes, delimiter: str | None) -> pl.DataFrame:
    text = _decode(raw)
    if not text.strip():
        return pl.DataFrame()
    delimiter = delimiter or _sniff(text)
    try:
        return pl.read_csv(text.encode(), separator=delimiter, infer_schema=False)
    except pl.exceptions.ComputeError:
        mistakes = _ragged_rows(name, text, delimiter)
        if not mistakes:
            raise
        raise ImportErrors(name, mistakes[:SHOWN], total=len(mistakes)) from None


def _decode(raw: bytes) -> str:
    """UTF-8, UTF-16 with its mark, else Windows' western encoding."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode(FALLBACK_ENCODING, errors="replace")


def _sniff(text: str) -> str:
    """The delimiter that the header line has most of, outside quotes; a comma without any."""
    header = "".join(text.lstrip().split("\n", 1)[0].split('"')[::2])
    return max(DELIMITERS, key=header.count)


def _ragged_rows(name: str, text: str, delimiter: str) -> list[Mistake]:
    """Rows with more cells than the header, the usual reason why a CSV file cannot be read."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return []
    return [
        Mistake(
            file=name,
            row=number,
            column=None,
            wrong=f"{len(row)} cells where the header has {len(rows[0])}",
            right=f'put cells that contain "{delimiter}" in double quotes',
        )
        for number, row in enumerate(rows, start=1)
        if len(row) > len(rows[0])
    ]
