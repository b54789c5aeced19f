"""PostgreSQL's part of a backup: every table by COPY, all in one snapshot.

Tables are made by our own migrations when it is restored, up to the schema of the backup; then
they are filled, and upgraded with what is in them. All of that is one transaction, and what proves
the books runs in it, so a database is restored whole and proven or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, inspect, text

from supplynet.errors import BackupError, StoreError
from supplynet.storage.backup_archive import CHUNK_BYTES, ArchiveWriter
from supplynet.storage.backup_reader import Archive
from supplynet.storage.migrate import upgrade
from supplynet.storage.tables import metadata
from supplynet.storage.transaction import ReadTx

FOLDER = "database"
"""Of the members, one for each table."""
Columns = dict[str, list[str]]
Report = Callable[[float], None]


def dump(tx: ReadTx, archive: ArchiveWriter, report: Report) -> Columns:
    """Add every table as ``tx`` sees it; their columns, in the order of the rows.

    Args:
        tx: Has read something already, which is what fixes its moment.
        archive: Gets one member for each table.
        report: Takes the share done, 0 to 1; may raise to end it.

    Raises:
        StoreError: The database cannot be read.
    """
    inspector = inspect(tx.connection)
    there = [name for name in metadata.tables if inspector.has_table(name)]
    columns = {
        name: [str(column["name"]) for column in inspector.get_columns(name)] for name in there
    }
    for place, name in enumerate(there):
        report(place / len(there))
        rows = _rows(tx.connection, f"COPY {_target(name, columns[name])} TO STDOUT")
        archive.add(f"{FOLDER}/{name}", rows, pack=True)
    return columns


def load(archive: Archive, connection: Connection, schema: str, columns: Columns) -> None:
    """Fill an empty database and bring it to the newest schema, within a write transaction.

    Args:
        archive: Of which the members are checked while they are read.
        connection: Of ``Store.connect_for_write``.
        schema: Of the backup.
        columns: What ``dump`` returned.

    Raises:
        BackupError: Its tables are not those of the schema, or not what was backed up.
        StoreError: The database cannot be written, or the schema is of a newer SupplyNet.
    """
    upgrade(connection, schema)
    inspector = inspect(connection)
    for name, of_backup in columns.items():
        known = name in metadata.tables and inspector.has_table(name)
        if not known or set(of_backup) != {each["name"] for each in inspector.get_columns(name)}:
            raise BackupError(f"the backup's table {name!r} is not one of schema {schema}")
        _fill(connection, name, of_backup, archive.read(f"{FOLDER}/{name}"))
    connection.execute(text("ANALYZE"))  # proving a million rows without it takes minutes
    upgrade(connection)


def is_empty(connection: Connection) -> bool:
    """Whether there is no table in the database's schema, ours or somebody else's."""
    return not inspect(connection).get_table_names()


def clear(connection: Connection) -> None:
    """Drop our tables, within a write transaction; whoever commits it has a copy of them."""
    there = set(inspect(connection).get_table_names())
    for name in sorted(there & {*metadata.tables, "alembic_version"}):
        connection.execute(text(f'DROP TABLE "{name}" CASCADE'))


def _rows(connection: Connection, statement: str) -> Iterator[bytes]:
    """What COPY gives, which is row by row, in chunks."""
    driver: Any = connection.connection.dbapi_connection
    with _our_errors("read"), driver.cursor() as cursor, cursor.copy(statement) as copy:
        held = bytearray()
        for row in copy:
            held += row
            if len(held) >= CHUNK_BYTES:
                yield bytes(held)
                held.clear()
        yield bytes(held)


def _fill(connection: Connection, name: str, columns: list[str], chunks: Iterator[bytes]) -> None:
    driver: Any = connection.connection.dbapi_connection
    statement = f"COPY {_target(name, columns)} FROM STDIN"
    with _our_errors("written"), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)


def _target(name: str, columns: list[str]) -> str:
    return f'"{name}" ({", ".join(_quoted(column) for column in columns)})'


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _our_errors(done: str) -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
        raise StoreError(f"the database cannot be {done}: {first}") from error
