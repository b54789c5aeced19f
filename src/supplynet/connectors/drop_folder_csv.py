"""CSV files of events: delimiter, encoding, decimal comma and moments as an import reads them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from supplynet.connectors.table_cells import Cells
from supplynet.connectors.table_csv import CsvSource
from supplynet.connectors.table_days import MomentReader
from supplynet.connectors.table_kinds import Column
from supplynet.connectors.table_messages import explain
from supplynet.connectors.table_options import ImportOptions
from supplynet.connectors.table_problems import unharmed
from supplynet.connectors.table_reading import CellReader
from supplynet.connectors.table_source import Batch, ReadAgain
from supplynet.core.events import EventType
from supplynet.core.spelling import nearest
from supplynet.errors import InvalidInput

FIELDS = {
    "schema": "version of this layout: 1, or leave the column out",
    "event_id": "the sender's own id; without the column one is made of the file and the row",
    "source": "who sends; without the column: file",
    "type": f"one of {', '.join(EventType)}",
    "occurred_at": "2026-01-05T21:58:00Z; without a zone the plant's is meant",
    "location_id": "the line of consumption; the stock point of counts and receipts",
    "part_id": "the part; empty for what concerns a whole line",
    "quantity": "whole number of the part's unit",
    "data": "what else the type needs, as a JSON object",
}
NEEDED = ("type", "occurred_at", "location_id")
DATA = "data."
PASSED_OVER = ("row", "problem", "note", "recorded_at")
"""Columns that say nothing of the event: those of a file of problems, of an export, remarks."""
EXAMPLE = "EXAMPLE"
"""What the note of a template's rows begins with; they are passed over."""
_WHOLE = ("short", "damaged", "modulus", "units")
_NUMBERS = ("minutes", "percent", "rate", "takt_seconds")
_TRUTHS = ("reset", "ended")
_LISTS = ("parts",)
_TRUE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_READINGS = 3
_BLOCK = 2 * 2**20  # bytes of text at once: some 25,000 rows, whose cells then lie in memory
EXAMPLES: tuple[Mapping[str, str], ...] = (
    {
        "event_id": "4711",
        "source": "scanner-3",
        "type": "received",
        "occurred_at": "2026-01-05T21:58:00Z",
        "location_id": "EXAMPLE-WH1",
        "part_id": "EXAMPLE-BOLT",
        "quantity": "95",
        "data.supplier_id": "EXAMPLE-ACME",
        "data.damaged": "5",
        "note": "EXAMPLE: remove this row; 95 good ones, 5 broken",
    },
    {
        "event_id": "4712",
        "source": "scanner-3",
        "type": "counted",
        "occurred_at": "2026-01-05T22:10:00Z",
        "location_id": "EXAMPLE-SR1",
        "part_id": "EXAMPLE-BOLT",
        "quantity": "120",
        "data.supplier_id": "",
        "data.damaged": "",
        "note": "EXAMPLE: remove this row; 120 were counted",
    },
)

CsvRow = tuple[int, dict[str, Any], dict[str, str], str]
"""Row number, body of the event, cells as they stand by field, what is wrong with them."""


def csv_rows(path: Path, time_zone: str, needed: Collection[str] = NEEDED) -> Iterator[CsvRow]:
    """The rows of a CSV file of events that are not blank.

    Raises:
        InvalidInput: It is no such file; see ``csv_header``.
    """
    source = CsvSource(path, block=_BLOCK)
    header = csv_header(path.name, source.columns, needed)
    _read_once(source)
    reader = _Reader(header, ImportOptions(time_zone=time_zone))
    for batch in source.batches():
        file_row = source.places.of(batch.position)[1]
        yield from reader.rows(batch, file_row)


def csv_header(name: str, columns: list[str], needed: Collection[str] = NEEDED) -> dict[str, str]:
    """The field, or ``data.`` something, of each column of the file.

    Raises:
        InvalidInput: No header, a column that no event has, or one of ``needed`` lacks.
    """
    header = {column: _field(column) for column in columns}
    allowed = [*FIELDS, *PASSED_OVER]
    for column, meant in header.items():
        if meant not in allowed and not (meant.startswith(DATA) and meant != DATA):
            near = nearest(meant, allowed)
            hint = f"did you mean {near!r}? " if near else ""
            raise InvalidInput(
                f"{name} has a column {column!r} that no event has; {hint}columns are "
                f"{', '.join(FIELDS)} and {DATA}NAME"
            )
    lacking = [each for each in needed if each not in header.values()]
    if lacking:
        raise InvalidInput(f"{name} has no column {', '.join(lacking)}; every row needs it")
    twice = {each for each in header.values() if list(header.values()).count(each) > 1}
    if twice:
        raise InvalidInput(f"{name} has the column {min(twice)} twice; keep one")
    return header


def _field(column: str) -> str:
    plain = column.strip()
    return plain if plain.lower().startswith(DATA) else plain.lower()


def _read_once(source: CsvSource) -> None:
    """See whether the file can be read to its end, and in which encoding."""
    for _ in range(_READINGS):
        try:
            for _batch in source.batches():
                pass
        except ReadAgain:
            continue
        return


@dataclass(frozen=True)
class _Reader:
    """Reads batches of one file."""

    header: Mapping[str, str]
    options: ImportOptions

    def rows(self, batch: Batch, first: int) -> Iterator[CsvRow]:
        """The rows of a batch whose first one is row ``first`` of the file."""
        frame = batch.frame.select(unharmed(name) for name in self.header)
        read = {
            column: cells
            for column, meant in self.header.items()
            if (cells := self._cells(meant, frame[column])) is not None
        }
        values = {column: cells.value.to_list() for column, cells in read.items()}
        problems = {column: cells.problem.to_list() for column, cells in read.items()}
        for index, row in enumerate(frame.iter_rows()):
            there = dict(zip(self.header, row, strict=True))
            if not any(cell and cell.strip() for cell in row):
                continue
            said = {name: (cell or "").strip() for name, cell in there.items()}
            fields = {self.header[column]: text for column, text in said.items()}
            if fields.get("note", "").startswith(EXAMPLE):
                continue
            wrong = [
                _reason(column, kinds[index], said[column])
                for column, kinds in problems.items()
                if kinds[index] is not None
            ]
            if index in batch.ragged:
                wrong.append(" ".join(explain("ragged", str(batch.ragged[index]))))
            exact = {column: each[index] for column, each in values.items()}
            body = self._body(said, exact, wrong)
            yield first + index, body, fields, "; ".join(wrong)

    def _cells(self, meant: str, column: pl.Series) -> Cells | None:
        """Cells that are not simply text, read."""
        if meant == "occurred_at":
            return _in_calendar(MomentReader(self.options, None, optional=False).read([column])[-1])
        name = meant.removeprefix(DATA)
        if meant in {"quantity", "schema"} or (meant != name and name in _WHOLE):
            return CellReader(_column(name, "quantity"), self.options).read([column])[-1]
        if meant != name and name in _NUMBERS:
            return CellReader(_column(name, "number"), self.options).read([column])[-1]
        return None

    def _body(
        self, said: Mapping[str, str], exact: Mapping[str, Any], wrong: list[str]
    ) -> dict[str, Any]:
        """The event's body; cells that could not be read stay as they are."""
        body: dict[str, Any] = {}
        data: dict[str, Any] = {}
        for column, meant in self.header.items():
            text = said[column]
            value = exact.get(column, text)
            value = text if value is None else value
            if meant in PASSED_OVER or text == "":
                continue
            if meant == "occurred_at" and not isinstance(value, str):
                body[meant] = value.isoformat().replace("+00:00", "Z")
            elif meant == "data":
                data |= _object(text, wrong)
            elif meant.startswith(DATA):
                data[meant.removeprefix(DATA)] = _data_value(column, meant, value, wrong)
            else:
                body[meant] = value
        if "event_id" in self.header.values() and "event_id" not in body:
            wrong.append("column event_id: is empty; fill it in, or leave the column out")
        return {**body, "data": data}


def _in_calendar(moments: Cells) -> Cells:
    """Moments without those of years that Python's calendar does not have."""
    beyond = (moments.value.dt.year() > MAXYEAR).fill_null(False)
    return replace(
        moments,
        value=moments.value.set(beyond, None),
        problem=moments.problem.cast(pl.String).set(beyond, "bad_time"),
    )


@lru_cache
def _column(name: str, reading: Any) -> Column:
    return Column(name=name, reading=reading, says=name, examples=("", ""), optional=True)


def _reason(column: str, kind: str, cell: str) -> str:
    wrong, right = explain(kind, cell)
    return f"column {column}: {wrong}; {right}"


def _object(text: str, wrong: list[str]) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    wrong.append('column data: is no JSON object; write {"order_id": "A1"} or use data.order_id')
    return {"data": text}


def _data_value(column: str, meant: str, value: Any, wrong: list[str]) -> Any:
    name = meant.removeprefix(DATA)
    if name in _LISTS:
        return value.replace(",", " ").replace(";", " ").split()
    if name in _TRUTHS:
        if value.lower() in _TRUE:
            return _TRUE[value.lower()]
        wrong.append(f"column {column}: {value!r} is neither true nor false; write one of them")
    return value
