"""What happens too often for a row each: counted in memory, written to the audit log now and then.

What a crash loses is what was counted since the last write.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from supplynet.services.books import Books
from supplynet.storage.transaction import Note

What = TypeVar("What", bound=Hashable)


class CountedLog(Generic[What]):
    """Counts what is alike; safe to share between threads.

    Args:
        actor: Who writes, for the books.
        most: Different ones between two writes; of what comes beyond, ``shortened`` is counted.
        shortened: The same, told with less.
        note: The row of one, with its count.
    """

    def __init__(
        self,
        actor: str,
        *,
        most: int,
        shortened: Callable[[What], What],
        note: Callable[[What, int], Note],
    ) -> None:
        self._actor, self._most = actor, most
        self._shortened, self._note = shortened, note
        self._lock = threading.Lock()
        self._counts = Counter[What]()

    def add(self, what: What, count: int = 1) -> None:
        """Count one."""
        with self._lock:
            if what not in self._counts and len(self._counts) >= self._most:
                what = self._shortened(what)
            self._counts[what] += count

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
            with books.store.write(self._actor, books.now()) as tx:
                tx.notes += [self._note(what, count) for what, count in taken.items()]
        except Exception:
            for what, count in taken.items():
                self.add(what, count)
            raise
        return len(taken)
