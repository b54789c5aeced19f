"""Who has looked at what: counted in memory, written to the audit log every few seconds.

A write for every read would let readers hold up the plant. What a crash loses is the reads of the
last few seconds; what was changed is never lost, for that is written with the change.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from supplynet.services.books import Books
from supplynet.storage.transaction import Note

ACTOR = "reads"
_MOST_KEYS = 10_000
_LONGEST_SUBJECT = 256
_ANYTHING = "(more)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One way in which somebody looked at something.

    Attributes:
        subject: What of it: ids and filters; "" = all.
    """

    actor: str
    origin: str
    operation: str
    subject: str = ""


class ReadLog:
    """Counts reads; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = Counter[Read]()

    def add(self, read: Read, count: int = 1) -> None:
        """Count one; of more different ones than anybody needs only who and how is kept."""
        with self._lock:
            if read not in self._counts and len(self._counts) >= _MOST_KEYS:
                read = Read(actor=read.actor, origin=read.origin, operation=_ANYTHING)
            self._counts[read] += count

    def flush(self, books: Books) -> int:
        """Write what was counted, one row each, and return how many rows.

        Raises:
            StoreError: The books cannot be written; what was counted is kept.
        """
        with self._lock:
            taken, self._counts = self._counts, Counter()
        if not taken:
            return 0
        try:
            with books.store.write(ACTOR, books.now()) as tx:
                tx.notes += [_note(read, count) for read, count in taken.items()]
        except Exception:
            for read, count in taken.items():
                self.add(read, count)
            raise
        return len(taken)


def _note(read: Read, count: int) -> Note:
    subject = f"{read.operation} {read.subject}".strip()
    return Note(
        action="read",
        subject=subject[:_LONGEST_SUBJECT],
        after={"count": count},
        actor=read.actor,
        origin=read.origin,
    )
