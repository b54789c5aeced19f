"""Many rows in one statement that is written once, as the driver wants it.

What a ledger does most is to add rows, and building a statement for them costs more than running
it. SQLite takes the rows one after the other inside the process. PostgreSQL gets them as one JSON
document: one trip for any number of rows, and half the work of as many parameters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from supplynet.storage.column_types import JsonText, UtcDateTime, encode_json, utc_text
from supplynet.storage.transaction import ReadTx, WriteTx

Row = Sequence[Any]
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # of SQLAlchemy


class Insert:
    """``INSERT`` into some columns of a table.

    Args:
        table: Into which.
        columns: Names of the columns that a row has a value for, in its order; none of bytes.
        then: What follows the rows: an ``ON CONFLICT`` clause that both databases understand.
    """

    def __init__(self, table: Table, columns: Sequence[str], then: str = "") -> None:
        self._table, self._columns, self._then = table, tuple(columns), then
        self._encoders = [
            (place, encode)
            for place, name in enumerate(columns)
            if (encode := _encoder(table.c[name])) is not None
        ]

    def __call__(self, tx: WriteTx, rows: Sequence[Row]) -> None:
        """Add ``rows``; none at all does nothing."""
        if not rows:
            return
        plain = [self._plain(row) for row in rows]
        if tx.is_sqlite:
            tx.connection.exec_driver_sql(self._sqlite, plain)
        else:
            named = [dict(zip(self._columns, row, strict=True)) for row in plain]
            tx.connection.exec_driver_sql(self._postgresql, (_json(named),))

    def _plain(self, row: Row) -> tuple[Any, ...]:
        values = list(row)
        for place, encode in self._encoders:
            if values[place] is not None:
                values[place] = encode(values[place])
        return tuple(values)

    @cached_property
    def _sqlite(self) -> str:
        marks = ", ".join("?" * len(self._columns))
        return f"{self._into} VALUES ({marks}) {self._then}"

    @cached_property
    def _postgresql(self) -> str:
        names = ", ".join(_quoted(name) for name in self._columns)
        return (
            f"{self._into} SELECT {names} "  # noqa: S608 - names of our own columns
            f"FROM json_to_recordset(%s) AS given({_typed(self._table, self._columns)}) "
            f"WHERE TRUE {self._then}"
        )

    @property
    def _into(self) -> str:
        names = ", ".join(_quoted(name) for name in self._columns)
        return f"INSERT INTO {self._table.name} ({names})"


class Lookup:
    """``SELECT`` some columns of the rows that have one of many values in a column with an index.

    Args:
        table: Of which.
        columns: Names of the columns wanted.
        by: The column that is looked up.
        within: Another column, before it in the index, whose value is the same for all of them.
    """

    def __init__(
        self, table: Table, columns: Sequence[str], *, by: str, within: str | None = None
    ) -> None:
        self._table, self._columns, self._by, self._within = table, tuple(columns), by, within
        self._decoders = [
            (place, decode)
            for place, name in enumerate(columns)
            if (decode := _decoder(table.c[name])) is not None
        ]

    def __call__(
        self, tx: ReadTx, wanted: Sequence[str], within: str | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows found, in no order; a value that is wanted twice is found twice."""
        if not wanted:
            return []
        statement = self._sqlite if tx.is_sqlite else self._postgresql
        given = [_json(list(wanted)), *([] if self._within is None else [within])]
        rows = tx.connection.exec_driver_sql(statement, tuple(given))
        return [self._decoded(row) for row in rows]

    def _decoded(self, row: Row) -> tuple[Any, ...]:
        values = list(row)
        for place, decode in self._decoders:
            values[place] = decode(values[place])
        return tuple(values)

    @cached_property
    def _sqlite(self) -> str:
        return (
            f"SELECT {self._names} FROM json_each(?) AS wanted "  # noqa: S608 - our own columns
            f"CROSS JOIN {self._table.name} AS held WHERE {self._same('?')}"
        )

    @cached_property
    def _postgresql(self) -> str:
        # OFFSET 0 keeps the planner from joining: it takes the document for a hundred values, and
        # reads all of a table that has grown since it was last analyzed to find one row.
        return (
            f"SELECT {self._names} FROM json_array_elements_text(%s) AS wanted "  # noqa: S608 - the same
            f"CROSS JOIN LATERAL (SELECT * FROM {self._table.name} AS held "
            f"WHERE {self._same('%s')} OFFSET 0) AS held"
        )

    @property
    def _names(self) -> str:
        return ", ".join(f"held.{_quoted(name)}" for name in self._columns)

    def _same(self, mark: str) -> str:
        within = "" if self._within is None else f" AND held.{self._within} = {mark}"
        return f"held.{self._by} = wanted.value{within}"


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _encoder(column: Column[Any]) -> Callable[[Any], str] | None:
    if isinstance(column.type, UtcDateTime):
        return utc_text
    return encode_json if isinstance(column.type, JsonText) else None


def _decoder(column: Column[Any]) -> Callable[[Any], Any] | None:
    kind = column.type
    if isinstance(kind, UtcDateTime | JsonText):
        return lambda value: kind.process_result_value(value, _POSTGRESQL)
    return None


def _typed(table: Table, columns: Sequence[str]) -> str:
    return ", ".join(
        f"{_quoted(name)} {table.c[name].type.compile(dialect=_POSTGRESQL)}" for name in columns
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
