"""The bytes of an answer as records: what is no JSON or CSV is the service's error."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from supplynet.connectors.signals.definition import Column, Definition, Rows
from supplynet.errors import ConnectorError

KEY = "@key"
EXCERPT = 120


@dataclass(frozen=True)
class Page:
    """The rows of one answer as (time, known, values...), and how many pages there are."""

    rows: list[tuple[Any, ...]]
    pages: int | None


def excerpt(body: bytes) -> str:
    """The beginning of ``body`` for a message: printable and on one line."""
    text = " ".join(body[: 4 * EXCERPT].decode("utf-8", "replace").split())
    shown = "".join(letter for letter in text if letter.isprintable())
    return shown[:EXCERPT] or "nothing"


def read_page(body: bytes, definition: Definition, where: dict[str, str]) -> Page:
    """The rows of one answer.

    ``where`` maps a column to the text that it must have; other rows are left out.

    Raises:
        ConnectorError: Not what the definition says, such as an error page or half a document.
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise ConnectorError(
            f"answered with a web page instead of {definition.format.upper()}: {excerpt(body)}"
        )
    try:
        if definition.format == "csv":
            return Page(list(_csv_rows(body, definition, where)), None)
        document = json.loads(body.decode("utf-8-sig"))
        pages = definition.paging.pages if definition.paging else None
        count = None if pages is None else _page_count(document, pages)
        return Page(list(_json_rows(document, definition, where)), count)
    except (ValueError, RecursionError, csv.Error) as error:
        raise ConnectorError(
            f"answered with broken {definition.format.upper()} ({_first_line(error)}): "
            f"{excerpt(body)}"
        ) from error
    except LookupError as error:
        message = error.args[0] if error.args else error
        raise ConnectorError(
            f"answered without {message!r}, which the definition names: {excerpt(body)}"
        ) from error


def _columns(definition: Definition) -> list[Column | None]:
    """Time, publication, then each value; None where there is no such column."""
    columns = [value.column for value in definition.values.values()]
    return [definition.rows.time, definition.publication.column, *columns]


def _csv_rows(
    body: bytes, definition: Definition, where: dict[str, str]
) -> Iterator[tuple[Any, ...]]:
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    reading = csv.reader(text, delimiter=definition.rows.delimiter, strict=True)
    header = [name.strip() for name in next(reading, [])]
    wanted = [None if each is None else _place(header, each) for each in _columns(definition)]
    fixed = [(_place(header, name), value) for name, value in where.items()]
    for row in reading:
        if not row:
            continue
        if len(row) != len(header):
            raise ValueError(f"line {reading.line_num} has {len(row)} cells of {len(header)}")
        if all(row[place].strip() == value for place, value in fixed):
            yield tuple(None if place is None else row[place] for place in wanted)


def _place(header: list[str], column: Column) -> int:
    name = column if isinstance(column, str) else ".".join(column)
    if name in header:
        return header.index(name)
    folded = [each.casefold() for each in header]
    if name.casefold() not in folded:
        raise LookupError(name)
    return folded.index(name.casefold())


def _json_rows(
    document: Any, definition: Definition, where: dict[str, str]
) -> Iterator[tuple[Any, ...]]:
    base = at_path(document, definition.rows.path)
    wanted = _columns(definition)
    if base is None:
        return
    if definition.rows.layout == "columns":
        yield from _side_by_side(base, wanted)
        return
    for record in _records(base, definition.rows):
        if all(str(_cell(record, name)) == value for name, value in where.items()):
            yield tuple(None if column is None else _cell(record, column) for column in wanted)


def _records(base: Any, rows: Rows) -> Iterator[Any]:
    if rows.layout == "keyed":
        if not isinstance(base, dict):
            raise LookupError(rows.path or "a record per time")
        for key, record in base.items():
            yield {**record, KEY: key} if isinstance(record, dict) else {KEY: key, "value": record}
        return
    if not isinstance(base, list):
        raise LookupError(rows.path or "a list of rows")
    yield from base


def _side_by_side(base: Any, wanted: list[Column | None]) -> Iterator[tuple[Any, ...]]:
    lists = [None if column is None else at_path(base, column) for column in wanted]
    times = lists[0]
    if times is None:
        return
    for cells, column in zip(lists, wanted, strict=True):
        if cells is not None and (not isinstance(cells, list) or len(cells) != len(times)):
            raise ValueError(f"{column!r} is not a list as long as the times")
    nothing = [None] * len(times)
    yield from zip(*(nothing if cells is None else cells for cells in lists), strict=True)


def _cell(record: Any, column: Column) -> Any:
    """A cell of a record; None where the record does not have it."""
    try:
        return at_path(record, column)
    except LookupError:
        return None


def at_path(document: Any, path: Column) -> Any:
    """What lies at ``path``: names of objects and numbers of lists, divided by dots.

    Raises:
        LookupError: Nothing does; says which step.
    """
    steps: Sequence[str] = path.split(".") if isinstance(path, str) else path
    if path == "":
        steps = ()
    for step in steps:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isascii() and step.isdigit():
            if int(step) >= len(document):
                raise LookupError(step)
            document = document[int(step)]
        else:
            raise LookupError(step)
    return document


def _page_count(document: Any, path: Column) -> int:
    count = at_path(document, path)
    if isinstance(count, bool) or not isinstance(count, int | str):
        raise ValueError(f"number of pages {count!r}")
    return int(count)


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:EXCERPT] or type(error).__name__
