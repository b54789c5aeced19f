"""Server-sent events: changes, ticks, resuming, gaps, and streams that end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from supplynet.api import stream
from supplynet.api.app import create_app
from supplynet.errors import StoreError
from supplynet.services import overview
from supplynet.services.books import Books
from supplynet.storage import changes

Json = dict[str, Any]
Message = tuple[str | None, str, Json]
"""Id, event, data."""
Serve = Callable[..., AbstractContextManager[uvicorn.Server]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.02)


def url_of(server: uvicorn.Server) -> str:
    port = server.servers[0].sockets[0].getsockname()[1]
    return f"http://127.0.0.1:{port}/api/v1"


@pytest.fixture
def app(books: Books) -> FastAPI:
    return create_app(books, local=True)


@pytest.fixture
def url(app: FastAPI, serve: Serve) -> Iterator[str]:
    with serve(app, timeout_graceful_shutdown=1) as server:
        yield url_of(server)


@contextmanager
def listen(url: str, last_event_id: int | None = None) -> Iterator[Iterator[Message]]:
    headers = {} if last_event_id is None else {"last-event-id": str(last_event_id)}
    with httpx2.stream("GET", f"{url}/stream", headers=headers, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert "content-encoding" not in answer.headers
        yield messages(answer)


def messages(answer: httpx2.Response) -> Iterator[Message]:
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif "event" in fields:
            yield fields.get("id"), fields["event"], json.loads(fields["data"])
            fields = {}


def first(found: Iterator[Message], event: str) -> Message:
    return next(message for message in found if message[1] == event)


def change(url: str, number: int = 1, place: str = "SR1") -> None:
    event = {
        "schema": 1,
        "event_id": f"count-{number}",
        "source": "scanner-1",
        "type": "counted",
        "occurred_at": "2025-05-07T03:50:00Z",
        "location_id": place,
        "part_id": "P-001",
        "quantity": 100 + number,
    }
    assert httpx2.post(f"{url}/events", json={"events": [event]}).status_code == 200


def newest(url: str) -> int:
    return int(httpx2.get(f"{url}/health").json()["change"])


def test_a_stream_begins_with_a_tick_and_tells_of_every_change(url: str) -> None:
    clock = httpx2.get(f"{url}/control-room").json()["clock"]
    with listen(url) as found:
        told = {"now": clock["now"], "speed": clock["speed"], "change": newest(url)}
        assert next(found) == (None, "tick", told)
        change(url)
        event_id, _, data = first(found, "change")
    assert event_id == str(newest(url))
    assert data == {"change": newest(url), "kinds": ["event", "movement"]}


def test_ticks_come_while_nothing_happens_and_while_much_happens(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TICK_SECONDS", 0.1)
    with listen(url) as found:
        kinds = [next(found)[1] for _ in range(4)]
        assert kinds == ["tick"] * 4
        for number in range(5):
            change(url, number)
        assert first(found, "change")[1] == "change"
        assert first(found, "tick")[2]["change"] <= newest(url)


def test_a_client_that_comes_back_is_told_what_it_missed(url: str) -> None:
    seen = newest(url)
    change(url)
    with listen(url, last_event_id=seen) as found:
        event_id, _, data = first(found, "change")
    assert (event_id, data["kinds"]) == (str(newest(url)), ["event", "movement"])


def test_a_client_that_missed_nothing_is_told_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TICK_SECONDS", 0.05)
    with listen(url, last_event_id=newest(url)) as found:
        assert [next(found)[1] for _ in range(3)] == ["tick"] * 3


def test_what_was_missed_before_the_server_started_is_told_too(books: Books, serve: Serve) -> None:
    with serve(create_app(books, local=True), timeout_graceful_shutdown=1) as server:
        seen = newest(url_of(server))
        change(url_of(server))
    again = serve(create_app(books, local=True), timeout_graceful_shutdown=1)
    with again as server, listen(url_of(server), last_event_id=seen) as found:
        assert first(found, "change")[2]["kinds"] == ["event", "movement"]


def test_what_is_no_longer_known_is_a_gap(url: str, books: Books) -> None:
    change(url)
    with books.store.write("test", books.wall_clock()) as tx:
        changes.prune(tx, 1)
    with listen(url, last_event_id=1) as found:
        event_id, event, data = first(found, "gap")
    # The number of then: the books go on meanwhile.
    number = int(event_id or 0)
    assert (event, data) == ("gap", {"change": number})
    assert 1 < number <= newest(url)


def test_a_client_from_the_future_meets_a_gap(url: str) -> None:
    with listen(url, last_event_id=10**9) as found:
        data = first(found, "gap")[2]
    assert 0 < data["change"] <= newest(url)


@pytest.mark.parametrize("wrong", ["-1", "x", "1.5", str(2**63)])
def test_an_event_id_that_is_none_is_refused(url: str, wrong: str) -> None:
    answer = httpx2.get(f"{url}/stream", headers={"last-event-id": wrong})
    assert answer.status_code == 422


def test_many_clients_share_one_look_at_the_books(
    url: str, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    real = overview.pulse

    def counted(books: Books, after: int | None = None) -> overview.Pulse:
        nonlocal looks
        found = real(books, after)
        looks += found.kinds != frozenset()
        return found

    monkeypatch.setattr(overview, "pulse", counted)
    streams = [listen(url) for _ in range(20)]
    opened = [each.__enter__() for each in streams]
    for found in opened:
        assert next(found)[1] == "tick"
    assert app.state.feed.streams == 20
    change(url)
    told = {json.dumps(first(found, "change")) for found in opened}
    assert (len(told), looks) == (1, 1)
    for each in streams:
        each.__exit__(None, None, None)


def test_a_client_that_leaves_leaves_nothing_behind(url: str, app: FastAPI) -> None:
    def opened_and_left() -> None:
        with listen(url) as found:
            next(found)

    opened_and_left()
    threads = threading.active_count()
    for _ in range(20):
        opened_and_left()
    deadline = time.monotonic() + 10
    while app.state.feed.streams and time.monotonic() < deadline:
        time.sleep(0.02)
    assert app.state.feed.streams == 0
    assert threading.active_count() <= threads + 1


def test_a_stream_outlives_trouble_of_the_books(
    url: str, books: Books, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, failed = overview.pulse, threading.Event()

    def fail(others: Books, after: int | None = None) -> overview.Pulse:
        if others is not books:
            return real(others, after)
        failed.set()
        raise StoreError("locked")

    with listen(url) as found:
        next(found)
        monkeypatch.setattr(overview, "pulse", fail)
        change(url)
        assert failed.wait(10)
        monkeypatch.setattr(overview, "pulse", real)
        assert first(found, "change")[2]["change"] == newest(url)
    assert caplog.text.count("the change feed cannot read the books") == 1


def test_the_server_stops_though_streams_are_open(books: Books, serve: Serve) -> None:
    """Without a limit to its patience it would wait for open streams for ever."""
    running: list[uvicorn.Server] = []
    app = create_app(books, local=True, closing=lambda: bool(running) and running[0].should_exit)
    with serve(app, timeout_graceful_shutdown=None) as server:
        running.append(server)
        streams = [listen(url_of(server)) for _ in range(5)]
        opened = [each.__enter__() for each in streams]
        for found in opened:
            next(found)
        server.should_exit = True
        assert all(message[1] == "tick" for found in opened for message in found)
    for each in streams:
        each.__exit__(None, None, None)
