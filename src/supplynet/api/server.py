"""The HTTP server around the application: its limits, its TLS, and how it stops."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
import threading
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

INTERRUPTED = 130
HEAD_SECONDS = 10.0
"""How long a request's head may take; a body has a limit of its own in the application."""
STALLED_SECONDS = 60.0
"""How long an answer may wait for a reader who takes nothing of it."""
MOST_CONNECTIONS = 1000
MOST_HEAD_BYTES = 64 * 1024
KEEP_ALIVE_SECONDS = 15
LAST_REQUESTS_SECONDS = 10
"""How long requests that run may take once the server was told to stop."""


class PatientProtocol(H11Protocol):
    """Closes a connection whose request head is not there in time, or whose answer nobody takes.

    Somebody who sends one header line a minute, or reads none of an answer, would otherwise hold a
    connection for ever, and a thousand of them the server (Slowloris). Whoever reads slowly, but
    reads, has all the time that it takes.
    """

    head_seconds = HEAD_SECONDS
    stalled_seconds = STALLED_SECONDS

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._head: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """A part of a head, or of a body: on a kept connection the first byte starts the clock."""
        cycle: RequestResponseCycle | None = self.cycle
        waits_for_answer = cycle is not None and not cycle.response_complete
        if self._head is None and not waits_for_answer:
            self._wait_for_head()
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has gone."""
        self._stop_waiting()
        self._stop_watching()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """A head that is complete begins a new cycle, and stops the clock."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._stop_waiting()

    def pause_writing(self) -> None:
        """More of an answer is waiting here than the other side takes."""
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """It was taken."""
        self._stop_watching()
        super().resume_writing()

    def _watch(self, waiting: int) -> None:
        self._stop_watching()
        self._stall = self.loop.call_later(self.stalled_seconds, self._look, waiting)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more is asked: what was answered may still wait to be read."""
        super().timeout_keep_alive_handler()
        self._watch_the_rest()

    def _watch_the_rest(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._stall is None:
            self._watch(waiting)

    def _look(self, waiting: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < waiting:
            self._watch(left)
        else:
            self._stall = None
            self.transport.abort()  # to close it would wait for the reader

    def _stop_watching(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _wait_for_head(self) -> None:
        self._head = self.loop.call_later(self.head_seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _too_slow(self) -> None:
        self._head = None
        if not self.transport.is_closing():
            self.transport.close()
            self._watch_the_rest()


def settle() -> None:
    """Keep the garbage collector from what stays: answers wait while it looks.

    What was loaded at the start lives as long as the process and is not looked through for garbage
    any more, which takes tenths of a second each time.
    """
    gc.collect()
    gc.freeze()


class Server(uvicorn.Server):
    """Told to stop, it is first not ready, then takes no more, finishes what runs, and ends.

    Told so twice, it ends at once: what is not committed was never promised to anybody.

    Args:
        config: Of uvicorn.
        stop_delay_seconds: How long it still answers while it is not ready, so that a load
            balancer can look elsewhere.
    """

    def __init__(self, config: uvicorn.Config, *, stop_delay_seconds: float = 0.0) -> None:
        super().__init__(config)
        self._delay, self._stopping = stop_delay_seconds, threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set() or self.should_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Ctrl+C or ``kill``; not raised again at the end, as uvicorn would: we exit with 0."""
        if self.stopping:
            os._exit(INTERRUPTED)
        self._stopping.set()
        if not self._delay:
            self.should_exit = True
            return
        timer = threading.Timer(self._delay, self._end)
        timer.daemon = True
        timer.start()

    def _end(self) -> None:
        self.should_exit = True


def configure_server(
    app: FastAPI, *, host: str, port: int, tls: ssl.SSLContext | None
) -> uvicorn.Config:
    """Limits on what one client can hold; headers of proxies are read by the application alone."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )
