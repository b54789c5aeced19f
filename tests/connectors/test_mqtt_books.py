"""From the broker into the ledger: every message once, however often and in whatever order."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select

from supplynet import cycle
from supplynet.connectors.mqtt_link import Message
from supplynet.core.events import Event, EventType
from supplynet.core.ledger import Account
from supplynet.core.network import Plant
from supplynet.errors import StoreError
from supplynet.services import intake
from supplynet.services.books import Books
from supplynet.storage import Store, dead_letters, ledger
from supplynet.storage.balances import verify
from supplynet.storage.tables import events as table
from supplynet.worker.mqtt import MqttWorker, letters_of

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
NOW = datetime(2026, 1, 12, tzinfo=UTC)
LINES = ("SR1.ST1.A", "SR1.ST1.B")
PATIENCE_SECONDS = 1800.0 if "--drill" in sys.argv else 60.0
Publish = Callable[..., None]


def happenings(count: int, seed: int) -> list[Event]:
    """A week: use reported and counted up, returns, scrap, receipts, counts of the shelf."""
    rng = random.Random(seed)
    built = 0
    events = []
    for number in range(count):
        at = MONDAY + timedelta(seconds=number * 500_000 // count)
        kind = rng.choices(
            [
                EventType.CONSUMED,
                EventType.COUNTER,
                EventType.RETURNED,
                EventType.SCRAPPED,
                EventType.RECEIVED,
                EventType.COUNTED,
            ],
            weights=[600, 300, 30, 30, 40, 0 if number < 0.9 * count else 10],
        )[0]
        place, part, quantity = rng.choice(LINES), "nut", rng.randint(1, 20)
        data: dict[str, Any] = {}
        if kind is EventType.COUNTER:
            built += quantity
            place, part, quantity = LINES[0], "bolt", built
        elif kind in {EventType.RECEIVED, EventType.COUNTED}:
            place, part = "SR1", rng.choice(["nut", "bolt"])
            data = {"supplier_id": "ACME"} if kind is EventType.RECEIVED else {}
        events.append(
            Event(
                source=f"plc-{number % 7}" if kind is not EventType.COUNTER else "counter-A",
                event_id=str(number),
                type=kind,
                occurred_at=at,
                location_id=place,
                part_id=part,
                quantity=quantity,
                data=data,
            )
        )
    return events


def message(event: Event) -> tuple[str, bytes]:
    """As a machine sends it: place and type by the topic only."""
    body = {
        "schema": 1,
        "event_id": event.event_id,
        "source": event.source,
        "occurred_at": event.occurred_at.isoformat(),
        "part_id": event.part_id,
        "quantity": event.quantity,
        "data": event.data,
    }
    place = event.location_id.replace(".", "/")
    return f"supplynet/v1/{place}/{event.type.value}", json.dumps(body).encode()


def state(store: Store) -> tuple[Counter[Any], Counter[Any]]:
    """Balances, and what each line used of each part in each shift."""
    used: Counter[Any] = Counter()
    with store.read() as tx:
        assert verify(tx) == []
        balances = ledger.balances(tx)
        for move in ledger.movements_between(tx):
            if move.to_account is Account.CONSUMED:
                used[move.to_location, move.part_id, move.shift_id] += move.quantity
            if move.from_account is Account.CONSUMED:
                used[move.from_location, move.part_id, move.shift_id] -= move.quantity
    return Counter({key: n for key, n in balances.items() if n}), +used


def once(store: Store, plant: Plant, events: list[Event]) -> tuple[Counter[Any], Counter[Any]]:
    """The books after each event came once, in order."""
    for start in range(0, len(events), 500):
        batch = events[start : start + 500]
        cycle.take_in(store, plant, batch, actor="test", now=datetime(2026, 1, 12, tzinfo=UTC))
    return state(store)


def again_and_shuffled(events: list[Event], seed: int) -> list[tuple[str, bytes]]:
    """Each one to five times, in any order."""
    rng = random.Random(seed)
    often = rng.choices([1, 2, 3, 4, 5], weights=[60, 20, 10, 5, 5], k=len(events))
    sent = [
        message(event) for event, times in zip(events, often, strict=True) for _ in range(times)
    ]
    rng.shuffle(sent)
    return sent


def worker_of(books: Books) -> MqttWorker:
    return MqttWorker(books, random.Random(1), first_pause_seconds=0.05)


@pytest.fixture
def other_store(sqlite_template: Path, tmp_path: Path) -> Any:
    """Books beside, for the run in which everything comes once."""
    import shutil

    from supplynet.storage import open_store

    path = tmp_path / "once.db"
    shutil.copy(sqlite_template, path)
    opened = open_store(f"sqlite:///{path}")
    yield opened
    opened.close()


def play(
    broker: Any, store: Store, books: Books, sent: list[tuple[str, bytes]], publish: Publish
) -> None:
    """Send one half, restart the broker while they are taken, send the other half and a last one.

    A broker keeps the order of what it delivers, so once the last one is there nothing waits.
    """
    last = replace(happenings(1, seed=0)[0], event_id="last", type=EventType.LINE_RESUMED)
    last = replace(last, location_id=LINES[0], part_id=None, quantity=None)
    worker = worker_of(books)
    half = len(sent) // 2
    with worker:
        wait_until(lambda: is_connected(worker))
        publish(broker.port, sent[:half])
        broker.stop()
        broker.start()
        publish(broker.port, [*sent[half:], message(last)])
        wait_until(lambda: has(store, last))


def has(store: Store, event: Event) -> bool:
    with store.read() as tx:
        return bool(tx.connection.scalar(count_events().where(table.c.event_id == event.event_id)))


def recorded(store: Store) -> int:
    with store.read() as tx:
        return tx.connection.scalar(count_events()) or 0


def count_events() -> Select[int]:
    return select(func.count()).select_from(table)


def is_connected(worker: MqttWorker) -> bool:
    return worker.status is not None and worker.status.connected_since is not None


def taken(worker: MqttWorker) -> int:
    return 0 if worker.status is None else worker.status.messages


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, "it does not come true"
        time.sleep(0.02)


def test_5000_messages_sent_up_to_five_times_make_the_books_of_once(
    mosquitto: Any,
    sqlite_store: Store,
    other_store: Store,
    books_of: Callable[..., Books],
    publish: Publish,
) -> None:
    events = happenings(5000, seed=1)
    mosquitto.start()
    books = books_of(sqlite_store, mqtt_url=f"mqtt://127.0.0.1:{mosquitto.port}")
    play(mosquitto, sqlite_store, books, again_and_shuffled(events, seed=2), publish)
    assert recorded(sqlite_store) == 5001
    assert state(sqlite_store) == once(other_store, books.plant, events)


@pytest.mark.drill
def test_100000_messages_sent_up_to_five_times_make_the_books_of_once(
    mosquitto: Any,
    store: Store,
    other_store: Store,
    books_of: Callable[..., Books],
    publish: Publish,
) -> None:
    events = happenings(100_000, seed=10)
    mosquitto.start()
    books = books_of(store, mqtt_url=f"mqtt://127.0.0.1:{mosquitto.port}")
    play(mosquitto, store, books, again_and_shuffled(events, seed=11), publish)
    assert recorded(store) == 100_001
    assert state(store) == once(other_store, books.plant, events)


def test_500_messages_by_amqtt_sent_up_to_five_times_make_the_books_of_once(
    amqtt: Any,
    sqlite_store: Store,
    other_store: Store,
    books_of: Callable[..., Books],
    publish: Publish,
) -> None:
    """It may lose what it took, so machines send again what is not there."""
    events = happenings(500, seed=3)
    books = books_of(sqlite_store, mqtt_url=f"mqtt://127.0.0.1:{amqtt.port}")

    def send_until_it_is_there(some: list[Event], seed: int, known: int) -> None:
        for again in range(5):
            publish(amqtt.port, again_and_shuffled(some, seed + again), at_once=20)
            end = time.monotonic() + 5
            while recorded(sqlite_store) < known and time.monotonic() < end:
                time.sleep(0.02)
            if recorded(sqlite_store) == known:
                return
        raise AssertionError("it does not come through")

    worker = worker_of(books)
    with worker:
        wait_until(lambda: is_connected(worker))
        send_until_it_is_there(events, seed=4, known=500)
    assert state(sqlite_store) == once(other_store, books.plant, events)


def test_what_cannot_be_taken_is_put_aside_once_and_holds_up_nothing(
    mosquitto: Any, store: Store, books_of: Callable[..., Books], publish: Publish
) -> None:
    mosquitto.start()
    good = [each for each in happenings(20, seed=5) if each.type is EventType.CONSUMED]
    topic, payload = message(good[0])
    bad = [
        (topic, b"\xff\x00\xfe"),
        (topic, b"[" * 50_000),
        ("supplynet/v1/SR9/ST1/A/consumed", payload.replace(b"plc-", b"scanner-")),
        ("supplynet/v1/SR1/ST1/A/" + "x" * 2000, payload),
        (topic, payload.replace(b'"nut"', b'"no-such-part"').replace(b"plc-", b"scanner-")),
        (topic, json.dumps({"\x00\ud800": 1}).encode()),
        (topic, payload.replace(b'"quantity": ', b'"quantity": 9')),
    ]
    sent = [message(each) for each in good] + bad + bad
    books = books_of(store, mqtt_url=f"mqtt://127.0.0.1:{mosquitto.port}")
    worker = worker_of(books)
    with worker:
        wait_until(lambda: is_connected(worker))
        publish(mosquitto.port, sent)
        wait_until(lambda: taken(worker) == len(sent))
        assert worker.status is not None
        assert worker.status.error == ""
    assert recorded(store) == len(good)
    with store.read() as tx:
        letters = dead_letters.list_letters(tx)
    assert len(letters) == len(bad)
    assert all(letter.reason for letter in letters)


def test_a_dead_letter_can_be_replayed_without_its_topic(
    sqlite_store: Store, books_of: Callable[..., Books]
) -> None:
    books = books_of(sqlite_store)
    (event,) = happenings(1, seed=7)
    topic, payload = message(replace(event, occurred_at=datetime(2026, 2, 1, tzinfo=UTC)))
    letters = letters_of([Message(topic, payload)])
    assert len(intake.take_letters(books, letters, actor="mqtt").dead) == 1
    (row,), _ = intake.list_dead_letters(books)
    later = replace(books, wall_clock=lambda: datetime(2026, 2, 2, tzinfo=UTC))
    assert intake.replay(later, row["seq"], actor="mara")["taken"]
    assert recorded(sqlite_store) == 1


def test_books_that_cannot_be_written_lose_nothing(
    mosquitto: Any,
    sqlite_store: Store,
    books_of: Callable[..., Books],
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mosquitto.start()
    failures = [StoreError("the disk is full")] * 4
    take_letters = intake.take_letters

    def take(*given: Any, **named: Any) -> Any:
        if failures:
            raise failures.pop()
        return take_letters(*given, **named)

    monkeypatch.setattr(intake, "take_letters", take)
    worker = worker_of(books_of(sqlite_store, mqtt_url=f"mqtt://127.0.0.1:{mosquitto.port}"))
    with worker:
        wait_until(lambda: is_connected(worker))
        publish(mosquitto.port, [message(event) for event in happenings(100, seed=8)])
        wait_until(lambda: recorded(sqlite_store) == 100)
    with sqlite_store.read() as tx:
        assert dead_letters.waiting(tx) == 0


def test_a_receiver_killed_between_commit_and_acknowledgement_doubles_nothing(
    mosquitto: Any,
    sqlite_store: Store,
    other_store: Store,
    books_of: Callable[..., Books],
    publish: Publish,
    tmp_path: Path,
) -> None:
    mosquitto.start()
    events = happenings(60, seed=9)
    url = f"mqtt://127.0.0.1:{mosquitto.port}"
    books = books_of(sqlite_store, mqtt_url=url)
    with worker_of(books) as worker:  # so that the broker knows us and keeps what comes
        wait_until(lambda: is_connected(worker))
    publish(mosquitto.port, [message(event) for event in events])
    script = Path(__file__).with_name("mqtt_receiver_that_dies.py")
    died = subprocess.run(
        [sys.executable, str(script), sqlite_store.url, str(tmp_path / "workspace"), url],
        timeout=120,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert recorded(sqlite_store) > 0
    known = recorded(sqlite_store)
    next_minute = datetime(2026, 1, 12, 0, 1, tzinfo=UTC)  # then the lease of the dead one is over
    worker = worker_of(replace(books, wall_clock=lambda: next_minute))
    with worker:
        wait_until(lambda: taken(worker) == len(events))
    assert known <= recorded(sqlite_store) == len(events)
    assert state(sqlite_store) == once(other_store, books.plant, events)


def test_of_two_servers_one_receives_and_the_other_goes_on_after_it(
    mosquitto: Any, sqlite_store: Store, books_of: Callable[..., Books], publish: Publish
) -> None:
    mosquitto.start()
    books = books_of(sqlite_store, mqtt_url=f"mqtt://127.0.0.1:{mosquitto.port}")
    events = happenings(200, seed=12)
    first, second = worker_of(books), worker_of(books)
    with first:
        wait_until(lambda: is_connected(first))
        with second:
            publish(mosquitto.port, [message(event) for event in events[:100]])
            wait_until(lambda: taken(first) == 100)
            assert (taken(second), second.causes(NOW)) == (0, None)
            assert first.causes(NOW) == []
    publish(mosquitto.port, [message(event) for event in events[100:]])
    with worker_of(books) as third:
        wait_until(lambda: taken(third) == 100)
    assert recorded(sqlite_store) == 200


def test_without_a_broker_the_worker_does_nothing(
    sqlite_store: Store, books_of: Callable[..., Books]
) -> None:
    with worker_of(books_of(sqlite_store)) as worker:
        assert worker.status is None
        assert worker.causes(NOW) == []
