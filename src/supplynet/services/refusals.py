"""Who was refused what: counted, and written to the audit log once a minute.

A row for every refusal would let whoever is refused fill the books, so alike ones are one row with
a count, and of different ones there is a most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from supplynet.services.books import Books
from supplynet.services.counted_log import CountedLog
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


class RefusalLog(CountedLog[Refusal]):
    """Counts refusals; of more different ones than there is room for only who is kept.

    Args:
        monotonic: Seconds.
        every: How many of them pass between two writes.
    """

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, every: float = EVERY_SECONDS
    ) -> None:
        super().__init__(ACTOR, most=MOST_ROWS, shortened=_shortened, note=_note)
        self._monotonic, self._every = monotonic, every
        self._next = monotonic() + every

    def flush(self, books: Books, *, at_once: bool = False) -> int:
        """Write what was counted when it is time; see ``CountedLog.flush``."""
        if not at_once and self._monotonic() < self._next:
            return 0
        self._next = self._monotonic() + self._every
        return super().flush(books)


def _shortened(refusal: Refusal) -> Refusal:
    return Refusal(actor=refusal.actor, origin="", operation=_ANYTHING, status=refusal.status)


def _note(refusal: Refusal, count: int) -> Note:
    return Note(
        action="refused",
        subject=refusal.operation,
        after={"status": refusal.status, "count": count},
        actor=refusal.actor,
        origin=refusal.origin,
    )
