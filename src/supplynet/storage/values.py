"""Single values that the books keep by name: the plant's clock, ``paused``, ..."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select

from supplynet.storage.column_types import encode_json
from supplynet.storage.tables import settings as table
from supplynet.storage.transaction import ReadTx, WriteTx


def get_value(tx: ReadTx, key: str, default: Any = None) -> Any:
    """What was set last, as JSON gives it back, or ``default``."""
    row = tx.connection.execute(select(table.c.value).where(table.c.key == key)).first()
    return default if row is None else row.value


def set_value(tx: WriteTx, key: str, value: Any, *, reason: str = "", audited: bool = True) -> bool:
    """Set a value that JSON can hold; True when it is another than before.

    What changes all the time and decides nothing (a clock) is set without a line in the audit log.
    """
    row = tx.connection.execute(select(table.c.value).where(table.c.key == key)).first()
    if row is not None and encode_json(row.value) == encode_json(value):
        return False
    tx.connection.execute(delete(table).where(table.c.key == key))
    tx.connection.execute(insert(table).values(key=key, value=value, updated_at=tx.now))
    before = None if row is None else row.value
    if audited:
        tx.note("setting_changed", key, before=before, after=value, reason=reason)
    tx.change("setting", key)
    return True
