"""What Prometheus is told of the books: read when it asks, and kept for a few seconds.

Labels are names of the program (states, severities, threads), never parts, places or people: a
plant with ten thousand parts has as many series as one with ten.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from supplynet.errors import SupplyNetError
from supplynet.services import audit, backup_retention
from supplynet.services.books import Books
from supplynet.services.readiness import free_bytes, not_ready
from supplynet.services.running import Running
from supplynet.storage.alerts import Severity
from supplynet.storage.deliveries import DeliveryState
from supplynet.storage.figures import Figures, read_figures
from supplynet.storage.jobs import JobState

log = logging.getLogger(__name__)
KEPT_SECONDS = 5.0
_NEWEST = {
    "changes": ("supplynet_changes", "Changes of the books, ever."),
    "movements": ("supplynet_ledger_movements", "Movements in the ledger, ever."),
    "events": ("supplynet_events", "Events taken in, ever."),
    "audit": ("supplynet_audit_rows", "Rows of the audit log, ever."),
}


class BooksCollector(Collector):
    """Reads the books for one registry; a question within ``kept_seconds`` gets the same answer.

    Args:
        books: The workspace.
        running: The rest of the process.
        kept_seconds: Several that ask at once cost one look.
        monotonic: A clock that only rises, seconds.
    """

    def __init__(
        self,
        books: Books,
        running: Running,
        *,
        kept_seconds: float = KEPT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._books, self._running = books, running
        self._kept, self._monotonic = kept_seconds, monotonic
        self._lock = threading.Lock()
        self._families: list[Metric] = []
        self._until = float("-inf")

    def describe(self) -> list[Metric]:
        """Nothing in advance: registering must not read the books."""
        return []

    def collect(self) -> list[Metric]:
        """The metrics; where the books cannot be read, those that need none."""
        with self._lock:
            if self._monotonic() >= self._until:
                self._families = [*self._process(), *self._read()]
                self._until = self._monotonic() + self._kept
            return self._families

    def _process(self) -> Iterator[Metric]:
        threads, broker = self._running.threads(), self._running.mqtt_connected()
        ready = not not_ready(self._books, self._running)
        yield _one("supplynet_ready", "1 when requests are welcome.", ready)
        alive = {name: float(lives) for name, lives in threads.items()}
        yield _by("supplynet_thread_alive", "1 while it works.", "thread", alive)
        if broker is not None:
            yield _one("supplynet_mqtt_connected", "1 while the broker is reached.", broker)
        trouble = bool(self._books.store.write_trouble)
        yield _one("supplynet_write_trouble", "1 when the last write to the books failed.", trouble)
        free = free_bytes(self._books)
        yield _one("supplynet_disk_free_bytes", "Free on the disk of the workspace.", free)

    def _read(self) -> Iterator[Metric]:
        try:
            with self._books.store.read() as tx:
                found, backed_up_at = read_figures(tx), backup_retention.last(tx)
            plant_now, now = self._books.now(), self._books.wall_clock()
            anchor = audit.newest_anchor(self._books)
        except SupplyNetError:
            log.exception("the books cannot be read for the metrics")
            return
        for name, (metric, says) in _NEWEST.items():
            yield CounterMetricFamily(metric, says, value=found.newest[name])
        behind = found.newest["audit"] - (anchor.seq if anchor else 0)
        yield _one("supplynet_audit_unanchored_rows", "After the newest anchor.", max(behind, 0))
        if backed_up_at is not None:
            seconds = (now - backed_up_at).total_seconds()
            yield _one("supplynet_backup_age_seconds", "Of the last scheduled backup.", seconds)
        yield from _states(found)
        if found.oldest_delivery_at is not None:
            seconds = (now - found.oldest_delivery_at).total_seconds()
            yield _one("supplynet_delivery_oldest_seconds", "Of what waits to be sent.", seconds)
        if found.plan_made_at is not None:
            seconds = (plant_now - found.plan_made_at).total_seconds()
            yield _one("supplynet_plan_age_seconds", "Of the newest plan, plant time.", seconds)
        if found.highest_risk is not None:
            says = "Highest halt risk of a line in a shift of the newest plan, 0..1."
            yield _one("supplynet_halt_risk_highest", says, found.highest_risk)


def _states(found: Figures) -> Iterator[Metric]:
    """Counts by state: also those that are 0, so that a rule about them is never without data."""
    jobs = dict.fromkeys(JobState, 0) | dict(found.jobs)
    yield _by("supplynet_jobs", "Jobs kept, by state.", "state", jobs)
    alerts = dict.fromkeys(Severity, 0) | dict(found.open_alerts)
    yield _by("supplynet_open_alerts", "Open alerts.", "severity", alerts)
    letters = dict.fromkeys(("http", "mqtt", "file"), 0) | dict(found.dead_letters)
    yield _by("supplynet_dead_letters", "Waiting for somebody.", "channel", letters)
    sent = dict.fromkeys(DeliveryState, 0) | dict(found.deliveries)
    yield _by("supplynet_deliveries", "Messages to channels, by state.", "state", sent)


def _one(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=float(value))


def _by(name: str, says: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for each, value in values.items():
        family.add_metric([str(each)], float(value))
    return family
