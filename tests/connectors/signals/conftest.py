"""A local server that does as it is told, one act per request, and a clock that tests turn."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from supplynet.connectors.signals.definition import Definition
from supplynet.connectors.signals.http_service import HttpService
from supplynet.connectors.signals.provider import Limits, SignalRequest, SignalSetup

Act = Callable[[BaseHTTPRequestHandler], None]
NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = b'{"rows": [{"day": "2026-01-02", "v": 10.5}, {"day": "2026-01-03", "v": 11}]}'


@dataclass
class Stage:
    """What the server does, one act per request, and what it was asked.

    Attributes:
        acts: The last one is repeated.
        paths, headers: Of the requests so far.
    """

    port: int = 0
    acts: list[Act] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def does(self, *acts: Act) -> None:
        self.acts = list(acts)

    def says(self, body: bytes = GOOD, status: int = 200, **headers: str) -> None:
        self.does(self.answer(body, status, **headers))

    def answer(self, body: bytes = GOOD, status: int = 200, **headers: str) -> Act:
        """An answer as it should be, but for what the test makes wrong."""

        def act(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in {"Content-Length": str(len(body)), **named}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        return act

    def raw(self, content: bytes, *, step: int | None = None, pause: float = 0.0) -> Act:
        """Bytes as they are, ``step`` at a time; then the connection is closed."""

        def act(handler: BaseHTTPRequestHandler) -> None:
            handler.close_connection = True
            size = step or len(content)
            for start in range(0, len(content), size):
                handler.wfile.write(content[start : start + size])
                handler.wfile.flush()
                if pause and self.over.wait(pause):
                    return

        return act

    def stall(self, handler: BaseHTTPRequestHandler) -> None:
        """Take the request and say nothing."""
        handler.close_connection = True
        self.over.wait(20)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        stage: Stage = self.server.stage  # type: ignore[attr-defined]
        stage.paths.append(self.path)
        stage.headers.append({name.lower(): value for name, value in self.headers.items()})
        act = stage.acts.pop(0) if len(stage.acts) > 1 else stage.acts[0]
        act(self)

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stage = Stage(port=self.server_address[1])
        self.stage.says()

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what many tests are about."""


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A server on this machine, stopped at the end with all its threads."""
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.stage
    server.stage.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Clock:
    """Time that passes only by sleeping, and by ``tick`` seconds per look at it."""

    moment: datetime = NOW
    tick: float = 0.0
    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        self.seconds += self.tick
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def warnings() -> list[str]:
    """What providers warned of."""
    return []


@pytest.fixture
def setup(stage: Stage, clock: Clock, tmp_path: Path, warnings: list[str]) -> SignalSetup:
    """Everything a provider needs, with the local server as the only allowed host."""
    return SignalSetup(
        folder=tmp_path / "signals",
        hosts=frozenset({stage.host}),
        private_hosts=frozenset({stage.host}),
        environment={"TEST_KEY": "s3cret-key"},
        limits=Limits(connect_seconds=0.3, read_seconds=0.3, total_seconds=60, attempts=3),
        now=clock.now,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        rng=random.Random(1),
        warn=warnings.append,
    )


Define = Callable[..., Definition]
Ask = Callable[..., SignalRequest]
Fetch = Callable[..., pl.DataFrame]


@pytest.fixture
def define(stage: Stage) -> Define:
    """The smallest definition, with changes: JSON records of a day and a value, a day late."""

    def make(**changes: Any) -> Definition:
        content: dict[str, Any] = {
            "name": "test",
            "title": "A test",
            "kind": "other",
            "url": f"{stage.url}/data",
            "format": "json",
            "parameters": {"s": "{symbol}", "from": "{start}", "to": "{end}"},
            "symbol": {"means": "any name"},
            "rows": {"path": "rows", "time": "day"},
            "values": {"value": {"column": "v"}},
            "publication": {"known": "lag", "lag_hours": 24},
            "requests_per_minute": 6000,
        }
        return Definition.model_validate({**content, **changes})

    return make


@pytest.fixture
def ask() -> Ask:
    """A request for symbols, ``steel`` unless named, from 1 January 2026 up to now."""

    def make(*symbols: str, **changes: Any) -> SignalRequest:
        plain = SignalRequest(symbols=symbols or ("steel",), start=JANUARY, end=NOW)
        return replace(plain, **changes)

    return make


@pytest.fixture
def fetch(define: Define, ask: Ask, setup: SignalSetup) -> Fetch:
    """Fetch by the smallest definition, with changes to it."""

    def run(asked: SignalRequest | None = None, **changes: Any) -> pl.DataFrame:
        return HttpService(define(**changes), setup).fetch(asked or ask())

    return run
