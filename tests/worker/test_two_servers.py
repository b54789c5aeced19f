"""Two servers on one PostgreSQL: they share the work, and one that is killed is replaced."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from supplynet.services.books import CLOCK
from supplynet.storage import Store, events, leases, orders, outbox, plans, values
from supplynet.storage.balances import verify

NOW = datetime(2025, 5, 7, 4, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"of a test, and of nothing else!!").decode()
CHAMPION = "champion"
STANDS_BY = "another server plans"
NOTIFY = """
allow_private_hosts = ["127.0.0.1:{port}"]

[[channel]]
name = "erp"
kind = "webhook"
url = "http://127.0.0.1:{port}/orders"
secret_env = "ERP_SECRET"
"""


@dataclass
class Receiver:
    """Takes webhooks and counts them by id."""

    seen: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def listening(self) -> Iterator[int]:
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                seen[self.headers["webhook-id"]] += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_args: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield int(server.server_address[1])
            finally:
                server.shutdown()
                thread.join()


@dataclass
class Server:
    """One ``supplynet serve`` in a process of its own."""

    folder: Path
    log: Path
    port: int
    process: subprocess.Popen[bytes]

    def post(self, *wanted: dict[str, Any]) -> bool:
        """Whether it has acknowledged these events."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/events",
            data=json.dumps({"events": wanted}).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30):
                return True
        except (urllib.error.URLError, OSError, TimeoutError):
            return False

    @property
    def stands_by(self) -> bool:
        return STANDS_BY in self.log.read_text()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(folder: Path, name: str) -> Iterator[Server]:
    log, port = folder.parent / f"{name}.log", free_port()
    start = "from supplynet.cli.app import main; main()"
    command = [sys.executable, "-c", start, "serve", "-w", str(folder)]
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            stdout=told,
            stderr=told,
            env=os.environ | {"ERP_SECRET": SECRET, "OMP_NUM_THREADS": "1"},
        )
    try:
        yield Server(folder=folder, log=log, port=port, process=process)
    finally:
        process.kill()
        process.wait()


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A Mosquitto of its own; its port."""
    program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        pytest.skip("no Mosquitto: apt-get install mosquitto")
    port, settings = free_port(), folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


def used(number: int, source: str = "plc") -> dict[str, Any]:
    return {
        "schema": 1,
        "source": source,
        "event_id": str(number),
        "type": "consumed",
        "occurred_at": (NOW - timedelta(minutes=5)).isoformat(),
        "location_id": "SR1.ST1.A",
        "part_id": "P-001",
        "quantity": 1,
    }


def counted(place: str, part: str, quantity: int, event_id: str) -> dict[str, Any]:
    what = {"type": "counted", "location_id": place, "part_id": part, "quantity": quantity}
    at = (NOW - timedelta(minutes=10)).isoformat()
    return {"schema": 1, "source": "count", "event_id": event_id, "occurred_at": at} | what


def publish(port: int, numbers: range) -> None:
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for number in numbers:
        body = json.dumps(used(number, "machine"))
        client.publish("supplynet/v1/SR1/ST1/A/consumed", body, qos=1).wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


@dataclass
class Seen:
    """What the books say, asked for by the test."""

    store: Store

    def events(self, source: str) -> int:
        with self.store.read() as tx:
            return sum(event.source == source for event in events.events_between(tx))

    def planner(self) -> str | None:
        with self.store.read() as tx:
            return leases.holder_of(tx, "planner", datetime.now(UTC))

    def proposals(self) -> list[Any]:
        with self.store.read() as tx:
            return orders.list_orders(tx)

    def newest_plan(self) -> Any:
        with self.store.read() as tx:
            return plans.latest_plan(tx)

    def waiting(self) -> int:
        with self.store.read() as tx:
            return outbox.waiting(tx)


def turn_clock(store: Store, now: datetime) -> None:
    with store.write("test", now, audited=False) as tx:
        values.set_value(tx, CLOCK, {"now": now.isoformat(), "speed": 1.0}, audited=False)


@pytest.fixture
def workspace(demo_workspace: Path, bare_store: Store) -> Path:
    """A small plant in the middle of its days, its books empty and in ``bare_store``."""
    from supplynet.storage.migrate import create_or_upgrade

    create_or_upgrade(bare_store)
    turn_clock(bare_store, NOW)
    with bare_store.write("test", NOW, audited=False) as tx:
        values.set_value(tx, CHAMPION, {"model_version": "lightgbm-demo"}, audited=False)
    settings = demo_workspace / "supplynet.toml"
    settings.write_text(f'database_url = "{bare_store.url}"\nautomation_mode = "auto"\n')
    return demo_workspace


@pytest.mark.drill
@pytest.mark.parametrize("bare_store", ["postgres"], indirect=True)
def test_two_servers_share_the_work_and_one_that_is_killed_is_replaced_within_a_minute(
    workspace: Path, bare_store: Store, tmp_path: Path
) -> None:
    receiver, seen = Receiver(), Seen(bare_store)
    with (
        receiver.listening() as port,
        broker(tmp_path) as mqtt_port,
        serving_pair(workspace, port, mqtt_port) as (one, two),
    ):
        for server in (one, two):
            wait_until(lambda server=server: server.post(used(0)), "it answers")  # type: ignore[misc]
        wait_until(lambda: one.stands_by or two.stands_by, "one of them stands by")
        planner, other = (two, one) if one.stands_by else (one, two)
        stock = [counted("WH1", f"P-00{n}", 5000, f"wh-{n}") for n in range(1, 7)]
        assert planner.post(*stock)
        assert other.post(*(counted("SR1", f"P-00{n}", 0, f"sr-{n}") for n in range(1, 7)))
        share(planner, other, range(1, 200))
        publish(mqtt_port, range(50))
        wait_until(lambda: seen.events("machine") == 50, "what machines say is in the books")
        wait_until(lambda: bool(seen.proposals()) and seen.waiting() == 0, "a plan was told")
        time.sleep(5.0)
        assert receiver.seen, "the ERP was told"
        assert set(receiver.seen.values()) == {1}, "and told once"

        before, plan = seen.planner(), seen.newest_plan()
        planner.kill()
        turn_clock(bare_store, NOW + timedelta(hours=1))
        share(other, other, range(200, 300))
        publish(mqtt_port, range(40, 100))
        assert other.post(counted("SR1", "P-001", 1, "after"))
        wait_until(lambda: seen.planner() not in {None, before}, "the other one plans")
        wait_until(lambda: seen.newest_plan() != plan, "and has made a plan")
        wait_until(lambda: seen.events("machine") == 100, "and receives")
    assert seen.events("plc") == 300
    check_books(bare_store)


@contextmanager
def serving_pair(folder: Path, port: int, mqtt_port: int) -> Iterator[tuple[Server, Server]]:
    (folder / "notify.toml").write_text(NOTIFY.format(port=port))
    with (folder / "supplynet.toml").open("a") as settings:
        settings.write(f'mqtt_url = "mqtt://127.0.0.1:{mqtt_port}"\n')
    with serving(folder, "one") as one, serving(folder, "two") as two:
        yield one, two


def share(one: Server, two: Server, numbers: range) -> None:
    """Every event goes to both at once, as from a sender that got no answer."""
    with ThreadPoolExecutor(4) as pool:
        taken = [pool.submit(server.post, used(n)) for n in numbers for server in (one, two)]
        assert all(each.result() for each in taken)


def check_books(store: Store) -> None:
    with store.read() as tx:
        assert verify(tx) == []
        known = [event.key for event in events.events_between(tx)]
        made = Counter(order.key for order in orders.list_orders(tx, states=orders.OPEN))
    assert len(known) == len(set(known))
    assert set(made.values()) <= {1}, "a departure's order was made twice"
