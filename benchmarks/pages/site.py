"""A workspace with a plan, and a real ``supplynet serve`` over it that can be killed."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supplynet import cycle
from supplynet.cli.output import Report
from supplynet.connectors.plant_folder import write_plant
from supplynet.core.events import Event, EventType
from supplynet.core.network import LocationKind
from supplynet.frames.synthetic.plant import demo_plant
from supplynet.services import demo, planning
from supplynet.services.books import open_books
from supplynet.storage import init_workspace

START_SECONDS = 90.0
OPENED = datetime(2026, 1, 5, 6, tzinfo=UTC)


def make_demo(folder: Path, *, size: str, seed: int, report: Report) -> None:
    """The workspace of ``supplynet demo`` with its first plan."""
    demo.run(folder, size=size, seed=seed, report=report)
    books = open_books(folder)
    planning.plan_now(books, actor="demo")
    books.store.close()


def make_wide(folder: Path, *, rows: int, seed: int) -> int:
    """A plant that holds stock of 250 parts in so many showrooms that the table has ``rows``.

    It has no history and no plan: what it is for is the length of its tables.
    """
    parts = min(250, rows)
    plant = demo_plant(showrooms=rows // parts, stations=1, lines="A", parts=parts, seed=seed)
    workspace = init_workspace(folder)
    write_plant(plant, workspace.plant)
    books = open_books(folder)
    counts = [
        Event(
            source="bench",
            event_id=f"{place.location_id}-{part.part_id}",
            type=EventType.COUNTED,
            occurred_at=OPENED,
            location_id=place.location_id,
            part_id=part.part_id,
            quantity=number * 7919 % 997,
            data={"reason": "opening count"},
        )
        for place in plant.locations
        if place.kind is LocationKind.SHOWROOM
        for number, part in enumerate(plant.parts, 1)
    ]
    cycle.take_in(books.store, plant, counts, actor="bench", now=OPENED)
    books.store.close()
    return len(counts)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Site:
    """A server's process, as somebody would start it from a shell.

    Attributes:
        folder: The workspace.
        local: Whoever sits here may do everything, without signing in.
    """

    folder: Path
    local: bool = True
    port: int = field(default_factory=_free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start it; seconds until it answers."""
        begun = time.monotonic()
        command = [sys.executable, "-c", "from supplynet.cli import main; main()", "serve"]
        command += ["--workspace", str(self.folder), "--port", str(self.port)]
        command += ["--local"] if self.local else []
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > begun + START_SECONDS:
                self.kill()
                raise RuntimeError(f"no server: try supplynet serve --workspace {self.folder}")
            time.sleep(0.05)
        return time.monotonic() - begun

    def kill(self) -> None:
        """As the power does: nothing is given back, nothing is said."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """As Ctrl+C does, and at once where that takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=8)
        except subprocess.TimeoutExpired:
            self.kill()

    def cpu_seconds(self) -> float:
        """What the process has taken of the processor so far; Linux."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def settle(self, seconds: float) -> None:
        """Wait until it has planned and rests, or so long."""
        until = time.monotonic() + seconds
        calm, before = 0, self.cpu_seconds()
        while calm < 3 and time.monotonic() < until:
            time.sleep(0.5)
            now = self.cpu_seconds()
            calm = calm + 1 if now - before < 0.05 else 0
            before = now

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/api/v1/health")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Site]:
    """A server over a workspace, while the block runs."""
    site = Site(folder, **options)
    site.start()
    try:
        yield site
    finally:
        site.stop()
