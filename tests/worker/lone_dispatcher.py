"""Sends what is due on channel ``erp`` and hangs between sending and writing that down.

Run as ``python lone_dispatcher.py DATABASE_URL FOLDER``; says ``sent`` on stdout.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from supplynet.notify.message import Outcome, Outgoing
from supplynet.notify.registry import open_sender, tools_of
from supplynet.notify.routing import Router
from supplynet.notify.settings_file import read_settings
from supplynet.services.outbox import Channels
from supplynet.storage import open_store
from supplynet.worker.dispatch import Dispatcher

UTC_ZONE = ZoneInfo("UTC")


class Hanging:
    """A sender that sends and never comes back."""

    def __init__(self, folder: Path) -> None:
        settings = read_settings(folder)
        tools = tools_of(settings, folder, UTC_ZONE)
        self.inner = open_sender(settings.channels[0], tools, {})

    def send(self, message: Outgoing, now: datetime) -> Outcome:
        outcome = self.inner.send(message, now)
        sys.stdout.write("sent\n" if outcome.ok else f"{outcome.said}\n")
        sys.stdout.flush()
        time.sleep(60)
        return outcome


def main(url: str, folder: Path) -> None:
    settings = read_settings(folder)
    now = datetime(2026, 1, 5, 22, tzinfo=UTC)
    dispatcher = Dispatcher(
        store=open_store(url),
        channels=Channels(
            settings=settings,
            router=Router(settings, lambda _place: (), UTC_ZONE),
            senders={"erp": Hanging(folder)},
        ),
        name="dispatcher-that-dies",
        clock=lambda: now,
        plant_now=lambda: now,
        due_now=lambda: now,
        rng=random.Random(1),
    )
    dispatcher.turn()
    dispatcher.send_due("erp")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
