"""What a function of the books is handed: one snapshot to read, or one transaction to write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table

from supplynet.core.origin import ORIGIN

__all__ = ["ORIGIN", "Note", "ReadTx", "WriteTx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line for the audit log.

    Attributes:
        action: What was done, in one word: ``order_approved``.
        subject: To what: an id.
        before, after: What JSON can hold; None where there is nothing to say.
        reason: Why, as the actor said it.
        actor: Who did it, where that is another than who writes it down; "" = the same.
        origin: From where, likewise; None = from where the transaction comes.
    """

    action: str
    subject: str
    before: Any = None
    after: Any = None
    reason: str = ""
    actor: str = ""
    origin: str | None = None


@dataclass(slots=True, kw_only=True)
class ReadTx:
    """One consistent state of the books: all reads see the same moment.

    Attributes:
        connection: For SQL that no module of ``storage`` offers.
    """

    connection: Connection

    @property
    def is_sqlite(self) -> bool:
        """Whether these books are in SQLite, else in PostgreSQL."""
        return self.connection.dialect.name == "sqlite"


@dataclass(slots=True, kw_only=True)
class WriteTx(ReadTx):
    """One short transaction. Notes and changes are written when it commits, or not at all.

    Attributes:
        actor: The person or machine behind it.
        now: The moment that the books give to it, aware.
    """

    actor: str
    now: datetime
    notes: list[Note] = field(default_factory=list)
    changed: dict[tuple[str, str], None] = field(default_factory=dict)
    _last_seq: dict[str, int] = field(default_factory=dict)

    def note(
        self, action: str, subject: str, *, before: Any = None, after: Any = None, reason: str = ""
    ) -> None:
        """Put a line into the audit log."""
        self.notes.append(
            Note(action=action, subject=subject, before=before, after=after, reason=reason)
        )

    def change(self, kind: str, ref: str) -> None:
        """Tell the change feed that ``ref`` of this ``kind`` is new or other than before."""
        self.changed[kind, ref] = None

    def take_seq(self, table: Table, count: int = 1, *, last: int | None = None) -> int:
        """First of the next ``count`` numbers of ``table.seq``; without gaps, in commit order.

        Right because only one transaction writes at a time: see ``Store.write``. ``last`` is the
        newest number there, where the caller has just read it.
        """
        last = self._last_seq.get(table.name, last)
        if last is None:
            newest = self.connection.exec_driver_sql(f"SELECT MAX(seq) FROM {table.name}")  # noqa: S608 - a name of ours
            last = newest.scalar() or 0
        self._last_seq[table.name] = last + count
        return last + 1
