"""A receiver on this machine that does as it is told, and what senders work with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supplynet.notify.message import Outgoing, Tools
from supplynet.outbound.hosts import HostGuard, resolve

Act = Callable[[BaseHTTPRequestHandler], None]
NOW = datetime(2026, 1, 5, 22, tzinfo=UTC)


@dataclass
class Receiver:
    """Answers one act per request, the last one again and again; keeps what it was sent."""

    port: int = 0
    acts: list[Act] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def says(self, *statuses: int, **headers: str) -> None:
        self.acts = [self.answer(status, b"", **headers) for status in statuses]

    def answer(self, status: int, body: bytes = b"", **headers: str) -> Act:
        def act(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in {"Content-Length": str(len(body)), **named}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        return act

    def stall(self, handler: BaseHTTPRequestHandler) -> None:
        """Take the message and say nothing."""
        handler.close_connection = True
        self.over.wait(20)

    def drop(self, handler: BaseHTTPRequestHandler) -> None:
        """Close in the middle of the answer."""
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
        receiver.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        act = receiver.acts.pop(0) if len(receiver.acts) > 1 else receiver.acts[0]
        act(self)

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = Receiver(port=self.server_address[1])
        self.receiver.says(200)

    def handle_error(self, *_: Any) -> None:
        """A sender that hangs up is what some tests are about."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.receiver
    server.receiver.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def guard_of(*hosts: str, private: bool = True, addresses: list[str] | None = None) -> HostGuard:
    names = frozenset(hosts)
    return HostGuard(
        names,
        names if private else frozenset(),
        resolve if addresses is None else lambda _host, _port: addresses,
        hosts_key="allow_hosts",
        private_key="allow_private_hosts",
        file="notify.toml",
    )


@pytest.fixture
def tools(tmp_path: Path, receiver: Receiver) -> Tools:
    """With the receiver as the only host that may be reached."""
    return Tools(
        guard=guard_of(receiver.host), folder=tmp_path, zone=ZoneInfo("UTC"), total_seconds=5.0
    )


@pytest.fixture
def guard() -> Callable[..., HostGuard]:
    return guard_of


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def alert() -> Callable[..., Outgoing]:
    """An alert that was raised now, with changes."""

    def make(**changes: Any) -> Outgoing:
        payload = {
            "turn": "raised",
            "at": "2026-01-05T22:00:00Z",
            "alert_id": "a1",
            "key": "halt_risk/SR1.ST1.A/bolt",
            "kind": "halt_risk",
            "severity": "warning",
            "message": "SR1.ST1.A runs out of bolt at 03:10.",
            "location_id": "SR1.ST1.A",
            "part_id": "bolt",
            "raised_at": "2026-01-05T22:00:00Z",
            "acknowledged_by": None,
            "snoozed_until": None,
            "escalations": 0,
            "to": "",
        }
        return Outgoing(message_id="m1", kind="alert", payload=payload | changes, created_at=NOW)

    return make


@pytest.fixture
def order() -> Callable[..., Outgoing]:
    """An order that was approved now, with changes."""

    def make(**changes: Any) -> Outgoing:
        payload = {
            "order_id": "o1",
            "state": "approved",
            "part_id": "bolt",
            "from_location": "WH1",
            "to_location": "SR1",
            "departure_at": "2026-01-06T01:30:00Z",
            "quantity": 240,
        }
        return Outgoing(message_id="m1", kind="order", payload=payload | changes, created_at=NOW)

    return make
