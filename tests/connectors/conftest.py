"""MQTT brokers for a test, a publisher, and the books of a small plant."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as clock_time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from supplynet.config import Settings
from supplynet.connectors import mqtt_link
from supplynet.connectors.mqtt_broker import Broker
from supplynet.connectors.plant_folder import write_plant
from supplynet.core.network import (
    Duration,
    Lane,
    Location,
    LocationKind,
    Part,
    Plant,
    PurchaseRule,
    Requirement,
    SupplyRule,
)
from supplynet.core.shifts import ShiftCalendar, ShiftPattern
from supplynet.services.books import Books
from supplynet.storage import Store, Workspace

PATIENCE_SECONDS = 60.0
Sent = tuple[str, bytes]
HERE = "127.0.0.1"


@dataclass
class Mosquitto:
    """A Mosquitto of our own on a loopback port; what it has to keep survives a restart."""

    folder: Path
    program: str
    settings: str = "allow_anonymous true\n"
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        self.port = self.port or _free_port()
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text(
            f"listener {self.port} {HERE}\nuser root\npersistence true\n"
            f"persistence_location {self.folder}/\nmax_queued_messages 0\n{self.settings}"
        )
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "-c", str(configuration)], stdout=log, stderr=log
            )
        _wait_until(lambda: _answers(self.port), "Mosquitto does not start")

    def stop(self) -> None:
        """As an administrator stops it: it writes down what waits."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=PATIENCE_SECONDS)
            self._process = None

    def broker(self, **changed: Any) -> Broker:
        return Broker(host=HERE, port=self.port, client_id="books", **changed)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A Mosquitto that has not been started yet."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin") or shutil.which(
        "mosquitto"
    )
    if program is None:
        pytest.skip("no mosquitto here")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    made = Mosquitto(folder=folder, program=program)
    yield made
    made.stop()


class Amqtt:
    """An amqtt broker in a thread; it speaks MQTT 3.1.1, and is no broker to restart midway."""

    def __init__(self) -> None:
        self.port = _free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._broker: Any = None

    def start(self) -> None:
        from amqtt.broker import Broker as AmqttBroker

        self._thread.start()
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"{HERE}:{self.port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }

        async def begin() -> None:
            self._broker = AmqttBroker(config)
            await self._broker.start()

        self._wait_for(begin())

    def close(self) -> None:
        async def end() -> None:
            with contextlib.suppress(TimeoutError):  # its shutdown hangs now and then
                await asyncio.wait_for(self._broker.shutdown(), timeout=5)
            others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
            for each in others:
                each.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._wait_for(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=PATIENCE_SECONDS)
        self._loop.close()

    def broker(self) -> Broker:
        return Broker(host=HERE, port=self.port, client_id="books")

    def _wait_for(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=PATIENCE_SECONDS)


@pytest.fixture
def amqtt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Amqtt]:
    """An amqtt broker that runs."""
    pytest.importorskip("amqtt")
    # It takes an MQTT 5 greeting for a part of a longer one and waits for the rest.
    monkeypatch.setattr(mqtt_link, "PATIENCE_SECONDS", 0.3)
    made = Amqtt()
    made.start()
    yield made
    made.close()


def batched(messages: Iterable[Sent], count: int) -> Iterator[list[Sent]]:
    rest = iter(messages)
    while some := list(islice(rest, count)):
        yield some


@pytest.fixture
def publish() -> Callable[..., None]:
    """Publishes ``(topic, payload)`` with QoS 1 and waits until the broker has all of them."""

    def send(
        port: int, messages: Iterable[tuple[str, bytes]], *, at_once: int = 500, **login: str
    ) -> None:
        client = Client(CallbackAPIVersion.VERSION2)
        if login:
            client.username_pw_set(**login)
        client.max_inflight_messages = at_once
        acknowledged = threading.Semaphore(0)
        client.on_publish = lambda *_: acknowledged.release()
        client.connect(HERE, port)
        client.loop_start()
        try:
            # A client has 65,535 numbers for what is not acknowledged yet.
            for some in batched(messages, 10_000):
                for topic, payload in some:
                    client.publish(topic, payload, qos=1)
                for _ in some:
                    taken = acknowledged.acquire(timeout=PATIENCE_SECONDS)
                    assert taken, "the broker does not take it"
        finally:
            client.disconnect()
            client.loop_stop()

    return send


@pytest.fixture
def until() -> Callable[..., None]:
    """Waits until something is true."""
    return _wait_until


@pytest.fixture(scope="session")
def small_plant() -> Plant:
    """WH1 and the store SR1 hold stock; lines SR1.ST1.A and .B use bolts and nuts."""
    lines = ("SR1.ST1.A", "SR1.ST1.B")
    return Plant(
        plant_id="small",
        time_zone="UTC",
        parts=(Part(part_id="bolt"), Part(part_id="nut")),
        locations=(
            Location(location_id="ACME", kind=LocationKind.SUPPLIER),
            Location(location_id="WH1", kind=LocationKind.WAREHOUSE, holds_stock=True),
            Location(location_id="SR1", kind=LocationKind.SHOWROOM, holds_stock=True),
            Location(location_id="SR1.ST1", kind=LocationKind.STATION, parent_id="SR1"),
            *(
                Location(location_id=line, kind=LocationKind.LINE, parent_id="SR1.ST1")
                for line in lines
            ),
        ),
        requirements=tuple(
            Requirement(line_id=line, part_id=part, quantity=Decimal(1))
            for line in lines
            for part in ("bolt", "nut")
        ),
        lanes=(
            Lane(
                lane_id="WH1-SR1",
                from_location="WH1",
                to_location="SR1",
                departures=(clock_time(5), clock_time(17)),
                cutoff_minutes=60,
                transit=Duration(low=60, mode=60, high=60),
                time_zone="UTC",
            ),
        ),
        supply_rules=tuple(
            SupplyRule(stock_point_id="SR1", part_id=part, lane_ids=("WH1-SR1",), container_size=10)
            for part in ("bolt", "nut")
        ),
        purchase_rules=tuple(
            PurchaseRule(
                warehouse_id="WH1",
                part_id=part,
                supplier_id="ACME",
                lead_time=Duration(low=2880, mode=2880, high=2880),
                reorder_point=500,
                order_up_to_level=1000,
            )
            for part in ("bolt", "nut")
        ),
        calendars=(
            ShiftCalendar(
                calendar_id="site",
                time_zone="UTC",
                patterns=(
                    ShiftPattern(name="day", start=clock_time(6), end=clock_time(18)),
                    ShiftPattern(name="night", start=clock_time(18), end=clock_time(6)),
                ),
            ),
        ),
    )


@pytest.fixture
def books_of(tmp_path: Path, small_plant: Plant) -> Callable[..., Books]:
    """Books of the small plant in a store, a week after what the tests report."""

    def make(store: Store, **settings: Any) -> Books:
        workspace = Workspace(tmp_path / "workspace")
        if not workspace.plant.is_dir():
            write_plant(small_plant, workspace.plant)
        return Books(
            workspace=workspace,
            settings=Settings(**settings),
            store=store,
            wall_clock=lambda: datetime(2026, 1, 12, tzinfo=UTC),
        )

    return make


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HERE, 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HERE, port), timeout=1):
        return True
    return False


def _wait_until(true: Callable[[], bool], otherwise: str = "it does not come true") -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.01)
