"""What came of a pull from an ERP or a push to it, and what is remembered of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from supplynet.storage import WriteTx, values

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of a pull or push.

    Attributes:
        summary: In one sentence.
        rows: What is worth showing, all with the same keys.
        refused: What could not be taken or told, one sentence each.
    """

    kind: str
    dry_run: bool
    summary: str
    rows: tuple[Row, ...] = ()
    refused: tuple[str, ...] = ()


def remember(tx: WriteTx, key: str, name: str, value: str) -> None:
    """Keep a value by name among those under ``key``."""
    known = dict(values.get_value(tx, key, {}))
    values.set_value(tx, key, known | {name: value})
