"""The live loop beside the server: plan when a cut-off comes near, release what is automatic.

It plans in a process of its own thread; pages and reports are answered meanwhile. Broken input
never stops it: what fails is logged and tried again at the next turn.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Self

import structlog

from supplynet import cycle
from supplynet.errors import SupplyNetError
from supplynet.services import overview, planning
from supplynet.services.books import Books
from supplynet.storage import values
from supplynet.worker.live import LivePlant

log = structlog.get_logger()
ACTOR = "automation"
PLAN_EVERY = timedelta(minutes=5)
PLAN_EVERY_SLOTS = 2
"""A live demo's plan is made anew at every cut-off and at every second slot."""


class Loop:
    """Runs in a thread while the server runs.

    Args:
        books: The workspace.
        speed: Plant seconds per real second of a demo's twin; None = a real plant.
    """

    def __init__(self, books: Books, *, speed: float | None = None) -> None:
        self._books, self._speed = books, speed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supplynet-loop", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        try:
            if self._speed is None:
                self._follow_a_plant()
            else:
                self._play_a_plant(LivePlant(self._books), self._speed)
        except Exception:
            log.exception("the live loop ended; pages and reports go on, planning does not")

    def _follow_a_plant(self) -> None:
        while not self._stop.is_set():
            now = self._books.now()
            self._plan()
            self._release(now, now + PLAN_EVERY)
            self._stop.wait(PLAN_EVERY.total_seconds())

    def _play_a_plant(self, plant: LivePlant, speed: float) -> None:
        slots = 0
        while not self._stop.is_set() and not plant.twin.done:
            begun, start = time.monotonic(), plant.now
            due = plant.twin.due()
            if due or slots % PLAN_EVERY_SLOTS == 0:
                self._plan()
            for batch in due:
                self._release(start, max(each.cutoff_at for each in batch.departures))
                plant.load(batch)
            plant.step(speed)
            slots += 1
            lasts = (plant.now - start).total_seconds() / speed
            self._stop.wait(max(lasts - (time.monotonic() - begun), 0.0))

    def _plan(self) -> None:
        try:
            planning.plan_now(self._books, actor=ACTOR)
        except SupplyNetError as error:
            log.warning("no plan this time", reason=str(error))

    def _release(self, now: datetime, until: datetime) -> None:
        """Approve what is due, unless people decide or someone pressed pause."""
        with self._books.store.read() as tx:
            paused = values.get_value(tx, overview.PAUSED, False)
        if paused or self._books.settings.automation_mode != "auto":
            return
        _, refused = cycle.release_due(self._books.store, actor=ACTOR, now=now, until=until)
        for order in refused:
            log.warning("not released: the source is short", order_id=order.order_id)
