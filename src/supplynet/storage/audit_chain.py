"""Walking the chain of the audit log, and saying what is wrong with the first bad row.

The stored text itself is hashed, not what it reads as: a row is as it was written to the byte.
Rows are read page by page, so that millions of them take no more memory than thousands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from json.encoder import encode_basestring_ascii
from typing import Any

from sqlalchemy import Row, exc, select, text

from supplynet.storage.column_types import encode_json, utc_text
from supplynet.storage.tables import audit
from supplynet.storage.transaction import ReadTx

GENESIS = "0" * 64
"""What the first row follows."""
_HASHED = ("seq", "at", "actor", "action", "subject", "before", "after", "reason")
COLUMNS = (*_HASHED, "prev_hash", "hash", "origin")
_PAGE = 5000
_LOOKED_UP = 500
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_SELECT = f"SELECT {_NAMES} FROM audit WHERE seq > :after ORDER BY seq LIMIT :most"  # noqa: S608
_BELOW_ALL = -(2**63)


class FaultKind(StrEnum):
    """What became of a row."""

    EDITED = "edited"
    MISSING = "missing"
    INSERTED = "inserted"
    OUT_OF_ORDER = "out_of_order"
    REWRITTEN = "rewritten"
    TRUNCATED = "truncated"
    ANCHOR = "anchor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as it was written.

    Attributes:
        row: Number of the first row that it touches.
        says: What is wrong, as a sentence without a stop.
    """

    row: int
    kind: FaultKind
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a walk along the chain found.

    Attributes:
        rows: How many follow from one another, from the first on.
        head: Hash of the last of them.
        fault: The first row that does not; None when all do.
    """

    rows: int
    head: str
    fault: Fault | None


def hash_of(previous: str, row: Mapping[str, Any]) -> str:
    """Hash of a row that follows ``previous``.

    The origin is part of it where there is one: rows of before it was kept have none.
    """
    hashed = {name: row[name] for name in _HASHED}
    if row["origin"] is not None:
        hashed["origin"] = row["origin"]
    return _sha256(previous, encode_json(hashed))


def walk(tx: ReadTx) -> Walked:
    """Check every row against the one before it, up to the first that is wrong."""
    rows, previous = 0, GENESIS
    for row in _rows(tx):
        whole = row.seq == rows + 1 and row.prev_hash == previous
        if not whole or _digest(previous, row) != row.hash:
            fault = _diagnosed(tx, row, rows + 1)
            return Walked(rows=rows, head=previous, fault=fault)
        rows, previous = row.seq, row.hash
    return Walked(rows=rows, head=previous, fault=None)


def hashes_at(tx: ReadTx, numbers: Iterable[int]) -> dict[int, str]:
    """Hash of each of these rows, where there is such a row."""
    wanted, found = list(numbers), dict[int, str]()
    for start in range(0, len(wanted), _LOOKED_UP):
        some = wanted[start : start + _LOOKED_UP]
        query = select(audit.c.seq, audit.c.hash).where(audit.c.seq.in_(some))
        found |= {row.seq: row.hash for row in tx.connection.execute(query)}
    return found


def _rows(tx: ReadTx) -> Iterator[Row[Any]]:
    after = _BELOW_ALL
    while page := _page(tx, after):
        yield from page
        after = page[-1].seq


def _page(tx: ReadTx, after: int, most: int = _PAGE) -> list[Row[Any]]:
    """The next rows as the database holds them: text of JSON, and on SQLite of times too."""
    try:
        found = tx.connection.execute(text(_SELECT), {"after": after, "most": most})
        return list(found)
    except exc.DBAPIError:
        # SQLite lets anybody store bytes that are no text; such a row is still to be named.
        if not tx.is_sqlite:
            raise
        if most > 1:
            return _page(tx, after, 1)
        blank = _NAMES.replace(', "', ', NULL AS "')
        query = text(_SELECT.replace(_NAMES, blank))
        return list(tx.connection.execute(query, {"after": after, "most": 1}))


def _digest(previous: str | None, row: Row[Any], seq: int | None = None) -> str | None:
    """Hash of a row as it is stored, under another number if given; None = never written so."""
    if previous is None:
        return None
    quoted = encode_basestring_ascii
    at = utc_text(row.at) if isinstance(row.at, datetime) else row.at
    try:
        origin = "" if row.origin is None else f'"origin":{quoted(row.origin)},'
        written = (
            f'{{"action":{quoted(row.action)},"actor":{quoted(row.actor)},'
            f'"after":{_json_text(row.after)},"at":{quoted(at)},'
            f'"before":{_json_text(row.before)},{origin}"reason":{quoted(row.reason)},'
            f'"seq":{row.seq if seq is None else seq},"subject":{quoted(row.subject)}}}'
        )
    except (TypeError, ValueError, RecursionError):
        return None
    return _sha256(previous, written)


def _json_text(stored: str | None) -> str:
    """The text of a JSON column as it stands in what was hashed.

    Raises:
        ValueError, TypeError: It is none: what a reader could not read was not written by us.
    """
    if stored is None:
        return "null"
    if json.loads(stored) is None:
        raise ValueError("nothing is stored as NULL")
    return stored


def _sha256(previous: str, written: str) -> str:
    return hashlib.sha256(f"{previous}\n{written}".encode()).hexdigest()


def _diagnosed(tx: ReadTx, row: Row[Any], expected: int) -> Fault:
    """Why ``row`` is not row ``expected``; the row that is named may be the one before it."""
    if row.seq > expected:
        return _fault(expected, FaultKind.MISSING, f"before row {row.seq:,}")
    if row.seq < expected:
        return _fault(row.seq, FaultKind.INSERTED, "rows begin with number 1")
    if row.hash is not None and _digest(row.prev_hash, row) == row.hash:
        return _follows_another(tx, row)
    return _misplaced(tx, row) or _fault(
        row.seq, FaultKind.EDITED, "its hash is not that of what it says"
    )


def _misplaced(tx: ReadTx, row: Row[Any]) -> Fault | None:
    """What has happened where a row was written under another number; None = it was not."""
    before = select(audit.c.seq).where(audit.c.hash == row.prev_hash).limit(1)
    known: int | None = tx.connection.scalar(before) if row.prev_hash is not None else None
    candidates = [row.seq - 1, row.seq + 1, *([] if known is None else [known + 1])]
    for number in candidates:
        if row.hash is None or _digest(row.prev_hash, row, number) != row.hash:
            continue
        told = f"what stands at {row.seq:,} was written as row {number:,}"
        if number == row.seq - 1:
            return _fault(number, FaultKind.INSERTED, told)
        if number == row.seq + 1 and known is None:
            return _fault(row.seq, FaultKind.MISSING, told)
        return _fault(row.seq, FaultKind.OUT_OF_ORDER, told)
    return None


def _follows_another(tx: ReadTx, row: Row[Any]) -> Fault:
    """A row that is right in itself follows another one than stands before it."""
    following = select(audit.c.prev_hash).where(audit.c.seq == row.seq + 1)
    after = tx.connection.scalar(following)
    if row.seq == 1 or after not in (None, row.hash):
        return _fault(row.seq, FaultKind.REWRITTEN, "its neighbours were chained to another row")
    told = f"row {row.seq:,} was chained to another row"
    return _fault(row.seq - 1, FaultKind.REWRITTEN, told)


def _fault(row: int, kind: FaultKind, why: str) -> Fault:
    said = kind.value.replace("_", " ")
    verb = "is" if kind in (FaultKind.MISSING, FaultKind.OUT_OF_ORDER) else "was"
    return Fault(row=row, kind=kind, says=f"audit row {row:,} {verb} {said}: {why}")
