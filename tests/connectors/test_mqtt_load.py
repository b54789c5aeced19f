"""A thousand events a second into the ledger, for ten minutes; a shorter run by a variable:

``MQTT_LOAD_SECONDS=60 python -m pytest --drill -s tests/connectors/test_mqtt_load.py``
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from supplynet.core.ledger import Account
from supplynet.services import intake
from supplynet.services.books import Books
from supplynet.storage import Store, ledger
from supplynet.storage.balances import verify
from supplynet.storage.tables import events as table
from supplynet.worker.mqtt import MqttWorker

SECONDS = int(os.environ.get("MQTT_LOAD_SECONDS", "600"))
RATE = int(os.environ.get("MQTT_LOAD_RATE", "1000"))
MOST_P99_MILLISECONDS = 250
MOST_GROWTH = 0.05


class Latencies:
    """From publish to commit, in whole milliseconds; takes the same memory for any number."""

    def __init__(self) -> None:
        self.seen: Counter[int] = Counter()

    def note(self, event_ids: Iterator[str]) -> None:
        now = time.time_ns()
        for event_id in event_ids:
            waited = (now - int(event_id.partition("-")[2])) // 1_000_000
            self.seen[min(waited, 100_000)] += 1

    def quantile(self, share: float) -> int:
        left = share * self.seen.total()
        for waited in sorted(self.seen):
            left -= self.seen[waited]
            if left <= 0:
                return waited
        raise AssertionError("nothing was seen")


@contextmanager
def memory_samples() -> Iterator[list[int]]:
    """Resident bytes of this process, once a second."""
    samples: list[int] = []
    stop = threading.Event()
    page = resource.getpagesize()

    def sample() -> None:
        while not stop.wait(1.0):
            samples.append(int(Path("/proc/self/statm").read_text().split()[1]) * page)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    yield samples
    stop.set()
    thread.join()


@pytest.mark.drill
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_a_thousand_events_a_second_are_taken_within_a_quarter_second_in_flat_memory(
    mosquitto: Any,
    sqlite_store: Store,
    books_of: Callable[..., Books],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mosquitto.start()
    books = books_of(sqlite_store, mqtt_url=f"mqtt://127.0.0.1:{mosquitto.port}")
    latencies, take_letters = Latencies(), intake.take_letters

    def take(some_books: Books, letters: Any, *, actor: str) -> Any:
        taken = take_letters(some_books, letters, actor=actor)
        latencies.note(letter.event.event_id for letter in letters)
        return taken

    monkeypatch.setattr(intake, "take_letters", take)
    script = Path(__file__).with_name("mqtt_machines.py")
    worker = MqttWorker(books, random.Random(1))
    with worker, memory_samples() as samples:
        _wait(lambda: worker.status is not None and worker.status.connected_since is not None)
        lasted = subprocess.run(
            [sys.executable, str(script), str(mosquitto.port), str(RATE), str(SECONDS)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        _wait(lambda: latencies.seen.total() >= RATE * SECONDS)
    settled = samples[min(120, len(samples) // 2)]
    growth = max(samples[-5:]) / settled - 1
    p50, p99 = latencies.quantile(0.5), latencies.quantile(0.99)
    sys.stderr.write(
        f"\n{RATE * SECONDS:,} events in {float(lasted):.0f} s: p50 {p50} ms, p99 {p99} ms, "
        f"most {max(latencies.seen)} ms; {settled / 1e6:.0f} MB, grew by {growth:.1%}; "
        f"load {os.getloadavg()[0]:.1f}\n"
    )
    _nothing_is_lost(sqlite_store, RATE * SECONDS)
    assert growth < MOST_GROWTH
    assert p99 < MOST_P99_MILLISECONDS


def _nothing_is_lost(store: Store, count: int) -> None:
    with store.read() as tx:
        assert tx.connection.scalar(select(func.count()).select_from(table)) == count
        used = [n for key, n in ledger.balances(tx).items() if key[2] is Account.CONSUMED]
        assert sum(used) == count
        assert verify(tx) == []


def _wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, "it does not come true"
        time.sleep(0.05)
