"""Takes one batch of an MQTT broker into the books and dies. A script, run by its test.

It is killed as by a power cut: after the batch is committed, before it is acknowledged.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supplynet.config import Settings
from supplynet.connectors import mqtt_link
from supplynet.services.books import Books
from supplynet.storage import Workspace, open_store
from supplynet.worker.mqtt import MqttWorker


def die(*_given: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(database: str, folder: str, url: str) -> None:
    mqtt_link.Link.acknowledge = die  # type: ignore[method-assign, assignment]  # here it dies
    books = Books(
        workspace=Workspace(Path(folder)),
        settings=Settings(mqtt_url=url, mqtt_client_id="supplynet"),
        store=open_store(database),
        wall_clock=lambda: datetime(2026, 1, 12, tzinfo=UTC),
    )
    with MqttWorker(books, random.Random(1)):
        threading.Event().wait(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
