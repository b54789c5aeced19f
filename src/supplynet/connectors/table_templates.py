"""Templates to fill in: headings, example rows, and in Excel a sheet that explains them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import polars as pl

from supplynet.connectors.table_kinds import Column, Kind, kind_of
from supplynet.errors import InvalidInput, MissingExtra

NOTE = "note"
EXAMPLE = "EXAMPLE: remove this row"
"""What the column ``note`` says of example rows; an import leaves such rows out."""
_ALLOWED = {
    "id": "1 to 64 of A-Z a-z 0-9 . _ -",
    "day": "2024-01-31 or 31.1.2024",
    "moment": "2024-01-31T06:00:00Z, 2024-01-31 06:00 (time zone of the import) or a day",
    "quantity": "a whole number, 0 or more",
    "number": "a number, 0 or more",
    "text": "any text",
}


def template(kind: str) -> pl.DataFrame:
    """Headings and two example rows of a kind, all text.

    Raises:
        InvalidInput: There is no such kind.
    """
    columns = kind_of(kind).columns
    made = {column.name: list(column.examples) for column in columns}
    return pl.DataFrame({**made, NOTE: [EXAMPLE, EXAMPLE]})


def instructions(kind: str) -> pl.DataFrame:
    """What each column of a kind means: ``column, needed, meaning, allowed``.

    Raises:
        InvalidInput: There is no such kind.
    """
    found = kind_of(kind)
    rows = [
        (column.name, _needed(column, found), column.says, _ALLOWED[column.reading])
        for column in found.columns
    ]
    rows.append((NOTE, "no", "anything; rows that begin with EXAMPLE are left out", "any text"))
    return pl.DataFrame(rows, schema=["column", "needed", "meaning", "allowed"], orient="row")


def write_template(kind: str, path: Path) -> Path:
    """Write the template of a kind as csv or xlsx.

    Raises:
        InvalidInput: No such kind, another suffix, or a file that is there already.
        MissingExtra: xlsx without the extra ``excel``.
    """
    made = template(kind)
    if path.exists():
        raise InvalidInput(f"{path} is there already; it may be filled in: choose another name")
    if path.suffix.lower() == ".csv":
        made.write_csv(path)
    elif path.suffix.lower() == ".xlsx":
        _write_excel(kind, made, path)
    else:
        raise InvalidInput(f"a template is written as csv or xlsx, not as {path.name}")
    return path


def _write_excel(kind: str, made: pl.DataFrame, path: Path) -> None:
    if find_spec("xlsxwriter") is None:
        raise MissingExtra("writing Excel files", "excel")
    from xlsxwriter import Workbook  # type: ignore[import-untyped] # it has no types

    with Workbook(path) as book:
        made.write_excel(book, worksheet=kind, autofit=True)
        instructions(kind).write_excel(book, worksheet="instructions", autofit=True)


def _needed(column: Column, kind: Kind) -> str:
    if column.name in kind.one_of:
        return " or ".join(kind.one_of)
    return "no" if column.optional else "yes"
