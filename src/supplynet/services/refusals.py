"""Who was refused what: counted in memory, written to the audit log once a minute.

A row for every refusal would let whoever is refused fill the books, so alike ones are one row with
a count, and of different ones there is a most. What a crash loses is the last minute.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from supplynet.services.books import Books
from supplynet.storage.transaction import Note

ACTOR = "refusals"
EVERY_SECONDS = 60.0
MOST_ROWS = 100
"""Of one minute; beyond them it is told who, and how often, and no longer what."""
_ANYTHING = "(more)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One way in which somebody was refused.

    Attributes:
        actor: ``nobody`` where what was shown proved nothing.
        status: Of the answer: 401 or 403.
    """

    actor: str
    origin: str
    operation: str
    status: int


class RefusalLog:
    """Counts refusals; safe to share between threads.

    Args:
        monotonic: Seconds.
        every: How many of them pass between two writes.
    """

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, every: float = EVERY_SECONDS
    ) -> None:
        self._monotonic, self._every = monotonic, every
        self._lock = threading.Lock()
        self._counts = Counter[Refusal]()
        self._next = monotonic() + every

    def add(self, refusal: Refusal, count: int = 1) -> None:
        """Count one; of more different ones than there is room for only who is kept."""
        with self._lock:
            if refusal not in self._counts and len(self._counts) >= MOST_ROWS:
                refusal = Refusal(
                    actor=refusal.actor, origin="", operation=_ANYTHING, status=refusal.status
                )
            self._counts[refusal] += count

    def flush(self, books: Books, *, at_once: bool = False) -> int:
        """Write what was counted, one row each, when it is time; return how many rows.

        Raises:
            StoreError: The books cannot be written; what was counted is kept.
        """
        with self._lock:
            if not at_once and self._monotonic() < self._next:
                return 0
            self._next = self._monotonic() + self._every
            taken, self._counts = self._counts, Counter()
        if not taken:
            return 0
        try:
            with books.store.write(ACTOR, books.now()) as tx:
                tx.notes += [_note(refusal, count) for refusal, count in taken.items()]
        except Exception:
            for refusal, count in taken.items():
                self.add(refusal, count)
            raise
        return len(taken)


def _note(refusal: Refusal, count: int) -> Note:
    return Note(
        action="refused",
        subject=refusal.operation,
        after={"status": refusal.status, "count": count},
        actor=refusal.actor,
        origin=refusal.origin,
    )
