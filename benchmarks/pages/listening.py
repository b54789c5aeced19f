"""Many control rooms without a browser: plain sockets in a process of their own.

Started as a script; says one JSON document when its time is over. A client is what a page is to
the server: one open stream, and in the way ``poll`` two requests after a change, at most once a
second and on a connection that stays open. Times are of the monotonic clock, which processes share.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import sys
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

HEAD = (
    "Host: 127.0.0.1:{port}\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept: {accept}\r\nCache-Control: no-cache\r\n\r\n"
)
STREAMS = {"show": "/api/v1/stream?show=control-room&show=flow", "poll": "/api/v1/stream"}
ASKED = ("/api/v1/control-room", "/api/v1/flow")
APART_SECONDS = 1.0
GZIP = 31
"""Window bits of zlib that stand for a gzip stream."""
CHANGE = re.compile(rb'"change": ?(\d+)')


@dataclass
class Client:
    """One screen on the wall.

    Attributes:
        told: Number of the newest change in the figures that it has, and when it had them.
        events: Messages of the stream, by name.
        received: Bytes, of the stream and of answers.
    """

    port: int
    way: str
    told: list[tuple[int, float]] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    received: int = 0
    answers: int = 0
    refused: str = ""
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until it is cancelled."""
        jobs = [self._listen()]
        if self.way == "poll":
            jobs.append(self._fetch())
        await asyncio.gather(*jobs)

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        writer.write(_request(STREAMS[self.way], self.port, "text/event-stream"))
        status, headers = await self._head(reader)
        if status != 200:
            said = await self._body(reader, headers)
            self.refused = f"{status} {said[:200].decode(errors='replace')}"
            return
        unpacked = zlib.decompressobj(GZIP) if "content-encoding" in headers else None
        text = b""
        while True:
            chunk = await self._chunk(reader)
            text += unpacked.decompress(chunk) if unpacked else chunk
            *messages, text = text.split(b"\n\n")
            for message in messages:
                self._on_message(message)

    def _on_message(self, message: bytes) -> None:
        lines = dict(line.split(b": ", 1) for line in message.split(b"\n") if b": " in line)
        name = lines.get(b"event", b"").decode()
        if not name:
            return
        self.events[name] += 1
        if name in {"change", "gap"}:
            self._wanted.set()
        if name == "show" and (number := _number(lines)) is not None:
            self.told.append((number, time.monotonic()))

    async def _fetch(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        self._wanted.set()  # the first picture
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            begun = time.monotonic()
            for path in ASKED:
                writer.write(_request(path, self.port, "application/json"))
                _, headers = await self._head(reader)
                body = await self._body(reader, headers)
                self.answers += 1
                if path == ASKED[0] and (found := CHANGE.search(body)):
                    self.told.append((int(found[1]), time.monotonic()))
            await asyncio.sleep(max(0.0, begun + APART_SECONDS - time.monotonic()))

    async def _head(self, reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
        head = await reader.readuntil(b"\r\n\r\n")
        self.received += len(head)
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split()[1]), {key.lower(): value.strip() for key, _, value in pairs}

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
            self.received += len(body)
        else:
            body = b""
            while chunk := await self._chunk(reader):
                body += chunk
        return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body

    async def _chunk(self, reader: asyncio.StreamReader) -> bytes:
        size = await reader.readuntil(b"\r\n")
        whole = await reader.readexactly(int(size, 16) + 2)
        self.received += len(size) + len(whole)
        return whole[:-2]


def _request(path: str, port: int, accept: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{HEAD.format(port=port, accept=accept)}".encode()


def _number(lines: dict[bytes, bytes]) -> int | None:
    """The change that a message is about: its id, or what its data say."""
    if b"id" in lines:
        return int(lines[b"id"])
    found = CHANGE.search(lines.get(b"data", b""))
    return int(found[1]) if found else None


async def _listen(port: int, way: str, count: int) -> dict[str, Any]:
    """Listen until a line comes in; before that say when all are there."""
    clients = [Client(port, way) for _ in range(count)]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    loop = asyncio.get_running_loop()
    while not all(client.events or client.refused for client in clients):
        await asyncio.sleep(0.05)
        for task in tasks:
            if task.done():
                task.result()
    print("ready", flush=True)
    begun = [client.received for client in clients]
    await loop.run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    broken = [repr(each) for each in ended if isinstance(each, Exception)]
    return {
        "refused": next((client.refused for client in clients if client.refused), ""),
        "broken": broken,
        "told": [client.told for client in clients],
        "received": [client.received - had for client, had in zip(clients, begun, strict=True)],
        "events": dict(sum((client.events for client in clients), Counter())),
        "answers": sum(client.answers for client in clients),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_listen(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))))
