"""Anchors of the audit log: signed heads in a file outside the database, one JSON row each.

Who holds the database but not the signing key can compute the whole chain anew; he cannot sign
what an anchor would have to say then. What was cut off is missing after the last anchor.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supplynet.errors import StoreError
from supplynet.files import sync_folder
from supplynet.security.keyring import Keyring

PURPOSE = "audit-head"
FOLDER, FILE = "audit", "anchors.jsonl"
"""Where the anchors lie in a workspace."""
_LONGEST_LINE = 4096
_TAIL = 16 * _LONGEST_LINE
_MOST_ROWS = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The head of the audit log at one moment, signed.

    Attributes:
        seq: Number of its newest row, >= 1.
        hash: Of that row, hex.
        at: Real time, aware.
        signature: ``kid:base64url``.
        restored: Why the books went back to ``seq`` by a restore; "" = they did not. Anchors of
            later rows that were made before it say nothing any more.
    """

    seq: int
    hash: str
    at: datetime
    signature: str = ""
    restored: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a file of anchors.

    Attributes:
        anchor: None where the line is none.
        genuine: Whether a key of ours has signed just this.
    """

    file: Path
    number: int
    anchor: Anchor | None
    genuine: bool


def signed(keyring: Keyring, seq: int, hashed: str, at: datetime, *, restored: str = "") -> Anchor:
    """An anchor of this head."""
    bare = Anchor(seq=seq, hash=hashed, at=at.astimezone(UTC), restored=restored)
    signature = keyring.sign(PURPOSE, _content(bare))
    return Anchor(seq=seq, hash=hashed, at=bare.at, signature=signature, restored=restored)


def read_lines(file: Path, keyring: Keyring) -> Iterator[Line]:
    """All lines, the oldest first; nothing where there is no file.

    What a crash left half written at the end is no line.

    Raises:
        StoreError: The file cannot be read.
    """
    try:
        with file.open("rb") as opened:
            for number, raw in enumerate(iter(lambda: opened.readline(_LONGEST_LINE), b""), 1):
                if raw.endswith(b"\n") or len(raw) == _LONGEST_LINE:
                    yield _line(file, number, raw, keyring)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"anchors {file} cannot be read: {error.strerror}") from error


def newest(file: Path, keyring: Keyring) -> Anchor | None:
    """The last genuine anchor near the end of a file; None where there is none.

    Raises:
        StoreError: The file cannot be read.
    """
    try:
        with file.open("rb") as opened:
            opened.seek(max(opened.seek(0, os.SEEK_END) - _TAIL, 0))
            tail = opened.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"anchors {file} cannot be read: {error.strerror}") from error
    for number, raw in enumerate(reversed(tail.split(b"\n")[:-1])):
        line = _line(file, -number, raw, keyring)
        if line.genuine:
            return line.anchor
    return None


def standing(found: Iterable[Anchor]) -> list[Anchor]:
    """Anchors by row, each head once, without those that a restore made void."""
    kept: dict[tuple[int, str], Anchor] = {}
    for anchor in sorted(found, key=lambda each: (each.at, bool(each.restored), each.seq)):
        if anchor.restored:
            kept = {key: each for key, each in kept.items() if each.seq <= anchor.seq}
        kept.setdefault((anchor.seq, anchor.hash), anchor)
    return sorted(kept.values(), key=lambda each: each.seq)


def append(file: Path, anchor: Anchor) -> None:
    """Add an anchor; it is on the disk when this returns.

    Raises:
        StoreError: The file cannot be written.
    """
    row = _signed_part(anchor)
    row["kid"], _, row["signature"] = anchor.signature.partition(":")
    text = json.dumps(row, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        made = not file.exists()
        with file.open("ab+") as opened:
            _cut_torn_end(opened)
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        if made:
            sync_folder(file.parent)
    except OSError as error:
        raise StoreError(
            f"the audit log cannot be anchored in {file}: {error.strerror}; make room, or name "
            "another audit_anchor_file"
        ) from error


def _cut_torn_end(opened: Any) -> None:
    """Drop what a crash left of a line, so that the next one stands alone."""
    size = opened.seek(0, os.SEEK_END)
    start = max(size - _LONGEST_LINE, 0)
    opened.seek(start)
    tail: bytes = opened.read()
    if tail and not tail.endswith(b"\n"):
        opened.truncate(start + tail.rfind(b"\n") + 1)


def _line(file: Path, number: int, raw: bytes, keyring: Keyring) -> Line:
    anchor = _anchor(raw)
    genuine = anchor is not None and keyring.verify(PURPOSE, _content(anchor), anchor.signature)
    return Line(file=file, number=number, anchor=anchor, genuine=genuine)


def _anchor(raw: bytes) -> Anchor | None:
    try:
        row = json.loads(raw)
        at = datetime.fromisoformat(row["at"]).astimezone(UTC)
        anchor = Anchor(
            seq=row["seq"],
            hash=row["hash"],
            at=at,
            signature=f"{row['kid']}:{row['signature']}",
            restored=row.get("restored", ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None
    texts = (anchor.hash, anchor.restored)
    whole = type(anchor.seq) is int and 0 < anchor.seq <= _MOST_ROWS
    return anchor if whole and all(isinstance(each, str) for each in texts) else None


def _content(anchor: Anchor) -> bytes:
    return json.dumps(_signed_part(anchor), sort_keys=True, separators=(",", ":")).encode()


def _signed_part(anchor: Anchor) -> dict[str, Any]:
    at = anchor.at.isoformat(timespec="microseconds")
    row: dict[str, Any] = {"seq": anchor.seq, "hash": anchor.hash, "at": at}
    return row | ({"restored": anchor.restored} if anchor.restored else {})
