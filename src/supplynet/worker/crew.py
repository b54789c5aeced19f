"""All that works beside HTTP: planning, jobs, messages, machines, and who looks after them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from supplynet.services.books import Books, system_now
from supplynet.worker.anchoring import Anchoring
from supplynet.worker.background import Background
from supplynet.worker.backups import BackupWorker
from supplynet.worker.dispatch import dispatching
from supplynet.worker.drop_folder import DropFolderWorker
from supplynet.worker.jobs import KINDS
from supplynet.worker.loop import Loop
from supplynet.worker.mqtt import MqttWorker
from supplynet.worker.planner import PlannerProcess
from supplynet.worker.runner import JobRunner
from supplynet.worker.watch import Watch


@dataclass(frozen=True)
class Crew:
    """The threads of one process, while they work."""

    backgrounds: tuple[Background, ...]
    broker: MqttWorker

    def threads(self) -> Mapping[str, bool]:
        """Whether each is alive, by name; one that had nothing to do from the start counts so."""
        return {each.name: each.is_alive for each in self.backgrounds}

    def mqtt_connected(self) -> bool | None:
        """Whether the broker is reached; None without one, and where another server receives."""
        status = self.broker.status
        if status is None or not self.broker.receives:
            return None
        return status.connected_since is not None


@contextmanager
def working(books: Books, *, speed: float | None = None) -> Iterator[Crew]:
    """Everything beside HTTP, while the block runs; what runs at its end is given back.

    Several processes may do this on one database: leases say whose turn it is.

    Args:
        books: The workspace.
        speed: Plant seconds per real second of a demo's twin; None = a real plant.

    Raises:
        ConfigError: The settings of a channel or of the broker are wrong.
    """
    with ExitStack() as stack:
        anchoring = stack.enter_context(Anchoring(books))  # the last to end: it signs the head
        planner = PlannerProcess(books)
        loop = stack.enter_context(Loop(books, planner, speed=speed))
        jobs = stack.enter_context(Jobs(books))
        stack.enter_context(dispatching(books))
        drop = stack.enter_context(DropFolderWorker(books))
        broker = MqttWorker(books, random.Random())  # noqa: S311 - spreads tries
        stack.enter_context(broker)
        watch = stack.enter_context(Watch(books, broker))
        backups = stack.enter_context(BackupWorker(books))
        yield Crew((anchoring, loop, jobs, drop, broker, watch, backups), broker)


class Jobs(Background):
    """Runs queued jobs; one that is running at the end is queued again for another process.

    Args:
        books: The workspace.
    """

    def __init__(self, books: Books) -> None:
        super().__init__("jobs")
        self._runner = JobRunner(
            books.store,
            books.workspace.folder,
            KINDS,
            runner_id=f"server-{uuid.uuid4()}",
            clock=system_now,
        )

    def _run(self) -> None:
        self._runner.serve(self._stop)
