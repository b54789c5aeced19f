"""The live loop beside the server: plan when a cut-off comes near, release what is automatic.

It runs in a thread of the server's process; pages and reports are answered meanwhile. Broken
input never stops it: what fails is logged and tried again.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Self

import structlog

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.services import history, overview, planning
from supplynet.services.books import Books
from supplynet.storage import alerts, events, values
from supplynet.storage.alerts import AlertCause, Severity
from supplynet.worker.live import LivePlant

log = structlog.get_logger()
ACTOR = "automation"
PLAN_EVERY = timedelta(minutes=5)
LOOK_EVERY = timedelta(seconds=5)
"""How soon a plan follows a report that may change the risk by itself."""
EVERYDAY = frozenset({EventType.CONSUMED, EventType.COUNTER})
"""Reports that come all the time: a break of pace shows in the next turn's plan."""
TELLING = frozenset(EventType) - EVERYDAY
RELEASE_AHEAD = 2 * PLAN_EVERY
"""Beyond the next turn, however long planning takes: a cut-off between two turns is no excuse."""
PLAN_EVERY_SLOTS = 2
"""A live demo's plan is made anew at every cut-off and at every second slot."""
RETRY_SECONDS = 10.0
ENDED = "demo_ended"


class Loop:
    """Runs in a thread while the server runs; one per workspace.

    Args:
        books: The workspace.
        speed: Plant seconds per real second of a demo's twin; None = a real plant.
        retry_seconds: Between a failure and the next try.
    """

    def __init__(
        self, books: Books, *, speed: float | None = None, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self._books, self._speed, self._retry = books, speed, retry_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supplynet-loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._only_one() as alone:
                    if not alone:
                        log.warning("another server plans this workspace; this one only shows it")
                    elif self._speed is None:
                        self._follow_a_plant()
                    else:
                        self._play_a_plant(LivePlant(self._books), self._speed)
            except Exception:
                log.exception("the live loop failed; it starts again")
            self._stop.wait(self._retry)

    @contextmanager
    def _only_one(self) -> Iterator[bool]:
        """Whether no other server works on this workspace; a lock that ends with the process."""
        with (self._books.workspace.folder / ".loop.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _follow_a_plant(self) -> None:
        while not self._stop.is_set():
            historical = self._plan()
            now = history.as_of(self._books)
            if not historical:
                self._release(now, now + RELEASE_AHEAD)
            self._wait_for_news()

    def _wait_for_news(self) -> None:
        """Until the next turn, or until a count, a receipt, a halt or the like was reported."""
        seen = self._newest()
        for _ in range(round(PLAN_EVERY / LOOK_EVERY)):
            if self._stop.wait(LOOK_EVERY.total_seconds()) or self._newest() > seen:
                return

    def _newest(self) -> int:
        with self._books.store.read() as tx:
            return events.newest_seq(tx, TELLING)

    def _play_a_plant(self, plant: LivePlant, speed: float) -> None:
        """Plays until the demo's future is over, then says so and waits to be stopped."""
        slots = 0
        while not self._stop.is_set() and not plant.done:
            begun, start = time.monotonic(), plant.now
            due = plant.due()
            if due or slots % PLAN_EVERY_SLOTS == 0:
                self._plan()
            for batch in due:
                self._release(start, max(each.cutoff_at for each in batch.departures))
            plant.step(speed)
            slots += 1
            lasts = (plant.now - start).total_seconds() / speed
            self._stop.wait(max(lasts - (time.monotonic() - begun), 0.0))
        if plant.done:
            self._say_that_it_is_over(plant.now)
            self._stop.wait()

    def _plan(self) -> bool:
        """Plan; whether that was for a moment long ago. What fails is tried at the next turn."""
        try:
            return planning.plan_now(self._books, actor=ACTOR).historical
        except Exception as error:  # noqa: BLE001 - the plant goes on, whatever it is
            log.warning("no plan this time", reason=f"{type(error).__name__}: {error}")
            return False

    def _release(self, now: datetime, until: datetime) -> None:
        """Approve what is due, unless people decide or someone pressed pause."""
        books = self._books
        with books.store.read() as tx:
            paused = values.get_value(tx, overview.PAUSED, False)
        if paused or books.settings.automation_mode != "auto":
            return
        _, refused = cycle.release_due(books.store, books.plant, actor=ACTOR, now=now, until=until)
        for order in refused:
            log.warning("not released: the source has none", order_id=order.order_id)

    def _say_that_it_is_over(self, now: datetime) -> None:
        over = AlertCause(
            severity=Severity.INFO,
            kind=ENDED,
            message="The demo's plant has come to the end of its days: run supplynet demo again.",
        )
        with self._books.store.write(ACTOR, now) as tx:
            alerts.set_open_alerts(tx, [over], kinds=[ENDED])
