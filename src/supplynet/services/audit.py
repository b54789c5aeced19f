"""The audit log as people use it: list it, hand it out, prove it, anchor it outside the books."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from supplynet.connectors.table_problems import harmless
from supplynet.errors import InvalidInput, StoreError
from supplynet.security import anchors
from supplynet.security.anchors import Anchor, Line
from supplynet.security.keyring import keyring_of
from supplynet.services.books import Books
from supplynet.storage import ReadTx, audit, audit_chain
from supplynet.storage.audit import Wanted
from supplynet.storage.audit_chain import Fault, FaultKind

Row = dict[str, Any]
Form = Literal["csv", "jsonl"]
SHOWN = ("seq", "at", "actor", "origin", "action", "subject", "reason", "before", "after", "hash")
"""Columns of a list and of a file."""
_PAGE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a proof of the audit log found.

    Attributes:
        rows: How many follow from one another, from the first on.
        head: Hash of the last of them.
        anchors: How many anchors say what the books say.
        newest: The newest of them; None = what was cut off at the end would not show.
        faults: What is wrong, the first bad row first.
    """

    rows: int
    head: str
    anchors: int
    newest: Anchor | None
    faults: tuple[Fault, ...]


def list_entries(
    books: Books, wanted: Wanted, *, limit: int = 200, before_seq: int | None = None
) -> tuple[list[Row], int | None]:
    """Entries, newest first, and the number of the last one (None after the last page)."""
    with books.store.read() as tx:
        found = audit.newest(tx, wanted, before_seq=before_seq, limit=limit + 1)
    page = found[:limit]
    return [_row(entry) for entry in page], page[-1].seq if len(found) > limit else None


def export(books: Books, wanted: Wanted, form: Form) -> Iterator[bytes]:
    """All chosen entries, oldest first, piece by piece: CSV with a heading, or a JSON per line.

    In CSV, text that a spreadsheet would run as a formula has an apostrophe before it.
    """
    after, first = 0, True
    while True:
        with books.store.read() as tx:
            found = audit.oldest(tx, wanted, after_seq=after, limit=_PAGE)
        if found or first:
            yield _csv(found, first) if form == "csv" else _jsonl(found)
        if len(found) < _PAGE:
            return
        after, first = found[-1].seq, False


def anchor_files(books: Books) -> tuple[Path, ...]:
    """Where anchors are kept: in the workspace and, where the settings name one, elsewhere."""
    folder = books.workspace.folder
    own = folder / anchors.FOLDER / anchors.FILE
    named = books.settings.audit_anchor_file
    return (own, folder / named) if named else (own,)


def anchor(books: Books, *, restored: str = "") -> Anchor | None:
    """Sign the head of the audit log and keep it outside the books; None when there is no row.

    A file whose newest anchor is this head already is left alone.

    Args:
        books: The workspace.
        restored: Why the books went back to an earlier state: anchors of rows after it stop
            counting. Only after a restore that was meant.

    Raises:
        StoreError: A file cannot be written; the other one was.
    """
    with books.store.read() as tx:
        seq, hashed = audit.head(tx)
    if not seq:
        return None
    keyring = keyring_of(books.workspace.folder)
    made = anchors.signed(keyring, seq, hashed, books.wall_clock(), restored=restored)
    trouble: StoreError | None = None
    for file in anchor_files(books):
        try:
            last = anchors.newest(file, keyring)
            if restored or last is None or (last.seq, last.hash) != (seq, hashed):
                anchors.append(file, made)
        except StoreError as error:
            trouble = error
    if trouble is not None:
        raise trouble
    return made


def newest_anchor(books: Books) -> Anchor | None:
    """The newest genuine anchor in the workspace."""
    return anchors.newest(anchor_files(books)[0], keyring_of(books.workspace.folder))


def verify(books: Books, more: Sequence[Path] = ()) -> Verdict:
    """Prove every row by the one before it, and the whole by its anchors.

    Args:
        books: The workspace; what goes on meanwhile does not matter.
        more: Files of anchors beside those of the workspace.

    Raises:
        InvalidInput: A file of ``more`` is not there.
        StoreError: The database or a file cannot be read.
    """
    lines = _lines(books, more)
    with books.store.read() as tx:
        walked = audit_chain.walk(tx)
        agreeing, differing = _compared(tx, lines)
    broken = () if walked.fault is None else (walked.fault,)
    faults = sorted((*broken, *differing), key=lambda fault: fault.row)
    return Verdict(
        rows=walked.rows,
        head=walked.head,
        anchors=len(agreeing),
        newest=agreeing[-1] if agreeing else None,
        faults=(*faults, *_forged(lines)),
    )


def anchor_faults(books: Books, tx: ReadTx) -> list[Fault]:
    """Where the books and their anchors differ, for who has walked the chain already."""
    lines = _lines(books)
    return [*_compared(tx, lines)[1], *_forged(lines)]


def _lines(books: Books, more: Sequence[Path] = ()) -> list[Line]:
    for file in more:
        if not file.is_file():
            raise InvalidInput(f"there is no file of anchors {file}")
    files = dict.fromkeys(path.resolve() for path in (*anchor_files(books), *more))
    there = [file for file in files if file.exists()]
    if not there:
        return []
    keyring = keyring_of(books.workspace.folder)
    return [line for file in there for line in anchors.read_lines(file, keyring)]


def _compared(tx: ReadTx, lines: Iterable[Line]) -> tuple[list[Anchor], list[Fault]]:
    """Anchors that say what the books say, and the first that does not."""
    found = anchors.standing(
        line.anchor for line in lines if line.anchor is not None and line.genuine
    )
    hashes = audit_chain.hashes_at(tx, (each.seq for each in found))
    agreeing: list[Anchor] = []
    for each in found:
        if hashes.get(each.seq) == each.hash:
            agreeing.append(each)
            continue
        proven = agreeing[-1].seq if agreeing else 0
        return agreeing, [_differs(tx, each, proven, there=each.seq in hashes)]
    return agreeing, []


def _differs(tx: ReadTx, anchor: Anchor, proven: int, *, there: bool) -> Fault:
    last, _ = audit.head(tx)
    when = f"{anchor.at:%Y-%m-%d %H:%M}Z"
    if anchor.seq > last:
        told = f"audit row {last + 1:,} is missing: the log was cut off, at {when} it had rows up "
        return Fault(row=last + 1, kind=FaultKind.TRUNCATED, says=f"{told}to {anchor.seq:,}")
    what = "is another than" if there else "is missing that was"
    told = f"row {anchor.seq:,} {what} anchored at {when}"
    return Fault(
        row=proven + 1,
        kind=FaultKind.REWRITTEN,
        says=f"audit row {proven + 1:,} or one after it up to {anchor.seq:,} was rewritten: {told}",
    )


def _forged(lines: Iterable[Line]) -> Iterator[Fault]:
    for line in lines:
        if line.genuine:
            continue
        where = f"line {line.number:,} of {line.file}"
        if line.anchor is None:
            yield Fault(row=0, kind=FaultKind.ANCHOR, says=f"{where} is no anchor")
            continue
        yield Fault(
            row=line.anchor.seq,
            kind=FaultKind.ANCHOR,
            says=f"the anchor of audit row {line.anchor.seq:,} has no signature of ours: {where}",
        )


def _row(entry: audit.AuditEntry) -> Row:
    row = asdict(entry)
    return {name: row[name] for name in SHOWN}


def _jsonl(found: Iterable[audit.AuditEntry]) -> bytes:
    return "".join(f"{json.dumps(_plain(entry), ensure_ascii=False)}\n" for entry in found).encode()


def _csv(found: Iterable[audit.AuditEntry], heading: bool) -> bytes:
    rows = [_plain(entry) for entry in found]
    cells = [[_cell(row[name]) for name in SHOWN] for row in rows]
    frame = pl.DataFrame(cells, schema=dict.fromkeys(SHOWN, pl.String), orient="row")
    safe = frame.with_columns(harmless(name) for name in SHOWN)
    return safe.write_csv(include_header=heading).encode()


def _plain(entry: audit.AuditEntry) -> Row:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in _row(entry).items()
    }


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
