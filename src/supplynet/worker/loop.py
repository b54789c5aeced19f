"""The live loop beside the server: plan when a cut-off comes near, release what is automatic.

It runs in a thread of the server's process; pages and reports are answered meanwhile. Broken
input never stops it: what fails is logged and tried again.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog

from supplynet import cycle
from supplynet.core.events import EventType
from supplynet.errors import NotFound
from supplynet.services import history, overview, pace
from supplynet.services.books import Books
from supplynet.storage import alerts, events, values
from supplynet.storage.alerts import AlertCause, Severity
from supplynet.worker.background import Background
from supplynet.worker.lease import Lease
from supplynet.worker.live import LivePlant
from supplynet.worker.planner import ACTOR, OwnPlanner, Planner

log = structlog.get_logger()
PLAN_EVERY = timedelta(minutes=5)
PLANNER = "planner"
"""Name of the lease: of several servers on the same books one plans."""
LOOK_EVERY = timedelta(seconds=1)
"""How often it is looked for reports that another process took in; this one's own wake the loop."""
SETTLE_SECONDS = 0.1
"""Reports rarely come alone: a plan waits so long for the others."""
EVERYDAY = frozenset({EventType.CONSUMED, EventType.COUNTER})
"""Reports that come all the time: they bring a plan only when they break the pace."""
PACE_EVERY = timedelta(seconds=20)
"""How often that is looked at."""
TELLING = frozenset(EventType) - EVERYDAY
RELEASE_AHEAD = 2 * PLAN_EVERY
"""Beyond the next turn, however long planning takes: a cut-off between two turns is no excuse."""
PLAN_EVERY_SLOTS = 2
"""A live demo's plan is made anew at every cut-off and at every second slot."""
RETRY_SECONDS = 10.0
ENDED = "demo_ended"


class Loop(Background):
    """Runs in a thread while the server runs; one per workspace.

    Args:
        books: The workspace.
        planner: Makes the plans; None = this thread does.
        speed: Plant seconds per real second of a demo's twin; None = a real plant.
        retry_seconds: Between a failure and the next try.
    """

    def __init__(
        self,
        books: Books,
        planner: Planner | None = None,
        *,
        speed: float | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        super().__init__("loop")
        self._books, self._speed, self._retry = books, speed, retry_seconds
        self._planner = OwnPlanner(books) if planner is None else planner
        self._missing = ""

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._planner.close()
        super().__exit__(*error)

    def _run(self) -> None:
        lease = Lease(self._books.store, PLANNER, clock=self._books.wall_clock)
        standing_by = False
        with lease:
            while not self._stop.is_set():
                try:
                    if lease.held:
                        standing_by = False
                        self._work(lease)
                    elif not standing_by:
                        standing_by = True
                        log.info("another server plans on these books; this one stands by")
                except NotFound as error:
                    if str(error) != self._missing:  # said once, not every ten seconds
                        log.warning("the live loop waits", reason=str(error))
                    self._missing = str(error)
                except Exception:
                    log.exception("the live loop failed; it starts again")
                self._stop.wait(self._retry)

    def _work(self, lease: Lease) -> None:
        if self._speed is None:
            self._follow_a_plant(lease)
        else:
            self._play_a_plant(LivePlant(self._books), self._speed, lease)

    def _follow_a_plant(self, lease: Lease) -> None:
        while lease.held and not self._stop.is_set():
            begun, seen = time.monotonic(), self._newest()  # what comes meanwhile is news
            wall = self._books.wall_clock()
            planned = self._plan()
            if self._stop.is_set():
                return
            now = history.as_of(self._books)
            if now >= wall or self._books.is_simulated:  # else data of long ago: nothing leaves
                self._release(now, now + RELEASE_AHEAD)
            took = time.monotonic() - begun
            self._until_the_next_plan(seen, took=took if planned else max(took, self._retry))

    def _until_the_next_plan(self, seen: int, took: float) -> None:
        """Its turn comes, or there is news; then what the news does to the lines is shown at once.

        Plans rest as long as the last one took, or counts all day long would keep a processor busy.
        """
        begun = time.monotonic()
        turn = begun + PLAN_EVERY.total_seconds()
        until = turn
        while not self._stop.is_set() and time.monotonic() < until:
            places, seen = self._news(seen, until)
            if places:
                self._refresh(places)
                until = min(begun + took, turn)

    def _news(self, seen: int, until: float) -> tuple[set[str], int]:
        """Wait for a count, a receipt, a halt or the like, or a break of pace.

        Returns:
            Where such things were reported, none when the time is over; and the newest report.
        """
        moves, pace_at = 0, time.monotonic() + PACE_EVERY.total_seconds()
        while not self._stop.is_set() and time.monotonic() < until:
            newest = self._newest()
            if newest > seen and self._places_after(seen):
                self._stop.wait(SETTLE_SECONDS)
                newest = self._newest()
                return self._places_after(seen), newest
            seen = newest
            if time.monotonic() >= pace_at:
                pace_at += PACE_EVERY.total_seconds()
                fast = pace.broken(self._books, self._books.now())
                if fast:
                    return {line for line, _ in fast}, seen
            left = until - time.monotonic()
            moves = self._books.store.wait_for_change(moves, min(LOOK_EVERY.total_seconds(), left))
        return set(), seen

    def _newest(self) -> int:
        with self._books.store.read() as tx:
            return events.newest_seq(tx)

    def _places_after(self, seen: int) -> set[str]:
        with self._books.store.read() as tx:
            return events.places_after(tx, seen, TELLING)

    def _refresh(self, places: set[str]) -> None:
        """Show what the news does to the lines around it; a plan follows, whatever happens."""
        try:
            self._planner.refresh(places)
        except Exception as error:  # noqa: BLE001 - the plan will tell
            self._complain("not refreshed", error)
        self._books.store.look()

    def _play_a_plant(self, plant: LivePlant, speed: float, lease: Lease) -> None:
        """Plays until the demo's future is over, then says so and waits to be stopped."""
        slots = 0
        while lease.held and not self._stop.is_set() and not plant.done:
            begun, start = time.monotonic(), plant.now
            due = plant.due()
            if due or slots % PLAN_EVERY_SLOTS == 0:
                self._plan()
                if self._stop.is_set():
                    return
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
        """Plan; whether that was done. What fails is tried at the next turn."""
        try:
            self._planner.plan()
        except Exception as error:  # noqa: BLE001 - the plant goes on, whatever it is
            self._complain("no plan this time", error)
            return False
        finally:
            self._books.store.look()
        return True

    def _complain(self, what: str, error: Exception) -> None:
        if not self._stop.is_set():
            log.warning(what, reason=f"{type(error).__name__}: {error}")

    def _release(self, now: datetime, until: datetime) -> None:
        """Approve what is due, unless people decide or someone pressed pause."""
        books = self._books
        with books.store.read() as tx:
            paused = values.get_value(tx, overview.PAUSED, False)
        if paused:
            return
        settings = books.settings
        _, refused = cycle.release_due(
            books.store,
            books.plant,
            actor=ACTOR,
            now=now,
            until=until,
            may=lambda order: cycle.may_release(order, books.plant, settings),
            hold=settings.anomaly_hold and settings.anomaly_alarms_per_week > 0,
            limits=cycle.limits_of(books.plant, settings),
        )
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
