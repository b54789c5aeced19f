"""Requests as bytes: what two programs could read differently, what has no end, what is slow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from supplynet.api.body_limits import BodyLimits
from supplynet.api.door import Door
from supplynet.api.guard import GuardMiddleware

from .conftest import Wire, exchanged

HEAD = b"POST /api/v1/automation HTTP/1.1\r\nHost: 127.0.0.1\r\n"
JSON = b"Content-Type: application/json\r\n"
LAST = b"Connection: close\r\n\r\n"
SMUGGLED = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n" + SMUGGLED),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", b"12345" + SMUGGLED),
        (b"Content-Length: 0, 5\r\n\r\n", SMUGGLED),
        (b"Content-Length: +5\r\n\r\n", b"12345" + SMUGGLED),
        (b"Content-Length: 0x5\r\n\r\n", b"12345" + SMUGGLED),
        (b"Content-Length : 5\r\n\r\n", b"12345" + SMUGGLED),
        (b"Transfer-Encoding: xchunked\r\n\r\n", b"0\r\n\r\n" + SMUGGLED),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", b"0\r\n\r\n"),
        (b"Transfer-Encoding\x00: chunked\r\n\r\n", b"0\r\n\r\n" + SMUGGLED),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"5;\nx\r\n12345\r\n0\r\n\r\n" + SMUGGLED),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"-5\r\n12345\r\n0\r\n\r\n" + SMUGGLED),
        (b"X: a\rContent-Length: 5\r\n\r\n", b"12345" + SMUGGLED),
        (b" Host: evil.example\r\n\r\n", SMUGGLED),
        (b"Host: evil.example\r\n\r\n", SMUGGLED),
        (b"Content-Length: 2\r\nContent-Encoding: gzip\r\n" + JSON + b"\r\n", b"{}" + SMUGGLED),
    ],
)
def test_a_request_whose_end_is_not_plain_is_refused_and_nothing_after_it_is_read(
    wire: Wire, headers: bytes, body: bytes
) -> None:
    found = statuses(wire(HEAD, headers, body))
    assert len(found) == 1
    assert found[0] in {400, 415}


@pytest.mark.parametrize(
    "line",
    [
        b"GET /api/v1/health HTTP/9.9\r\n",
        b"GET  /api/v1/health HTTP/1.1\r\n",
        b"GET /api/v1/he\x00alth HTTP/1.1\r\n",
        b"GET /api/v1/he\xffalth HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET evil HTTP/1.1\r\n",
    ],
)
def test_what_is_no_request_line_is_refused(wire: Wire, line: bytes) -> None:
    assert statuses(wire(line, b"Host: 127.0.0.1\r\n", LAST)) in [[400], [404], [505]]


def test_no_answer_names_the_server(wire: Wire) -> None:
    answer = wire(SMUGGLED)
    assert statuses(answer) == [200]
    assert b"\nserver:" not in answer.lower()


def test_another_host_in_the_line_changes_nothing(wire: Wire) -> None:
    line = b"GET http://evil.example/api/v1/health HTTP/1.1\r\nHost: evil.example\r\n"
    assert statuses(wire(line, LAST)) == [404]
    assert statuses(wire(line.replace(b"evil.example/", b"127.0.0.1/"), LAST)) == [404]


def test_a_head_without_end_is_cut_off(wire: Wire) -> None:
    line = b"X-Padding: " + b"a" * 1000 + b"\r\n"
    answer = wire(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", *[line] * 200)
    assert statuses(answer) in [[400], [431], []]


def test_a_hundred_megabytes_are_refused_by_their_announcement(wire: Wire) -> None:
    announced = b"Content-Length: 104857600\r\n" + JSON + b"\r\n"
    answer = wire(HEAD, announced)
    assert statuses(answer) == [413]
    assert b"application/problem+json" in answer


def test_a_hundred_megabytes_that_do_not_say_so_are_cut_off_at_the_first(wire: Wire) -> None:
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answer = wire(HEAD, b"Transfer-Encoding: chunked\r\n" + JSON + b"\r\n", *[piece] * 32)
    assert statuses(answer) in [[413], []]  # an answer may be lost where much is still on its way


@pytest.fixture(scope="module")
def hasty(serve: Callable[..., object]) -> Iterator[int]:
    """A server whose bodies have a third of a second, and one more for each kilobyte."""
    bodies = BodyLimits(grace_seconds=0.3, bytes_per_second=1000.0)

    async def length(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await PlainTextResponse(str(len(await request.body())))(scope, receive, send)

    app = GuardMiddleware(length, hosts=["127.0.0.1"], door=Door(rates=None, bodies=bodies))
    with serve(app, lifespan="off") as server:  # type: ignore[attr-defined]
        yield server.servers[0].sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "pieces", [(b"Content-Length: 9\r\n\r\n", b"1234"), (b"Transfer-Encoding: chunked\r\n\r\n",)]
)
def test_a_body_that_does_not_come_is_not_waited_for(hasty: int, pieces: tuple[bytes, ...]) -> None:
    answer = exchanged(hasty, HEAD, *pieces)
    assert statuses(answer) == [408]
    assert b"connection: close" in answer.lower()


def test_a_body_that_trickles_is_not_waited_for(hasty: int) -> None:
    import socket
    import time

    with socket.create_connection(("127.0.0.1", hasty), timeout=10) as connection:
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        for _ in range(100):  # ten seconds at the most; each byte is worth a millisecond
            connection.sendall(b"x")
            connection.settimeout(0.1)
            try:
                answer = connection.recv(65536)
                break
            except TimeoutError:
                time.sleep(0)
        else:
            pytest.fail("it waits for ever")
    assert statuses(answer) == [408]


def test_a_body_that_comes_is_taken(hasty: int) -> None:
    answer = exchanged(hasty, HEAD, b"Content-Length: 9\r\n" + LAST, b"123456789")
    assert statuses(answer) == [200]
