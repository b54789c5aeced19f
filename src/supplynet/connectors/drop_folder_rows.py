"""Events in files: CSV with the event's fields as its header, JSON, or one JSON event per line.

A row without ``event_id`` in a file without that column gets one of the file's content and the
row's number: the same file again, also under another name, makes the same events again. A row
that cannot be an event is handed on with its reason and does not stop the others.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from supplynet.connectors.drop_folder_csv import NEEDED, csv_rows
from supplynet.connectors.event_body import MOST_BYTES, parse_event
from supplynet.core.events import Event
from supplynet.errors import InvalidInput

DEFAULTS = {"source": "file"}
"""What an event is taken to say that names no source."""
LARGEST_JSON = 64 * 2**20
_CHUNK = 2**20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRow:
    """One row of a file.

    Attributes:
        row: Its number: of CSV as a spreadsheet shows it (the header is row 1), else of the line,
            or of the event in the list.
        payload: The event as JSON with all that was made up for it, or the line as it stands.
        event: None where it is no event.
        problem: Why not.
        cells: What its cells say, by field; for the file of problems. None of them in JSON.
    """

    row: int
    payload: bytes
    event: Event | None
    problem: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)


def content_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    made = sha256()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            made.update(block)
    return made.hexdigest()


def read_events(
    path: Path,
    content: str,
    *,
    time_zone: str,
    needed: Collection[str] = NEEDED,
    defaults: Mapping[str, str] = DEFAULTS,
) -> Iterator[DropRow]:
    """The rows of a file, in order.

    Nothing is yielded before a CSV file has been read once to its end: what cannot be read as a
    table is refused whole.

    Args:
        path: The file.
        content: Its ``content_hash``.
        time_zone: Of clock times that name none (CSV only).
        needed: Columns that have to be there (CSV only).
        defaults: Fields of events that do not say them themselves.

    Raises:
        InvalidInput: The file cannot be read, or its header is not that of events.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        for number, body, cells, problem in csv_rows(path, time_zone, needed):
            yield _row(number, body, content, defaults, cells=cells, problem=problem)
    elif suffix == ".jsonl":
        yield from _lines(path, content, defaults)
    else:
        for number, body in enumerate(_json_events(path), start=1):
            yield _row(number, body, content, defaults)


def _row(
    number: int,
    body: Any,
    content: str,
    defaults: Mapping[str, str],
    *,
    cells: Mapping[str, str] | None = None,
    problem: str = "",
) -> DropRow:
    """One row with what it leaves out filled in: version, source, event id."""
    if not isinstance(body, dict):
        return DropRow(row=number, payload=_json(body), event=None, problem="is no JSON object")
    made_id = {"event_id": f"{content[:24]}-{number}"}
    payload = _json({"schema": 1, **defaults, **made_id, **body})
    cells = {**made_id, **cells} if cells else {}  # corrected, it is still the same event
    if problem:
        return DropRow(row=number, payload=payload, event=None, problem=problem, cells=cells)
    try:
        event = parse_event(payload)
    except InvalidInput as error:
        reason = str(error)
        return DropRow(row=number, payload=payload, event=None, problem=reason, cells=cells)
    return DropRow(row=number, payload=payload, event=event, cells=cells)


def _json(body: Any) -> bytes:
    """As JSON; no longer than a letter may be, for one that is too long is no event anyway."""
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return text[: MOST_BYTES + 1]


def _lines(path: Path, content: str, defaults: Mapping[str, str]) -> Iterator[DropRow]:
    with path.open("rb") as file:
        _refuse_utf16(path, file.read(2))
        file.seek(0)
        number = 0
        while line := file.readline(MOST_BYTES + 2):
            number += 1
            if not line.endswith(b"\n") and len(line) > MOST_BYTES:
                _skip_line(line, file)
                reason = f"a line of more than {MOST_BYTES:,} bytes is too long for an event"
                yield DropRow(row=number, payload=line, event=None, problem=reason)
                continue
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if text.strip():
                yield _line(number, text.strip(), content, defaults)


def _line(number: int, text: bytes, content: str, defaults: Mapping[str, str]) -> DropRow:
    try:
        body = json.loads(decoded(text))
    except (ValueError, RecursionError) as error:
        return DropRow(row=number, payload=text, event=None, problem=f"is no JSON: {error}")
    return _row(number, body, content, defaults)


def _skip_line(begun: bytes, file: Any) -> None:
    while begun and not begun.endswith(b"\n"):
        begun = file.readline(_CHUNK)


def _json_events(path: Path) -> list[Any]:
    """The events of a JSON file: one, a list, or a list under ``events`` as HTTP takes them."""
    size = path.stat().st_size
    if size > LARGEST_JSON:
        raise InvalidInput(
            f"{path.name} has {size:,} bytes; of JSON {LARGEST_JSON:,} are read at once: write "
            "one event per line into a .jsonl file"
        )
    text = path.read_bytes()
    _refuse_utf16(path, text)
    try:
        body = json.loads(decoded(text.removeprefix(codecs.BOM_UTF8)))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path.name} is no JSON: {error}") from error
    if isinstance(body, dict) and isinstance(body.get("events"), list):
        body = body["events"]
    return body if isinstance(body, list) else [body]


def _refuse_utf16(path: Path, start: bytes) -> None:
    if start[:2] in _UTF16:
        raise InvalidInput(f"{path.name} is UTF-16; write JSON as UTF-8")


def decoded(text: bytes) -> str:
    """Text of UTF-8, or else of what older Windows programs write."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")
