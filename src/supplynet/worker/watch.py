"""Looks at what comes in and at the books themselves, and tells people what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

import structlog

from supplynet.connectors import mqtt
from supplynet.services import intake, verification
from supplynet.services.books import Books, has_plant
from supplynet.storage import alerts
from supplynet.storage.alerts import AlertCause
from supplynet.worker.background import Background
from supplynet.worker.lease import Lease
from supplynet.worker.mqtt import MqttWorker

log = structlog.get_logger()
ACTOR = "watch"
WATCH = "watch"
"""Name of the lease: of several servers one proves the books."""
LOOK_EVERY = timedelta(seconds=15)
PROVE_EVERY = timedelta(hours=1)


class Watch(Background):
    """Runs in a thread while the server runs. What fails is logged and tried at the next look.

    Args:
        books: The workspace.
        broker: Who receives from the MQTT broker.
    """

    def __init__(self, books: Books, broker: MqttWorker) -> None:
        super().__init__("watch")
        self._books, self._broker = books, broker

    def _run(self) -> None:
        looks = 0
        with Lease(self._books.store, WATCH, clock=self._books.wall_clock) as lease:
            while not self._stop.wait(LOOK_EVERY.total_seconds() if looks else 0.0):
                self._try(self.look)
                if lease.held and looks % (PROVE_EVERY // LOOK_EVERY) == 0:
                    self._try(self.prove)
                looks += 1

    def look(self) -> None:
        """Letters that could not be taken, silent machines, a broker that is away."""
        said = self._broker.causes(self._books.wall_clock())
        if said is not None:
            self._say(said, mqtt.KINDS)
        if has_plant(self._books.workspace):
            self._say(intake.causes(self._books, self._books.now()), intake.KINDS)

    def prove(self) -> None:
        """The books prove themselves."""
        found = verification.check(self._books)
        self._say(verification.causes(found), [verification.BOOKS_WRONG])

    def _say(self, causes: Sequence[AlertCause], kinds: Collection[str]) -> None:
        """Open what is wrong and close what no longer is; most of the time neither."""
        wanted = {(cause.open_key, cause.message) for cause in causes}
        with self._books.store.read() as tx:
            known = [each for each in alerts.open_alerts(tx) if each.kind in kinds]
        if wanted == {(alert.open_key, alert.message) for alert in known}:
            return
        with self._books.store.write(ACTOR, self._books.now()) as tx:
            alerts.set_open_alerts(tx, causes, kinds=kinds)

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001 - the next look may succeed
            log.warning("could not look after the books", reason=f"{type(error).__name__}: {error}")
