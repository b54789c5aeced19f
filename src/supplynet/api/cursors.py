"""Cursors: where a page ended, as text that a client hands back and need not understand."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from supplynet.errors import InvalidInput

WRONG = "cursor: use the next_cursor of the page before, as it is"


def encode(position: Sequence[Any] | None) -> str | None:
    """A position of texts, whole numbers and moments; None after the last page."""
    if position is None:
        return None
    plain = [item.isoformat() if isinstance(item, datetime) else item for item in position]
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> Any:
    """The position as a tuple with items of these kinds (str, int, datetime); None for none.

    Raises:
        InvalidInput: Not a cursor of this list.
    """
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        items = json.loads(text)
        if not isinstance(items, list) or len(items) != len(kinds):
            raise InvalidInput(WRONG)
        return tuple(_item(item, kind) for item, kind in zip(items, kinds, strict=True))
    except (binascii.Error, UnicodeError, ValueError, RecursionError) as error:
        raise InvalidInput(WRONG) from error


def _item(item: Any, kind: type) -> Any:
    if kind is int and type(item) is int and 0 <= item < 2**63:
        return item
    if kind is str and isinstance(item, str) and item.isprintable():
        return item
    if kind is datetime and isinstance(item, str):
        moment = datetime.fromisoformat(item)
        if moment.utcoffset() is not None:
            return moment
    raise InvalidInput(WRONG)
