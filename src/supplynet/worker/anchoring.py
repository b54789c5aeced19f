"""What keeps the audit log while a server runs: reads and refusals are noted, its head anchored."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from supplynet.errors import SupplyNetError
from supplynet.services import audit as kept
from supplynet.services.books import Books
from supplynet.services.reads import ReadLog
from supplynet.services.refusals import RefusalLog
from supplynet.storage import alerts, audit
from supplynet.storage.alerts import AlertCause, Severity
from supplynet.worker.background import Background

log = structlog.get_logger()
ACTOR = "anchoring"
NOT_ANCHORED = "audit_not_anchored"
"""Kind of the alert while the head cannot be kept outside the books."""
FLUSH_SECONDS = 5.0
LOOK_SECONDS = 5.0
EVERY_ROWS = 100
EVERY = timedelta(minutes=10)


class ReadWriter(Background):
    """Writes counted reads and refusals into the audit log, at the end too.

    Args:
        books: The workspace.
        reads: Where requests are counted.
        refusals: Where refused ones are.
    """

    def __init__(self, books: Books, reads: ReadLog, refusals: RefusalLog | None = None) -> None:
        super().__init__("reads")
        self._books, self._reads, self._refusals = books, reads, refusals or RefusalLog()

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self._flush()
        self._flush(at_the_end=True)

    def _flush(self, *, at_the_end: bool = False) -> None:
        try:
            self._reads.flush(self._books)
            self._refusals.flush(self._books, at_once=at_the_end)
        except Exception as error:  # noqa: BLE001 - they are kept for the next time
            log.warning("reads are not written down", reason=f"{type(error).__name__}: {error}")


class Anchoring(Background):
    """Anchors the audit log every 100 rows or ten minutes, whichever comes first, and at the end.

    Args:
        books: The workspace.
    """

    def __init__(self, books: Books) -> None:
        super().__init__("anchoring")
        self._books = books
        self._anchored = 0
        self._at = time.monotonic()

    def _run(self) -> None:
        self._try(self._begin)
        while not self._stop.wait(LOOK_SECONDS):
            self._try(self.look)
        self._try(self.anchor)

    def _begin(self) -> None:
        newest = kept.newest_anchor(self._books)
        self._anchored = 0 if newest is None else newest.seq

    def look(self) -> None:
        """Anchor where it is time for it."""
        with self._books.store.read() as tx:
            rows = audit.head(tx)[0] - self._anchored
        late = time.monotonic() >= self._at + EVERY.total_seconds()
        if rows >= EVERY_ROWS or (rows and late):
            self.anchor()

    def anchor(self) -> None:
        """Anchor now, and open or close the alert that says that it cannot be done."""
        try:
            made = kept.anchor(self._books)
        except SupplyNetError as error:
            self._say([_cause(str(error))])
            self._at = time.monotonic()
            raise
        self._say([])
        if made is not None:
            self._anchored = made.seq
        self._at = time.monotonic()

    def _say(self, causes: list[AlertCause]) -> None:
        with self._books.store.read() as tx:
            known = [each.message for each in alerts.open_alerts(tx) if each.kind == NOT_ANCHORED]
        if known == [cause.message for cause in causes]:
            return
        with self._books.store.write(ACTOR, self._books.now()) as tx:
            alerts.set_open_alerts(tx, causes, kinds=[NOT_ANCHORED])

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001 - the next look may succeed
            log.warning("the audit log is not anchored", reason=f"{type(error).__name__}: {error}")


def _cause(why: str) -> AlertCause:
    return AlertCause(
        severity=Severity.WARNING, kind=NOT_ANCHORED, message=f"{why[0].upper()}{why[1:]}."
    )
