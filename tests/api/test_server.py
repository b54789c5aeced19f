"""The HTTP server around the application: slow heads, and how a real process stops."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from supplynet.api.server import PatientProtocol
from supplynet.storage import init_workspace

HERE = "127.0.0.1"
Serve = Callable[..., AbstractContextManager[uvicorn.Server]]


class Hurried(PatientProtocol):
    head_seconds = 0.3
    stalled_seconds = 0.3


async def answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.fixture
def port(serve: Serve) -> Iterator[int]:
    with serve(answer, http=Hurried, lifespan="off") as server:
        yield server.servers[0].sockets[0].getsockname()[1]


HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
def test_a_head_that_trickles_is_cut_off(port: int, kept: bool) -> None:
    with socket.create_connection((HERE, port), timeout=20) as slow:
        if kept:
            slow.sendall(HEAD + b"\r\n")
            assert slow.recv(1000).startswith(b"HTTP/1.1 204")
        slow.sendall(HEAD)
        assert slow.recv(1000) == b""  # the server hung up, without a word


def test_a_connection_that_says_nothing_is_cut_off(port: int) -> None:
    with socket.create_connection((HERE, port), timeout=20) as silent:
        assert silent.recv(1000) == b""


def test_heads_that_come_in_time_are_answered_again_and_again(port: int) -> None:
    with socket.create_connection((HERE, port), timeout=20) as quick:
        for _ in range(3):
            quick.sendall(HEAD)
            quick.sendall(b"\r\n")
            assert quick.recv(1000).startswith(b"HTTP/1.1 204")
        quick.sendall((HEAD + b"\r\n") * 3)  # at once
        got = b""
        while got.count(b"204") < 3:
            got += quick.recv(1000)


async def endless(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1000):  # more than all buffers between the two hold
        await send({"type": "http.response.body", "body": bytes(2**16), "more_body": True})


def test_an_answer_that_nobody_takes_is_given_up(serve: Serve) -> None:
    with serve(endless, http=Hurried, lifespan="off") as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        with socket.create_connection((HERE, port), timeout=20) as silent:
            silent.sendall(HEAD + b"\r\n")
            end = time.monotonic() + 20
            while not server.server_state.connections and time.monotonic() < end:
                time.sleep(0.01)
            while server.server_state.connections and time.monotonic() < end:
                time.sleep(0.01)
            assert not server.server_state.connections


class Pipe:
    """A transport whose other side has left so many bytes."""

    def __init__(self, left: int) -> None:
        self.left, self.aborted = left, False

    def get_write_buffer_size(self) -> int:
        return self.left

    def abort(self) -> None:
        self.aborted = True


def test_who_reads_slowly_but_reads_has_all_the_time_it_takes() -> None:
    loop = asyncio.new_event_loop()
    protocol = Hurried.__new__(Hurried)
    pipe = protocol.transport = Pipe(100)  # type: ignore[assignment]
    protocol.loop, protocol._stall = loop, None
    for left in (99, 50, 1):
        pipe.left = left
        protocol._look(left + 1)
        assert protocol._stall is not None
        assert not pipe.aborted
    protocol._look(1)
    assert pipe.aborted
    protocol._stop_watching()
    loop.close()


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.socket() as found:
        found.bind((HERE, 0))
        port = int(found.getsockname()[1])
    start = "from supplynet.cli.app import main; main()"
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | settings
    command = [sys.executable, "-c", start, "serve", "--local", "-w", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], stdout=log, stderr=log, env=environment
        )
    try:
        end = time.monotonic() + 60
        while get(port, "/api/v1/ready") != 200:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, "it does not become ready"
            time.sleep(0.1)
        yield process, port
    finally:
        process.kill()
        process.wait()


def get(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection(HERE, port, timeout=20)
    try:
        connection.request("GET", path)
        with connection.getresponse() as found:
            return found.status
    except OSError:
        return None
    finally:
        connection.close()


def test_a_server_told_to_stop_is_first_not_ready_then_ends_streams_and_itself(
    tmp_path: Path,
) -> None:
    folder = init_workspace(tmp_path / "plant").folder
    with serving(folder, SUPPLYNET_STOP_DELAY_SECONDS="2") as (process, port):
        stream = http.client.HTTPConnection(HERE, port, timeout=30)
        with closing(stream):
            stream.request("GET", "/api/v1/stream")
            with stream.getresponse() as events:
                assert events.read(6) == b"retry:"
                process.send_signal(signal.SIGTERM)
                while get(port, "/api/v1/ready") == 200:
                    time.sleep(0.05)
                assert get(port, "/api/v1/health") == 200
                events.read()  # to its end: a stream that was torn off would raise
        assert process.wait(timeout=30) == 0
        assert get(port, "/api/v1/ready") is None


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    folder = init_workspace(tmp_path / "plant").folder
    with serving(folder, SUPPLYNET_STOP_DELAY_SECONDS="300") as (process, port):
        process.send_signal(signal.SIGINT)
        while get(port, "/api/v1/ready") == 200:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
