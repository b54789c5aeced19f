"""Opening the books, and the two kinds of transaction.

Writers take turns, on both databases: SQLite by ``BEGIN IMMEDIATE``, PostgreSQL by an advisory
lock that the commit releases. So sequence numbers have no gaps and become visible in order, and
no writer works on what another is changing. A transaction is never retried from here, for nobody
knows what a block has done besides; only getting a connection is.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url, text

from supplynet.errors import ConfigError, LedgerError, StoreError
from supplynet.storage import audit, changes
from supplynet.storage.transaction import ReadTx, WriteTx
from supplynet.storage.triggers import is_append_only_refusal

_WRITES = "supplynet_writes"
_WRITER_LOCK = 0x5375_7070_6C79  # "Supply"; advisory locks are per database
_BUSY_SECONDS = 30.0
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 56, "pool_timeout": _BUSY_SECONDS}


def open_store(url: str) -> Store:
    """The books at ``url``: ``sqlite:///path`` or ``postgresql+psycopg://...``.

    Opens no connection yet; see ``migrate.create_or_upgrade``.

    Raises:
        ConfigError: Not a URL, another database, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername == "sqlite":
            return Store(_sqlite_engine(parsed.render_as_string(hide_password=False)))
        if parsed.drivername == "postgresql+psycopg":
            return Store(create_engine(parsed, pool_pre_ping=True, hide_parameters=True, **_POOL))
    except exc.ArgumentError:
        raise ConfigError("database_url is no database URL, such as sqlite:///file.db") from None
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error}: PostgreSQL needs pip install 'supplynet[server]'") from error
    raise ConfigError(
        f"database_url names {parsed.drivername!r}; use sqlite:/// or postgresql+psycopg://"
    )


class Store:
    """One database. Safe to share between threads; every process opens its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = threading.Lock()
        self._this_thread = threading.local()
        self._write_trouble = ""
        self._moved = threading.Condition()
        self._moves = 0
        self._moves_by_kind = Counter[str]()

    @property
    def url(self) -> str:
        """What ``open_store`` takes to open the same books elsewhere; may hold a password."""
        return self._engine.url.render_as_string(hide_password=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether these books are in SQLite, else in PostgreSQL."""
        return self._engine.dialect.name == "sqlite"

    def __repr__(self) -> str:
        return f"Store({self._engine.url!r})"

    @property
    def write_trouble(self) -> str:
        """Why the last write failed, such as a full disk; "" once one has gone through again."""
        return self._write_trouble

    @contextmanager
    def read(self) -> Iterator[ReadTx]:
        """One consistent snapshot; a write in it is refused by the database.

        Raises:
            StoreError: The database cannot be opened or read.
        """
        with _our_errors(), self._engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield ReadTx(connection=connection)

    @contextmanager
    def write(self, actor: str, now: datetime, *, audited: bool = True) -> Iterator[WriteTx]:
        """One short transaction: commits at the end of the block, or writes nothing on any error.

        Args:
            actor: Who is behind it; lands in the audit log.
            now: The moment the books give to it, aware.
            audited: False for leases, heartbeats and progress only, which change no books.

        Raises:
            LedgerError: A rule of the database refused; nothing was written.
            StoreError: The database cannot be opened or written.
        """
        with self._turn(), self._watched(), self.connect_for_write() as connection:
            counted = self._row_changes(connection) if self.is_sqlite else False
            tx = WriteTx(connection=connection, actor=actor, now=now)
            yield tx
            if audited and not tx.notes and self._row_changes(connection) != counted:
                tx.note("wrote", "")
            assert audited or not tx.notes, "what is worth a note is worth auditing"
            changes.append(tx)
            audit.append(tx)
        if tx.changed:
            with self._moved:
                self._moves += 1
                self._moves_by_kind.update({kind for kind, _ in tx.changed})
                self._moved.notify_all()

    @contextmanager
    def connect_for_write(self) -> Iterator[Connection]:
        """A bare connection in a write transaction, without actor; for migrations."""
        with _our_errors(), self._engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                if not self.is_sqlite:
                    lock = text("SELECT pg_advisory_xact_lock(:key)")
                    connection.execute(lock, {"key": _WRITER_LOCK})
                yield connection

    def wait_for_change(self, seen: int, seconds: float) -> int:
        """Wait until this process has changed the books again, or ``seconds`` have passed.

        Args:
            seen: What the call before returned; 0 at first.
            seconds: Other processes wake nobody here: look at the books after this time anyway.

        Returns:
            A number that is another one after a change.
        """
        with self._moved:
            self._moved.wait_for(lambda: self._moves != seen, timeout=seconds)
            return self._moves

    def look(self) -> None:
        """Wake who waits for a change: another process has probably made one."""
        with self._moved:
            self._moves += 1
            self._moved.notify_all()

    def moves(self, kinds: Collection[str] | None = None) -> int:
        """How often this process has changed the books, or what is of these kinds in them."""
        if kinds is None:
            return self._moves
        return sum(self._moves_by_kind[kind] for kind in kinds)

    def close(self) -> None:
        """Close all connections; the store may be used again."""
        self._engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Threads of this process queue here: fairer and faster than at SQLite's file lock."""
        assert not getattr(self._this_thread, "writes", False), (
            "this thread is already in a write transaction and would wait for itself"
        )
        with self._writer:
            self._this_thread.writes = True
            try:
                yield
            finally:
                self._this_thread.writes = False

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            self._write_trouble = str(error)
            raise
        self._write_trouble = ""

    def _row_changes(self, connection: Connection) -> Any:
        """Something that differs once this transaction has changed a row; False at first."""
        if self.is_sqlite:
            driver: Any = connection.connection.dbapi_connection
            return driver.total_changes
        return connection.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL"))


def _sqlite_engine(url: str) -> Engine:
    """SQLite under our own transaction control: its driver's default gives no snapshot."""
    timeout = {"timeout": _BUSY_SECONDS}
    engine = create_engine(url, connect_args=timeout, hide_parameters=True, **_POOL)

    @event.listens_for(engine, "connect")
    def _configure(driver: Any, _record: Any) -> None:
        driver.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
        ):
            driver.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _our_errors() -> Iterator[None]:
    """Errors of the database as errors of our tree, in one line and without SQL."""
    try:
        yield
    except exc.DBAPIError as error:
        message = str(error.orig).strip().splitlines()[0]
        if is_append_only_refusal(message) or isinstance(error, exc.IntegrityError):
            raise LedgerError(f"the books refuse: {message}") from error
        raise StoreError(f"the database does not answer as it should: {message}") from error
    except exc.TimeoutError as error:
        raise StoreError("all connections to the database are in use; try again") from error
